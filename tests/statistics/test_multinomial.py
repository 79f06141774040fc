from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln

from phasegate.statistics.multinomial import log_e_value, p_value

COUNTS = st.lists(st.integers(0, 10**6), min_size=3, max_size=3)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.2, 0.3, 0.5)])
@pytest.mark.parametrize("concentration", [1.0, 1000.0])
def test_the_e_value_averages_one_under_the_shares(
    shares: tuple[float, ...], concentration: float
) -> None:
    n, expected = 12, 0.0
    for counts in itertools.product(range(n + 1), repeat=len(shares)):
        if sum(counts) == n:
            log_probability = (
                gammaln(n + 1)
                - gammaln(np.array(counts) + 1).sum()
                + np.sum(np.array(counts) * np.log(shares))
            )
            evidence = log_e_value(np.array(counts), np.array(shares), concentration)
            expected += np.exp(log_probability + evidence)
    assert expected == pytest.approx(1)


@given(COUNTS, st.floats(1e-3, 1e3), st.permutations(range(3)))
def test_order_and_unit_of_the_shares_do_not_matter(
    counts: list[int], unit: float, order: list[int]
) -> None:
    counts_, shares = np.array(counts), np.array([0.2, 0.3, 0.5])
    assert log_e_value(counts_[order], unit * shares[order]) == pytest.approx(
        log_e_value(counts_, shares), rel=1e-6, abs=1e-6
    )


def test_mismatches_are_found_and_matches_are_not() -> None:
    shares = np.array([0.9, 0.1])
    counts = np.array([[9_000, 1_000], [8_900, 1_100], [500, 500]])
    found = p_value(counts, shares)
    assert found[0] > 0.1
    assert found[1] < 0.05
    assert found[2] < 1e-50


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([0, 0], [1, 1]),
        ([np.nan, 9], [1, 1]),
        ([np.inf, 9], [1, 1]),
        ([-1, 9], [1, 1]),
        ([1, 9], [0, 0]),
        ([1, 9], [-1, 2]),
        ([1, 9], [np.nan, 1]),
    ],
)
def test_bad_input_is_no_evidence(counts: list[float], shares: list[float]) -> None:
    assert log_e_value(np.array(counts), np.array(shares)) == 0
    assert p_value(np.array(counts), np.array(shares)) == 1


def test_what_cannot_happen_is_all_the_evidence() -> None:
    assert p_value(np.array([5, 5, 1]), np.array([1, 1, 0])) == 0
    two = log_e_value(np.array([5, 7]), np.array([1, 1]))
    assert log_e_value(np.array([5, 7, 0]), np.array([1, 1, 0])) == two
