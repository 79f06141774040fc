from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, binom

from phasegate.statistics import bernoulli

COUNTS = st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
FEW = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
ALPHA = st.floats(1e-9, 0.5)


@given(FEW, st.floats(0.01, 0.95))
def test_evidence_is_the_average_likelihood_ratio_of_higher_proportions(
    counts: tuple[int, int], p: float
) -> None:
    s, n = counts

    def ratio(q: float) -> float:
        return beta.pdf(q, 0.5, 0.5) * binom.pmf(s, n, q) / binom.pmf(s, n, p)

    average = quad(ratio, p, 1, limit=200)[0] / beta.sf(p, 0.5, 0.5)
    assert np.exp(bernoulli.log_e_value(s, n, p)) == pytest.approx(average, rel=1e-4)


@given(COUNTS, ALPHA)
def test_the_lower_bound_is_where_the_evidence_is_one_in_alpha(
    counts: tuple[int, int], alpha: float
) -> None:
    low = bernoulli.lower(*counts, alpha)
    if counts[0] == 0:
        assert low == 0
    else:
        assert 0 < low < counts[0] / counts[1]
        assert bernoulli.log_e_value(*counts, low) == pytest.approx(-np.log(alpha), abs=1e-5)


@given(COUNTS, ALPHA, st.floats(1.01, 1000))
def test_bounds_widen_as_alpha_falls_and_hold_the_share(
    counts: tuple[int, int], alpha: float, factor: float
) -> None:
    sure, surer = bernoulli.bounds(*counts, alpha), bernoulli.bounds(*counts, alpha / factor)
    assert 0 <= surer.lower <= sure.lower <= sure.estimate <= sure.upper <= surer.upper <= 1


@given(COUNTS, ALPHA)
def test_failures_mirror_successes(counts: tuple[int, int], alpha: float) -> None:
    s, n = counts
    assert bernoulli.upper(s, n, alpha) == pytest.approx(1 - bernoulli.lower(n - s, n, alpha))


@given(COUNTS, COUNTS, ALPHA)
def test_differences_are_unions(a: tuple[int, int], b: tuple[int, int], alpha: float) -> None:
    low = bernoulli.difference_lower(a, b, alpha)
    assert low == bernoulli.lower(*a, alpha / 2) - bernoulli.upper(*b, alpha / 2)
    assert bernoulli.difference_upper(b, a, alpha) == -low


@pytest.mark.parametrize(
    ("successes", "trials"),
    [(0, 0), (np.nan, 3), (1, np.nan), (1, np.inf), (np.inf, np.inf), (-1, 3), (4, 3), (1, -3)],
)
def test_bad_counts_exclude_nothing(successes: float, trials: float) -> None:
    bounds = bernoulli.bounds(successes, trials, 0.05)
    assert (bounds.lower, bounds.upper) == (0, 1)
    assert bernoulli.log_e_value(successes, trials, 0.5) == 0
    assert bernoulli.difference_lower((successes, trials), (0, 10**9), 0.05) <= 0
    assert bernoulli.difference_upper((successes, trials), (10**9, 10**9), 0.05) >= 0
    mixed = bernoulli.bounds(np.array([successes, 50]), np.array([trials, 100]), 0.05)
    assert (mixed.lower[0], mixed.upper[0]) == (0, 1)
    assert 0.3 < mixed.lower[1] < mixed.upper[1] < 0.7


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 2.0, np.nan])
def test_bad_alpha_excludes_nothing(alpha: float) -> None:
    bounds = bernoulli.bounds(50, 100, alpha)
    assert (bounds.lower, bounds.upper) == (0, 1)
    assert (bernoulli.lower(50, 100, alpha), bernoulli.upper(50, 100, alpha)) == (0, 1)
    assert bernoulli.difference_lower((100, 100), (0, 100), alpha) == -1


def test_rare_events_keep_their_digits() -> None:
    low, high = bernoulli.lower(3, 10**9, 0.05), bernoulli.upper(3, 10**9, 0.05)
    assert 1e-11 < low < 3e-9 < high < 2e-8
