"""Tests from counts give what SciPy gives on the values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, ks_2samp, kstwobign

from phasegate.statistics import two_samples

small = st.integers(0, 400)


@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=300),
    st.lists(st.integers(-20, 20), min_size=1, max_size=300),
)
def test_distance_of_values_at_edges_is_that_of_the_values(first, second):
    edges = np.arange(-20, 21)
    counts = [np.bincount(np.searchsorted(edges, one), minlength=42) for one in (first, second)]
    exact = ks_2samp(first, second, method="asymp")
    assert two_samples.distance(*counts) == pytest.approx(exact.statistic, abs=1e-12)


@given(st.floats(0, 1), st.integers(1, 10**6), st.integers(1, 10**6))
def test_p_value_of_a_distance_is_kolmogorovs(distance, n, m):
    expected = kstwobign.sf(distance * np.sqrt(n * m / (n + m)))
    found = float(two_samples.distance_p_value(distance, n, m))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-290)


@pytest.mark.parametrize("sizes", [(2_000, 3_000), (500, 50_000)])
def test_p_values_of_many_rows_are_those_of_scipy(sizes):
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.05, 0.1):
        first, second = rng.normal(size=sizes[0]), rng.normal(shift, size=sizes[1])
        exact = ks_2samp(first, second, method="asymp")
        found = two_samples.distance_p_value(exact.statistic, *sizes)
        assert float(found) == pytest.approx(exact.pvalue, rel=0.1, abs=1e-12)


@given(st.integers(2, 8).flatmap(lambda n: st.tuples(
    st.lists(st.integers(60, 400), min_size=n, max_size=n),
    st.lists(st.integers(60, 400), min_size=n, max_size=n))))  # fmt: skip
def test_chi_square_of_frequent_categories_is_that_of_scipy(rows):
    found = two_samples.chi_square(*map(np.array, rows))
    exact = chi2_contingency(np.array(rows), correction=False)
    assert float(found.statistic) == pytest.approx(exact.statistic, rel=1e-9, abs=1e-9)
    assert float(found.freedom) == exact.dof
    assert float(found.p_value) == pytest.approx(exact.pvalue, rel=1e-6, abs=1e-12)


@given(st.lists(small, min_size=3, max_size=12), st.randoms())
def test_rare_categories_are_put_together_and_order_does_not_matter(counts, random):
    other = [max(0, one + random.randint(-3, 3)) for one in counts]
    first, second = np.array(counts) + 0, np.array(other) + 0
    if not first.sum() or not second.sum():
        assert np.isnan(two_samples.chi_square(first, second).p_value)
        return
    order = np.array(random.sample(range(len(counts)), len(counts)))
    one, two = two_samples.chi_square(first, second), two_samples.chi_square(
        first[order], second[order]
    )  # fmt: skip
    assert 0 <= float(one.p_value) <= 1
    assert float(one.freedom) <= len(counts) - 1
    assert float(one.freedom) == float(two.freedom)


def test_chi_square_keeps_its_level_where_categories_are_rare():
    """A thousand samples of 60 categories, most of which are expected less than once."""
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.full(60, 0.2))
    first, second = rng.multinomial(20_000, shares, 1_000), rng.multinomial(300, shares, 1_000)
    p_values = two_samples.chi_square(first, second).p_value
    assert 0.03 < (p_values < 0.05).mean() < 0.075


def test_debiased_index_is_zero_on_average_without_drift():
    rng = np.random.default_rng(7)
    shares = np.full(10, 0.1)
    first, second = rng.multinomial(5_000, shares, 4_000), rng.multinomial(400, shares, 4_000)
    index, used = two_samples.stability_index(first, second)
    bias = two_samples.stability_bias(used, np.array(5_000), np.array(400))
    assert index.mean() == pytest.approx(9 * (1 / 5_000 + 1 / 400), rel=0.05)
    assert abs((index - bias).mean()) < 0.002


@settings(max_examples=50)
@given(st.sampled_from([np.zeros(4), np.array([1.0, np.nan, 2, 3]), np.array([1.0, -1, 2, 3]),
                        np.array([np.inf, 1, 1, 1])]))  # fmt: skip
def test_what_is_no_count_is_never_alike(broken):
    good = np.array([1.0, 2, 3, 4])
    for pair in ((broken, good), (good, broken)):
        assert np.isnan(two_samples.distance(*pair))
        assert np.isnan(two_samples.total_variation(*pair))
        assert np.isnan(two_samples.chi_square(*pair).p_value)
        assert np.isnan(two_samples.stability_index(*pair)[0])
