import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.evaluation import Measure, Scorecard, Values, compare, replicate_weights


def scored(rows=2000, noise=1.0, seed=0):
    generator = np.random.default_rng(seed)
    labels = (generator.random(rows) < 0.2).astype(np.int8)
    scores = 1 / (1 + np.exp(-(2 * labels - 2 + noise * generator.normal(size=rows))))
    return labels, scores


def mean_of(values):
    return lambda weights: np.array([np.average(values, weights=weights)])


@given(st.integers(1, 50), st.integers(0, 2**31 - 1))
def test_a_replicate_draws_as_many_rows_as_there_are(rows, seed):
    for weights in replicate_weights(rows, 3, seed):
        assert weights.shape == (rows,)
        assert weights.sum() == rows


def test_the_seed_decides_the_replicates():
    first, again = (np.array(list(replicate_weights(20, 5, 7))) for _ in range(2))
    other = np.array(list(replicate_weights(20, 5, 8)))
    assert (first == again).all()
    assert (first != other).any()


def test_rows_of_one_entity_are_drawn_together():
    clusters = np.array(["a", "b", "a", "c", "b", "a"])
    for weights in replicate_weights(6, 20, 1, clusters):
        for name in "abc":
            assert len(set(weights[clusters == name])) == 1
        assert sum(weights[clusters == name][0] for name in "abc") == 3


def test_entities_whose_rows_resemble_each_other_widen_the_interval():
    generator = np.random.default_rng(3)
    clusters = np.repeat(np.arange(50), 40)
    values = np.repeat(generator.normal(size=50), 40)
    widths = []
    for groups in (None, clusters):
        weights = replicate_weights(2000, 200, 1, groups)
        [found] = compare(mean_of(values), None, 2000, weights, 0.95)
        widths.append(found.challenger.upper - found.challenger.lower)
    assert widths[1] > 3 * widths[0]


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(5)
    covered = 0
    for seed in range(200):
        values = generator.normal(size=60)
        weights = replicate_weights(60, 200, seed)
        [found] = compare(mean_of(values), None, 60, weights, 0.9)
        covered += found.challenger.lower <= 0 <= found.challenger.upper
    assert 0.83 <= covered / 200 <= 0.96


def test_pairing_makes_the_difference_sharper_than_either_model():
    labels, scores = scored()
    ours, theirs = (
        Scorecard(labels, values, 0.5, Values()) for values in (scores, np.sqrt(scores) * 0.99)
    )
    found = compare(ours, theirs, 2000, replicate_weights(2000, 200, 1), 0.95)
    result = dict(zip(ours.measures, found, strict=True))[Measure("brier")]
    spread = {
        name: getattr(result, name).upper - getattr(result, name).lower
        for name in ("challenger", "champion", "difference")
    }
    assert spread["difference"] < spread["challenger"]
    expected = result.challenger.estimate - result.champion.estimate
    assert result.difference.estimate == pytest.approx(expected)


def test_a_model_compared_with_itself_differs_by_nothing():
    labels, scores = scored(500)
    card = Scorecard(labels, scores, 0.5, Values())
    for result in compare(card, card, 500, replicate_weights(500, 100, 1), 0.95):
        difference = result.difference
        assert (difference.estimate, difference.lower, difference.upper) == (0, 0, 0)


@pytest.mark.parametrize("metric", ["pr_auc", "recall", "calibration_error", "log_loss"])
def test_the_estimate_lies_in_its_interval(metric):
    labels, scores = scored(300)
    card = Scorecard(labels, scores, 0.5, Values())
    found = compare(card, None, 300, replicate_weights(300, 100, 2), 0.95)
    one = dict(zip(card.measures, found, strict=True))[Measure(metric)].challenger
    assert one.lower <= one.estimate <= one.upper


def test_replicates_without_a_positive_are_counted_and_take_the_bounds_away():
    labels = np.array([1] + [0] * 99)
    scores = np.linspace(0, 1, 100)
    card = Scorecard(labels, scores, 0.5, Values())
    found = dict(
        zip(
            card.measures,
            compare(card, None, 100, replicate_weights(100, 300, 1), 0.95),
            strict=True,
        )
    )
    one = found[Measure("pr_auc")].challenger
    # A single positive is left out of a replicate with probability (1 - 1/100)**100.
    assert one.undefined == pytest.approx(math.exp(-1), abs=0.1)
    assert math.isnan(one.lower)
    assert math.isnan(one.upper)
    assert math.isfinite(found[Measure("brier")].challenger.lower)


def test_a_few_undefined_replicates_only_widen_the_interval():
    values = np.arange(100.0)
    calls = iter(range(1000))

    def sometimes(weights):
        return np.array([np.nan if next(calls) in (1, 2) else np.average(values, weights=weights)])

    [found] = compare(sometimes, None, 100, replicate_weights(100, 200, 1), 0.9)
    [clean] = compare(mean_of(values), None, 100, replicate_weights(100, 200, 1), 0.9)
    assert found.challenger.undefined == 0.01
    assert found.challenger.lower <= clean.challenger.lower
    assert found.challenger.upper >= clean.challenger.upper
