import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from phasegate.evaluation import Measure, Scorecard, Values, compare, replicate_weights, slicing
from phasegate.evaluation.fairness import FAIRNESS_METRICS, disparities, fairlearn_disparities
from phasegate.evaluation.slices import LEFT_OUT, SliceCounter, worst

rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 1), st.integers(0, 1)),
    min_size=4,
    max_size=60,
)


def arrays(values):
    groups, labels, decisions = zip(*values, strict=True)
    return np.array(groups, dtype=object), np.array(labels), np.array(decisions)


def disparity(groups, labels, decisions):
    counter = SliceCounter(groups, labels, decisions)
    return disparities(counter.count(np.ones(len(labels))))


@settings(max_examples=25, deadline=None)
@given(rows)
def test_disparities_equal_fairlearns_wherever_they_are_defined(values):
    column, labels, decisions = arrays(values)
    groups = slicing("g", column, 2)
    ours = disparity(groups, labels, decisions)
    assume(any(math.isfinite(value) for value in ours.values()))
    theirs = fairlearn_disparities(groups, labels, decisions)
    for name, value in ours.items():
        if math.isfinite(value):
            assert value == pytest.approx(theirs[name], abs=1e-12), name


@given(rows)
def test_the_names_of_groups_do_not_matter(values):
    column, labels, decisions = arrays(values)
    renamed = np.array([{"a": "z", "b": "y", "c": "x"}[name] for name in column], dtype=object)
    first, second = (
        disparity(slicing("g", names, 1), labels, decisions) for names in (column, renamed)
    )
    assert repr(first) == repr(second)


def test_one_group_alone_is_not_fair_but_not_comparable():
    groups = slicing("g", np.array(["a"] * 10, dtype=object), 1)
    found = disparity(groups, np.array([0, 1] * 5), np.array([0, 1] * 5))
    assert all(math.isnan(found[name]) for name in FAIRNESS_METRICS)


def test_a_group_without_positives_has_no_equalized_odds():
    groups = slicing("g", np.array(["a", "a", "b", "b"], dtype=object), 1)
    found = disparity(groups, np.array([0, 1, 0, 0]), np.array([0, 1, 0, 1]))
    assert math.isnan(found["equalized_odds_difference"])
    assert found["demographic_parity_difference"] == 0


def test_nobody_selected_has_no_parity_ratio():
    groups = slicing("g", np.array(["a", "b"] * 2, dtype=object), 1)
    found = disparity(groups, np.array([0, 0, 1, 1]), np.zeros(4, dtype=int))
    assert math.isnan(found["demographic_parity_ratio"])


def test_small_slices_are_told_and_left_out():
    column = np.array(["a"] * 50 + ["b"] * 30 + ["c"] * 3, dtype=object)
    groups = slicing("g", column, 10)
    assert (groups.names, groups.sizes, groups.small) == (("a", "b"), (50, 30), {"c": 3})
    assert (groups.codes[-3:] == LEFT_OUT).all()
    counts = SliceCounter(groups, np.ones(83, dtype=int), np.ones(83, dtype=int))
    assert counts.count(np.ones(83)).total.tolist() == [50, 30]


def test_a_number_with_many_values_is_divided_at_its_quartiles():
    groups = slicing("age", np.arange(1000.0), 10)
    assert groups.sizes == (250, 250, 250, 250)
    assert groups.names[0].startswith("1: up to ")


@pytest.mark.parametrize(
    "values",
    [np.array([1.0, np.nan, 1.0]), np.array(["x", None, "x"], dtype=object)],
)
def test_missing_values_are_a_slice_of_their_own(values):
    assert slicing("g", values, 1).names[0] == "(missing)"


def test_no_slice_large_enough_leaves_its_gates_without_a_number():
    assert math.isnan(worst(np.array([])))
    labels, scores = np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.8, 0.7])
    groups = slicing("g", np.array(list("abcd"), dtype=object), 2)
    card = Scorecard(labels, scores, 0.5, Values(), [groups], ["g"], ["g"])
    found = dict(zip(card.measures, card(np.ones(4)), strict=True))
    for metric in ("worst_slice_recall", "worst_slice_roc_auc", "equalized_odds_difference"):
        assert math.isnan(found[Measure(metric, "g")])


def test_measures_of_slices_are_those_of_their_rows_alone():
    generator = np.random.default_rng(0)
    labels, scores = generator.integers(0, 2, 400), generator.random(400)
    column = generator.choice(np.array(["a", "b"], dtype=object), 400)
    card = Scorecard(labels, scores, 0.5, Values(), [slicing("g", column, 1)], ["g"], ["g"])
    found = dict(zip(card.measures, card(np.ones(400)), strict=True))
    for name in "ab":
        chosen = column == name
        alone = Scorecard(labels[chosen], scores[chosen], 0.5, Values())
        expected = dict(zip(alone.measures, alone(np.ones(chosen.sum())), strict=True))
        for metric in ("recall", "precision", "accuracy", "roc_auc", "pr_auc"):
            value = found[Measure(metric, "g", name)]
            assert value == pytest.approx(expected[Measure(metric)])
    worst_recall = min(found[Measure("recall", "g", name)] for name in "ab")
    assert found[Measure("worst_slice_recall", "g")] == worst_recall


def test_an_unfair_model_is_seen_beyond_its_interval():
    generator = np.random.default_rng(1)
    column = generator.choice(np.array(["f", "m"], dtype=object), 4000)
    labels = generator.integers(0, 2, 4000)
    scores = np.clip(labels * 0.6 + generator.random(4000) * 0.4 - 0.3 * (column == "f"), 0, 1)
    card = Scorecard(labels, scores, 0.5, Values(), [slicing("sex", column, 200)], ["sex"])
    found = compare(card, None, 4000, replicate_weights(4000, 100, 1), 0.95)
    result = dict(zip(card.measures, found, strict=True))
    odds = result[Measure("equalized_odds_difference", "sex")].challenger
    assert odds.lower > 0.3
    assert result[Measure("demographic_parity_ratio", "sex")].challenger.upper < 0.8
