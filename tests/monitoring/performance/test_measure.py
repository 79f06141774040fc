"""Measured figures: total, around their value, and honest where entities return."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from phasegate.monitoring.performance.measure import measured, ratio, wilson
from phasegate.monitoring.performance.series import Confusion
from phasegate.statistics.clusters import Clusters

ENTITIES = st.lists(
    st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=40
)


def clusters(entities: list[tuple[int, int]]) -> Clusters:
    pairs = np.array(entities, float).reshape(-1, 2)
    return Clusters.of(pairs[:, 0], pairs[:, 1])


@given(ENTITIES, st.floats(0.5, 0.999))
def test_the_interval_holds_its_value_and_stays_a_proportion(entities, confidence):
    found = measured(clusters(entities), confidence)
    assert found.of == sum(n for n, _ in entities)
    assert found.hits == sum(y for _, y in entities)
    if not entities:
        assert math.isnan(found.value)
        assert (found.lower, found.upper) == (0, 1)
    else:
        assert found.value == found.hits / found.of
        assert 0 <= found.lower <= found.value <= found.upper <= 1
        assert found.lower < found.upper


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_wilsons_interval_is_scipys(counts):
    n, k = counts
    theirs = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k / n, n, 1.959963984540054) == pytest.approx((theirs.low, theirs.high))


@given(
    st.tuples(*[st.integers(0, 50)] * 4).map(lambda four: Confusion(*four)),
)
def test_a_metric_is_numerator_over_denominator(confusion):
    tp, fp, fn, tn = (
        confusion.true_positive, confusion.false_positive,
        confusion.false_negative, confusion.true_negative,
    )  # fmt: skip
    assert ratio(confusion, "precision") == (tp, tp + fp)
    assert ratio(confusion, "recall") == (tp, tp + fn)
    assert ratio(confusion, "accuracy") == (tp + tn, tp + fp + fn + tn)


def _coverage(rng: np.random.Generator, rows_each: int, rho: float, rate: float = 0.9) -> float:
    """Share of intervals that hold the rate; rows of an entity correlate with rho."""
    rounds, entities = 800, 60
    a, b = (rate * (1 / rho - 1), (1 - rate) * (1 / rho - 1)) if rho else (0.0, 0.0)
    own = rng.beta(a, b, (rounds, entities)) if rho else np.full((rounds, entities), rate)
    hits = rng.binomial(rows_each, own)
    held = 0
    for one in hits:
        found = measured(Clusters.of(np.full(entities, rows_each), one), 0.95)
        held += found.lower <= rate <= found.upper
    return held / rounds


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.5])
def test_intervals_hold_the_truth_as_often_as_they_say_also_where_entities_return(rho):
    # 800 rounds: three standard errors of 95 % are 2.3 %. Independent rows may be held oftener.
    found = _coverage(np.random.default_rng(5), 8, rho)
    assert 0.925 <= found <= 0.99, found


def test_rows_of_one_entity_are_not_independent_evidence():
    alone = measured(Clusters.of(np.ones(400), np.arange(400) < 360), 0.95)
    returning = measured(Clusters.of(np.full(40, 10), 10 * (np.arange(40) < 36)), 0.95)
    assert returning.value == alone.value
    assert returning.upper - returning.lower > 2.5 * (alone.upper - alone.lower)


def test_a_perfect_record_of_few_entities_is_no_certainty():
    found = measured(Clusters.of(np.full(4, 100), np.full(4, 100)), 0.95)
    assert found.value == 1
    assert found.lower < 0.5
