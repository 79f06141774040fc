from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.statistics.bounded import Moments, boundary, difference_bounds, mean_bounds

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)
ALPHA = st.floats(1e-9, 0.4)


@given(VALUES, VALUES, st.floats(-100, 100), st.floats(0.1, 1e4))
def test_moments_are_those_of_the_definition_in_any_unit(
    first: list[float], then: list[float], lower: float, span: float
) -> None:
    upper = lower + span
    x = np.array(first + then)
    values = np.clip(lower + span * x, lower, upper)
    split = len(first)
    moments = Moments.of(values[:split], lower, upper).then(values[split:], lower, upper)
    means = [0.5] + [x[:i].mean() for i in range(1, len(x))]
    assert astuple(moments) == pytest.approx(
        (len(x), x.sum(), np.sum((x - means) ** 2)), rel=1e-6, abs=1e-6
    )
    many = Moments.of(np.stack([values, values[::-1]]), lower, upper)
    assert many.predictable[0] == pytest.approx(moments.predictable)


@given(VALUES, ALPHA, st.floats(1.01, 100), st.floats(1, 1e6), st.sampled_from([1, 2]))
def test_bounds_widen_as_alpha_falls_and_stay_in_the_range(
    values: list[float], alpha: float, factor: float, planned: float, sides: int
) -> None:
    moments = Moments.of(np.array(values), 0, 1)
    v = moments.predictable
    sure = mean_bounds(moments, 0, 1, alpha, planned, sides)
    # At one plan: with alpha the tuning changes too, which may cost more far from the plan.
    assert boundary(v, alpha, max(v, 1.0)) <= boundary(v, alpha / factor, max(v, 1.0))
    assert 0 <= sure.lower <= sure.estimate <= sure.upper <= 1


@given(VALUES, ALPHA, st.floats(-100, 100), st.floats(0.1, 1e4))
def test_bounds_follow_the_units(
    values: list[float], alpha: float, lower: float, span: float
) -> None:
    moments = Moments.of(np.array(values), 0, 1)
    here = mean_bounds(moments, 0, 1, alpha, 100)
    there = mean_bounds(moments, lower, lower + span, alpha, 100)
    assert there.lower == pytest.approx(lower + span * here.lower, rel=1e-6, abs=1e-6)
    assert there.upper == pytest.approx(lower + span * here.upper, rel=1e-6, abs=1e-6)


def test_a_difference_is_a_union() -> None:
    rng = np.random.default_rng(0)
    a, b = (Moments.of(rng.random(500) ** k, 0, 1) for k in (1, 2))
    new, old = (mean_bounds(m, 0, 1, 0.025, 500) for m in (a, b))
    bounds = difference_bounds(a, b, 0, 1, 0.05, 500)
    assert (bounds.lower, bounds.upper) == (new.lower - old.upper, new.upper - old.lower)
    assert bounds.estimate == pytest.approx(1 / 6, abs=0.05)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.01, 1.01])
def test_values_out_of_range_exclude_nothing(bad: float) -> None:
    moments = Moments.of(np.array([0.5] * 1000 + [bad]), 0, 1)
    known = Moments.of(np.full(1000, 0.5), 0, 1)
    bounds = mean_bounds(moments, 0, 1, 0.05, 1000)
    assert (bounds.lower, bounds.upper) == (0, 1)
    difference = difference_bounds(known, moments, 0, 1, 0.05, 1000)
    assert difference.lower <= -0.4
    assert difference.upper >= 0.4
    after = mean_bounds(moments.then(np.full(1000, 0.5), 0, 1), 0, 1, 0.05, 1000)
    assert (after.lower, after.upper) == (0, 1)


@pytest.mark.parametrize(
    ("alpha", "planned"), [(0.0, 100), (np.nan, 100), (0.05, 0), (0.05, np.nan), (0.05, -3)]
)
def test_bad_parameters_exclude_nothing(alpha: float, planned: float) -> None:
    moments = Moments.of(np.full(1000, 0.5), 0, 1)
    bounds = mean_bounds(moments, 0, 1, alpha, planned)
    assert (bounds.lower, bounds.upper) == (0, 1)


def test_nothing_seen_excludes_nothing() -> None:
    bounds = mean_bounds(Moments(0.0, 0.0, 0.0), -2, 3, 0.05, 100)
    assert (bounds.lower, bounds.upper) == (-2, 3)
    bounds = mean_bounds(Moments(np.zeros(3), np.zeros(3), np.zeros(3)), -2, 3, 0.05, 100)
    assert (bounds.lower == -2).all()


def test_an_empty_range_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="range"):
        mean_bounds(Moments(1.0, 1.0, 1.0), 1, 1, 0.05, 100)
