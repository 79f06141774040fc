from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from phasegate.statistics.distances import (
    LATENCY_EDGES_US,
    SCORE_EDGES,
    counts,
    kolmogorov_smirnov,
    psi,
    quantile,
)

HISTOGRAM = arrays(np.int64, 20, elements=st.integers(0, 1000)).filter(lambda h: h.sum() > 0)


def test_edges_are_fixed_and_rise() -> None:
    assert (len(SCORE_EDGES), SCORE_EDGES[0], SCORE_EDGES[-1]) == (257, 0, 1)
    assert LATENCY_EDGES_US[0] == pytest.approx(1)
    assert LATENCY_EDGES_US[-1] == pytest.approx(600e6)
    for edges in (SCORE_EDGES, LATENCY_EDGES_US):
        assert (np.diff(edges) > 0).all()
    assert np.max(LATENCY_EDGES_US[1:] / LATENCY_EDGES_US[:-1]) < 1.0201


def test_every_value_is_counted() -> None:
    values = np.array([-1, 0, 0.25, 0.5, 1, 7, np.nan])
    assert counts(values, np.array([0, 0.5, 1])).tolist() == [3, 4]
    assert counts(np.array([]), SCORE_EDGES).sum() == 0


def test_psi_is_that_of_tenths() -> None:
    """Ten even bins, so that groups are bins: the sum as it is written."""
    expected, actual = np.full(10, 100), np.arange(10) * 20 + 10
    shares = actual / actual.sum()
    assert psi(expected, actual) == pytest.approx(np.sum((shares - 0.1) * np.log(shares / 0.1)))


def test_groups_are_quantiles_of_the_expected() -> None:
    rng = np.random.default_rng(0)
    old, new = (counts(rng.beta(2, b, 100_000), SCORE_EDGES) for b in (5, 4))
    edges = np.quantile(np.repeat(np.arange(256), old), np.linspace(0, 1, 11))[1:-1]
    groups = np.searchsorted(edges, np.arange(256), side="right")
    e, a = (np.bincount(groups, h, 10) / h.sum() for h in (old, new))
    assert psi(old, new) == pytest.approx(np.sum((a - e) * np.log(a / e)), rel=0.05)
    assert psi(old, old) == 0


def test_a_group_without_counts_is_floored() -> None:
    assert psi(np.array([50, 50]), np.array([100, 0]), groups=2) == pytest.approx(
        0.5 * np.log(2) + (0.5 - 1e-4) * np.log(0.5 / 1e-4)
    )


@given(HISTOGRAM, HISTOGRAM, st.integers(2, 1000))
def test_distances_are_of_shares_and_not_of_sizes(
    first: np.ndarray, second: np.ndarray, times: int
) -> None:
    for distance in (psi, kolmogorov_smirnov):
        assert distance(first, second) >= 0
        assert distance(first, times * first) == pytest.approx(0, abs=1e-12)
        assert distance(first, times * second) == pytest.approx(distance(first, second))


@given(HISTOGRAM, HISTOGRAM)
def test_kolmogorov_smirnov_is_that_of_scipy(first: np.ndarray, second: np.ndarray) -> None:
    samples = (np.repeat(np.arange(20), h) for h in (first, second))
    assert kolmogorov_smirnov(first, second) == pytest.approx(ks_2samp(*samples).statistic)


@given(st.integers(1, 2000), st.floats(0, 1), st.integers(0, 100))
def test_latency_quantiles_are_within_a_bin(size: int, q: float, seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(10, 2, size)
    exact = np.quantile(values, q, method="inverted_cdf")
    found = quantile(counts(values, LATENCY_EDGES_US), LATENCY_EDGES_US, q)
    assert found == pytest.approx(exact, rel=0.021)


BAD = [np.zeros(4), np.array([1, np.nan, 1, 1]), np.array([1, -1, 1, 1]), np.full(4, np.inf)]


@pytest.mark.parametrize("bad", BAD)
def test_what_is_not_known_is_far(bad: np.ndarray) -> None:
    good = np.array([1, 2, 3, 4])
    for pair in ((good, bad), (bad, good), (bad, bad)):
        assert psi(*pair) == np.inf
        assert kolmogorov_smirnov(*pair) == 1
    assert quantile(bad, np.arange(5), 0.5) == np.inf
    both = np.stack([good, bad])
    assert psi(good, both).tolist() == [0, np.inf]
    assert quantile(both, np.arange(5), 1.0).tolist() == [4, np.inf]


def test_a_quantile_is_a_share() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(np.ones(4), np.arange(5), 99)


def test_a_quantile_at_a_step_is_the_one_below_it() -> None:
    """Shares would round here: 2 / 3 of 333 is 222, and not a bit more."""
    values = np.random.default_rng(39).lognormal(10, 2, 333)
    seen = counts(values, LATENCY_EDGES_US)
    for rank in range(1, 334):
        exact = np.quantile(values, rank / 333, method="inverted_cdf")
        assert quantile(seen, LATENCY_EDGES_US, rank / 333) == pytest.approx(exact, rel=0.021)
