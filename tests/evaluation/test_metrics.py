"""Our metrics against scikit-learn's, on any labels, scores and weights."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from phasegate.evaluation import METRICS, Ranking, Values
from phasegate.evaluation.metrics import (
    CALIBRATION_BINS,
    all_metrics,
    calibration_error,
    confusion,
    higher_is_better,
    pr_auc,
)

THRESHOLD = 0.5
NO_VALUES = Values()
# Few distinct scores make ties, which is where rankings go wrong.
scores = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.floats(0, 1))
rows = st.lists(st.tuples(st.integers(0, 1), scores, st.integers(0, 3)), min_size=1, max_size=40)


def split(values):
    labels, found, weights = (np.array(column) for column in zip(*values, strict=True))
    return labels, found.astype(float), weights.astype(float)


def measured(labels, found, weights=None, values=NO_VALUES):
    return all_metrics(Ranking(labels, found).tally(weights), THRESHOLD, values)


@settings(max_examples=50, deadline=None)
@given(rows)
def test_metrics_equal_those_of_scikit_learn_under_any_weights(values):
    labels, found, weights = split(values)
    assume((weights * labels).sum() > 0)
    assume((weights * (1 - labels)).sum() > 0)
    decided = (found >= THRESHOLD).astype(int)
    kept = weights > 0
    expected = {
        "pr_auc": sklearn.average_precision_score(labels, found, sample_weight=weights),
        "roc_auc": sklearn.roc_auc_score(labels, found, sample_weight=weights),
        "recall": sklearn.recall_score(labels, decided, sample_weight=weights),
        "accuracy": sklearn.accuracy_score(labels, decided, sample_weight=weights),
        "brier": sklearn.brier_score_loss(labels, found, sample_weight=weights),
        "log_loss": sklearn.log_loss(labels, found, sample_weight=weights),
        "f1": sklearn.f1_score(labels, decided, sample_weight=weights),
        "precision": sklearn.precision_score(
            labels, decided, sample_weight=weights, zero_division=np.nan
        ),
    }
    ours = measured(labels, found, weights)
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, abs=1e-9, nan_ok=True), name
    repeated = weights.astype(int)[kept]
    once = measured(np.repeat(labels[kept], repeated), np.repeat(found[kept], repeated))
    for name in expected:
        assert ours[name] == pytest.approx(once[name], abs=1e-9, nan_ok=True), name


@given(rows)
def test_one_class_alone_is_not_a_number_and_never_a_perfect_score(values):
    _, found, _ = split(values)
    for label in (0, 1):
        ours = measured(np.full(len(found), label), found)
        assert math.isnan(ours["pr_auc"])
        assert math.isnan(ours["roc_auc"])


def test_nothing_decided_positive_has_no_precision():
    assert math.isnan(measured(np.array([0, 1]), np.array([0.1, 0.2]))["precision"])


@given(rows)
def test_the_order_of_rows_does_not_matter(values):
    labels, found, weights = split(values)
    back = measured(labels[::-1], found[::-1], weights[::-1])
    ours = measured(labels, found, weights)
    assert {k: repr(round(v, 9)) for k, v in back.items()} == {
        k: repr(round(v, 9)) for k, v in ours.items()
    }


def test_calibration_error_is_the_mean_gap_over_bins_of_equal_mass():
    generator = np.random.default_rng(1)
    found = generator.random(CALIBRATION_BINS * 100)
    labels = (generator.random(len(found)) < found**2).astype(int)
    order = np.argsort(-found)
    gaps = [
        abs(found[part].mean() - labels[part].mean())
        for part in np.array_split(order, CALIBRATION_BINS)
    ]
    assert calibration_error(Ranking(labels, found).whole) == pytest.approx(np.mean(gaps))


def test_value_is_currency_per_decision():
    labels, found = np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.1, 0.9, 0.1, 0.1])
    values = Values(true_positive=100, false_positive=-20, false_negative=-50, true_negative=1)
    assert measured(labels, found, values=values)["value"] == (100 - 20 - 50 + 2) / 5


def test_a_score_at_the_threshold_is_decided_positive():
    counts = confusion(Ranking(np.array([1, 0]), np.array([0.5, 0.4])).whole, 0.5)
    assert (counts.true_positive, counts.false_positive, counts.true_negative) == (1, 0, 1)


def test_average_precision_of_a_known_example():
    tally = Ranking(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])).whole
    assert pr_auc(tally) == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    ("labels", "found"),
    [([0, 1], [0.1]), ([0, 2], [0.1, 0.2]), ([0, 1], [0.1, math.nan]), ([0, 1], [0.1, 1.5])],
)
def test_what_is_no_label_or_no_probability_is_refused(labels, found):
    with pytest.raises(ValueError, match=r"label|scores"):
        Ranking(np.array(labels), np.array(found))


def test_every_metric_has_a_direction():
    lower = {name for name in METRICS if not higher_is_better(name)}
    assert lower == {"brier", "log_loss", "calibration_error"}
    assert not higher_is_better("equalized_odds_difference")
    assert higher_is_better("demographic_parity_ratio")
    assert not higher_is_better("worst_slice_brier")
