from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.training.threshold import choose_threshold

VALUE = {"true_positive": 5.0, "false_positive": -2.0, "true_negative": 0.0, "false_negative": -3.0}


@st.composite
def scored(draw) -> tuple[np.ndarray, np.ndarray]:
    rows = draw(st.integers(2, 40))
    scores = draw(st.lists(st.floats(0, 1), min_size=rows, max_size=rows))
    labels = draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    labels[0] = 1
    return np.array(scores), np.array(labels, dtype=np.int8)


def measure(scores: np.ndarray, labels: np.ndarray, at: float) -> dict[str, float]:
    """The definitions, counted one by one."""
    decided = scores >= at
    tp = int((decided & (labels == 1)).sum())
    fp = int((decided & (labels == 0)).sum())
    fn = int((~decided & (labels == 1)).sum())
    tn = int((~decided & (labels == 0)).sum())
    return {
        "precision": tp / (tp + fp) if tp + fp else 0.0,
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "accuracy": (tp + tn) / len(labels),
        "value": 5.0 * tp - 2.0 * fp - 3.0 * fn,
    }


@given(rows=scored(), goal=st.sampled_from(["precision", "recall", "f1", "accuracy", "value"]))
def test_no_other_threshold_does_better(rows, goal: str) -> None:
    scores, labels = rows

    chosen = choose_threshold(scores, labels, {"maximize": goal}, VALUE)

    best = max(measure(scores, labels, at)[goal] for at in [*scores, 2.0])
    assert measure(scores, labels, chosen.value)[goal] == pytest.approx(best)
    assert chosen.attained


@given(rows=scored(), least=st.floats(0.05, 1))
def test_recall_is_the_highest_that_the_asked_precision_leaves(rows, least: float) -> None:
    scores, labels = rows
    objective = {"maximize": "recall", "subject_to": {"precision": least}}

    chosen = choose_threshold(scores, labels, objective)

    found = measure(scores, labels, chosen.value)
    every = [measure(scores, labels, at) for at in scores]
    allowed = [one["recall"] for one in every if one["precision"] >= least]
    assert chosen.attained == bool(allowed)
    if allowed:
        assert found["precision"] >= least
        assert found["recall"] == max(allowed)
    else:
        assert found["precision"] == max(one["precision"] for one in every)


@given(rows=scored())
def test_it_reports_what_deciding_by_it_gives(rows) -> None:
    scores, labels = rows

    chosen = choose_threshold(scores, labels, {"maximize": "f1"})

    found = measure(scores, labels, chosen.value)
    assert (chosen.precision, chosen.recall) == (found["precision"], found["recall"])
    assert chosen.rows == len(scores)


def test_it_lies_midway_between_scores_so_that_last_digits_do_not_matter() -> None:
    scores, labels = np.array([0.9, 0.8, 0.4, 0.2]), np.array([1, 1, 0, 0])

    assert choose_threshold(scores, labels, {"maximize": "f1"}).value == pytest.approx(0.6)


def test_unattainable_precision_takes_the_most_precise_and_says_so() -> None:
    scores, labels = np.array([0.9, 0.8, 0.7, 0.1]), np.array([0, 1, 1, 0])
    objective = {"maximize": "recall", "subject_to": {"precision": 0.94}}

    chosen = choose_threshold(scores, labels, objective)

    assert not chosen.attained
    assert chosen.precision == pytest.approx(2 / 3)
    assert chosen.objective == "maximize recall, precision >= 0.94"


def test_a_fixed_threshold_is_taken_as_it_is() -> None:
    chosen = choose_threshold(np.array([0.9, 0.3]), np.array([1, 1]), {"fixed": 0.5})

    assert (chosen.value, chosen.precision, chosen.recall) == (0.5, 1.0, 0.5)


def test_maximizing_a_value_that_is_always_0_is_refused() -> None:
    with pytest.raises(BadInput, match="every decision is worth 0"):
        choose_threshold(np.array([0.9]), np.array([1]), {"maximize": "value"}, {})
