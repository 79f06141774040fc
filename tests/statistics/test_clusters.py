from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.statistics.clusters import Clusters, difference_bounds, mean_bounds
from phasegate.statistics.normal_mixture import multiplier

ENTITIES = st.lists(
    st.tuples(st.integers(1, 20), st.floats(-100, 100)), min_size=0, max_size=12
).map(lambda rows: Clusters.of([n for n, _ in rows], [y for _, y in rows]))
ALPHA = st.floats(1e-9, 0.5)


def some(seed: int, entities: int = 50, shape: tuple[int, ...] = ()) -> Clusters:
    rng = np.random.default_rng(seed)
    n = rng.poisson(3, (*shape, entities)) + 1
    return Clusters.of(n, n * rng.gamma(2, 1, (*shape, entities)))


@given(ENTITIES, ENTITIES, ENTITIES)
def test_merging_is_associative_and_nothing_changes_nothing(
    a: Clusters, b: Clusters, c: Clusters
) -> None:
    assert astuple((a + b) + c) == pytest.approx(astuple(a + (b + c)))
    assert a + Clusters.none() == a


def test_parts_add_up_to_the_whole() -> None:
    n, y = np.arange(1, 9), np.arange(8.0) ** 2
    parts = Clusters.of(n[:3], y[:3]) + Clusters.of(n[3:], y[3:])
    assert astuple(parts) == pytest.approx(astuple(Clusters.of(n, y)))


def test_with_one_request_each_the_error_is_that_of_a_mean() -> None:
    y = np.random.default_rng(0).normal(5, 2, 40)
    clusters = Clusters.of(np.ones(40), y)
    assert clusters.mean == pytest.approx(y.mean())
    assert clusters.standard_error == pytest.approx(y.std(ddof=1) / np.sqrt(40))


def test_standard_error_is_what_means_of_entities_that_return_scatter_by() -> None:
    means = some(1, entities=400, shape=(4000,))
    scatter = np.std(means.mean)
    assert np.mean(means.standard_error) == pytest.approx(scatter, rel=0.05)


@given(st.integers(0, 1000), ALPHA, st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_bounds_follow_the_units(seed: int, alpha: float, unit: float, origin: float) -> None:
    rng = np.random.default_rng(seed)
    n, y = rng.integers(1, 5, 30), rng.normal(0, 1, 30)
    there = mean_bounds(Clusters.of(n, unit * (y + origin * n)), alpha, 100)
    here = mean_bounds(Clusters.of(n, y), alpha, 100)
    assert there.lower / unit - origin == pytest.approx(here.lower, rel=1e-4, abs=1e-4)
    assert there.upper / unit - origin == pytest.approx(here.upper, rel=1e-4, abs=1e-4)


@given(ENTITIES, ENTITIES, ALPHA, st.floats(1.01, 10))
def test_bounds_widen_as_alpha_falls_and_hold_the_estimate(
    a: Clusters, b: Clusters, alpha: float, factor: float
) -> None:
    sure, surer = (difference_bounds(a, b, level, 50) for level in (alpha, alpha / factor))
    assert surer.lower <= sure.lower <= sure.upper <= surer.upper
    if not np.isnan(sure.estimate):
        assert sure.lower <= sure.estimate <= sure.upper


@given(st.integers(0, 1000), st.floats(0.5, 2))
def test_a_difference_is_its_opposite_with_the_cohorts_exchanged(seed: int, scale: float) -> None:
    a, b = some(seed), some(seed + 1)
    forth = difference_bounds(a, b, 0.05, 10 * a.requests, scale=scale)
    back = difference_bounds(b, a, 0.05, 10 * b.requests, scale=1 / scale)
    assert -scale * back.estimate == pytest.approx(forth.estimate)
    assert -scale * back.upper == pytest.approx(forth.lower)


def test_scale_makes_margins_relative() -> None:
    a, b = some(3), some(4)
    bounds = difference_bounds(a, b, 0.05, 200, scale=0.98)
    assert bounds.estimate == pytest.approx(a.mean - 0.98 * b.mean)
    dispersion = max(a.dispersion, 0.98**2 * b.dispersion)
    error = np.sqrt(dispersion * (1 / a.requests + 1 / b.requests))
    margin = multiplier(a.requests, 0.05, 200) * error
    assert (bounds.lower, bounds.upper) == pytest.approx(
        (bounds.estimate - margin, bounds.estimate + margin)
    )


NOTHING_KNOWN = [
    Clusters.none(),
    Clusters.of([3], [1.0]),  # one entity
    Clusters.of([1, 2, 3], [1.0, np.nan, 2.0]),
    Clusters.of([1, 2, 3], [1.0, np.inf, 2.0]),
    Clusters(3.0, 3.0, np.nan, 1.0, 1.0, 1.0),
    Clusters(np.nan, 3.0, 3.0, 1.0, 2.0, 1.0),
]


@pytest.mark.parametrize("unknown", NOTHING_KNOWN)
def test_what_is_not_known_excludes_nothing(unknown: Clusters) -> None:
    known = some(0)
    for bounds in (
        mean_bounds(unknown, 0.05, 100),
        mean_bounds(unknown, 0.05, 100, sides=1),
        difference_bounds(unknown, known, 0.05, 100),
        difference_bounds(known, unknown, 0.05, 100),
        mean_bounds(known, np.nan, 100),
        mean_bounds(known, 0.05, 0),
        difference_bounds(known, known, 0.05, 100, scale=np.nan),
    ):
        assert (bounds.lower, bounds.upper) == (-np.inf, np.inf)


@pytest.mark.parametrize("n", [(1, 1, 1), (2, 3)])
def test_what_does_not_vary_has_an_unknown_error_and_not_none(n: tuple[int, ...]) -> None:
    constant = Clusters.of(n, 0.1e9 * np.array(n))
    same = difference_bounds(constant, constant, 0.05, 100)
    alone = mean_bounds(constant, 0.05, 100)
    for bounds in (alone, same):
        assert (bounds.lower, bounds.upper) == (-np.inf, np.inf)


def test_a_cohort_that_has_not_met_its_tail_takes_the_dispersion_of_the_other() -> None:
    rare = np.zeros(1000)
    rare[:10] = 1.0
    one, other = Clusters.of(np.ones(30), np.zeros(30)), Clusters.of(np.ones(1000), rare)
    bounds = difference_bounds(one, other, 0.05, 30)
    assert bounds.lower < bounds.estimate < 0 < bounds.upper


def test_arrays_are_treated_one_by_one() -> None:
    many = some(5, shape=(7,))
    bounds = mean_bounds(many, 0.05, 100)
    for i in range(7):
        one = mean_bounds(Clusters(*(f[i] for f in astuple(many))), 0.05, 100)
        assert (bounds.lower[i], bounds.upper[i]) == pytest.approx((one.lower, one.upper))
