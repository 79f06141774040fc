"""Estimates before labels: exact where exactness is known, and as sure as they say."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.monitoring.performance.calibration import LabelledGroups, labelled_groups
from phasegate.monitoring.performance.estimate import estimated
from phasegate.monitoring.performance.tally import ScoreSums
from tests.monitoring.performance.samples import profile_of, sums_of, true_value

METRICS = ("precision", "recall", "accuracy")
SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array)


def certain(scores: np.ndarray) -> tuple[LabelledGroups, ScoreSums]:
    """Each row in a bin of its own, whose rate is its score, known beyond doubt."""
    edges = np.unique(scores)
    sums = ScoreSums.of(edges, scores, scores >= 0.5)
    many = 1e12 * (sums.rows > 0)
    with np.errstate(invalid="ignore"):
        mean = sums.score / sums.rows
    return LabelledGroups(many, many * np.nan_to_num(mean), mean), sums


def brute_force(scores: np.ndarray) -> dict[str, dict[float, float]]:
    """Distribution of each metric over all labellings, of rows that are independent."""
    found: dict[str, dict[float, float]] = {metric: {} for metric in METRICS}
    for labels in itertools.product((0, 1), repeat=len(scores)):
        one = np.array(labels)
        chance = float(np.prod(np.where(one == 1, scores, 1 - scores)))
        for metric in METRICS:
            value = true_value(scores, one, metric)
            found[metric][value] = found[metric].get(value, 0.0) + chance
    return found


@pytest.mark.parametrize("seed", range(3))
def test_expectation_and_interval_are_those_of_all_labellings(seed):
    rng = np.random.default_rng(seed)
    scores = np.append(rng.random(9), 0.7)
    groups, sums = certain(scores)
    exact = brute_force(scores)
    for metric in ("precision", "accuracy"):
        found = estimated(groups, sums, metric, 0.9, draws=40_000)
        mean = sum(value * chance for value, chance in exact[metric].items())
        assert found.value == pytest.approx(mean, abs=1e-9)
        inside = sum(
            chance
            for value, chance in exact[metric].items()
            if found.lower - 1e-9 <= value <= found.upper + 1e-9
        )
        step = 1 / found.of
        narrower = sum(
            chance
            for value, chance in exact[metric].items()
            if found.lower + step / 2 <= value <= found.upper - step / 2
        )
        assert inside >= 0.9 - 0.01
        assert narrower < 0.9 + 0.01
    # Of a ratio of two random numbers the ratio of the expectations is the estimate.
    positives = scores.sum()
    recall = estimated(groups, sums, "recall", 0.9)
    assert recall.value == pytest.approx(scores[scores >= 0.5].sum() / positives, abs=1e-9)


@given(SCORES, SCORES, st.integers(0, 2**32), st.floats(0, 1), st.sampled_from(METRICS))
def test_any_window_on_any_reference_has_an_interval_around_its_value(
    reference, window, seed, threshold, metric
):
    labels = np.random.default_rng(seed).integers(0, 2, len(reference))
    profile = profile_of(reference, labels, threshold, told=bool(seed % 2))
    groups = labelled_groups(profile)
    assert groups is not None
    found = estimated(groups, sums_of(profile, window), metric, 0.95, draws=200)
    if metric == "precision" and not (window >= threshold).any():
        assert found is None
        return
    assert found is not None
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert found == estimated(groups, sums_of(profile, window), metric, 0.95, draws=200)


def _share_held(
    metric: str,
    *,
    seed: int,
    reference: int,
    rows: int,
    shift: float = 1.0,
    truth=lambda p: p,
    rounds: int = 200,
) -> tuple[float, float]:
    """Share of intervals that hold what is measured, and their mean width.

    Each round has a reference of its own. `truth` gives the probability of a score; it holds in
    reference and window alike. `shift` makes the window's scores smaller or larger.
    """
    rng = np.random.default_rng(seed)
    held, width = 0, 0.0
    for _ in range(rounds):
        scores = rng.beta(0.4, 2.0, reference)
        profile = profile_of(scores, (rng.random(reference) < truth(scores)).astype(int))
        window = rng.beta(0.4 * shift, 2.0, rows)
        labels = (rng.random(rows) < truth(window)).astype(int)
        found = estimated(labelled_groups(profile), sums_of(profile, window), metric, 0.95,
                          draws=600)  # fmt: skip
        held += found.lower - 1e-12 <= true_value(window, labels, metric) <= found.upper + 1e-12
        width += found.upper - found.lower
    return held / rounds, width / rounds


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [1_000, 20_000])
def test_calibrated_scores_are_held_as_often_as_promised(metric, rows):
    # 200 rounds: three standard errors of 95 % are 4.6 %.
    found, _ = _share_held(metric, seed=1, reference=5_000, rows=rows)
    assert 0.90 <= found <= 0.995, found


@pytest.mark.parametrize("metric", METRICS)
def test_inputs_that_move_are_followed(metric):
    found, _ = _share_held(metric, seed=2, reference=5_000, rows=5_000, shift=2.0)
    assert 0.90 <= found <= 0.995, found


def test_scores_that_were_never_probabilities_are_corrected_by_the_reference():
    def bent(scores):
        return scores**2

    found, _ = _share_held("precision", seed=3, reference=20_000, rows=5_000, truth=bent)
    assert 0.90 <= found <= 0.995, found


def test_what_is_not_known_of_the_calibration_makes_intervals_wider():
    few = _share_held("precision", seed=4, reference=500, rows=50_000, rounds=100)
    many = _share_held("precision", seed=4, reference=50_000, rows=50_000, rounds=100)
    assert few[1] > 2 * many[1]
    assert few[0] >= 0.88


def test_concept_drift_is_invisible():
    rng = np.random.default_rng(6)
    scores = rng.beta(0.4, 2.0, 20_000)
    profile = profile_of(scores, (rng.random(20_000) < scores).astype(int))
    window = rng.beta(0.4, 2.0, 20_000)
    drifted = (rng.random(20_000) < window / 2).astype(int)
    found = estimated(labelled_groups(profile), sums_of(profile, window), "precision", 0.95)
    assert true_value(window, drifted, "precision") < found.lower - 0.1


def test_rows_whose_scores_differ_are_surer_than_the_binomial_says():
    """Half of the rows surely positive, half surely not: nothing is left to chance."""
    groups = LabelledGroups(
        np.array([[0.0, 1e12]]), np.array([[0.0, 5e11]]), np.array([[math.nan, 0.5]])
    )
    apart = ScoreSums(np.array([[0, 200]]), np.array([[0, 100.0]]), np.array([[0, 100.0]]))
    alike = ScoreSums(np.array([[0, 200]]), np.array([[0, 100.0]]), np.array([[0, 50.0]]))
    sure = estimated(groups, apart, "precision", 0.95)
    unsure = estimated(groups, alike, "precision", 0.95)
    assert sure.upper - sure.lower < 0.02
    assert unsure.upper - unsure.lower == pytest.approx(2 * 1.96 * 0.5 / 200**0.5, rel=0.1)
