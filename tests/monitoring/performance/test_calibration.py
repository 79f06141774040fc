"""Labelled reference rows: split by decision, pooled where few, and enough to correct scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.monitoring.performance.calibration import labelled_groups, pools
from phasegate.monitoring.performance.estimate import estimated
from tests.monitoring.performance.samples import profile_of, sums_of, true_value

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array)


@given(SCORES, st.integers(0, 2**32), st.floats(0, 1))
def test_the_labelled_rows_are_split_by_decision_without_losing_one(scores, seed, threshold):
    labels = np.random.default_rng(seed).integers(0, 2, len(scores))
    profile = profile_of(scores, labels, threshold)
    groups = labelled_groups(profile)
    decided = scores >= threshold
    place = np.searchsorted(profile.scores.edges, scores)
    for column, rows in enumerate((~decided, decided)):
        counted = np.bincount(place[rows], minlength=len(groups.rows))
        assert groups.rows[:, column].tolist() == counted.tolist()
        counted = np.bincount(place[rows & (labels == 1)], minlength=len(groups.rows))
        assert groups.positive[:, column].tolist() == counted.tolist()
        sums = np.nansum(groups.rows[:, column] * np.nan_to_num(groups.score[:, column]))
        assert sums == pytest.approx(scores[rows].sum(), abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=60),
    st.integers(1, 80),
)
def test_pools_are_neighbours_of_one_decision_with_enough_rows(rows, least):
    counts = np.array(rows, float)
    found = pools(counts, least)
    assert not set(found[:, 0]) & set(found[:, 1])
    assert set(found.ravel()) == set(range(found.max() + 1))
    for decision in (0, 1):
        own, held = found[:, decision], counts[:, decision]
        assert (np.diff(own) >= 0).all()
        sizes = np.bincount(own - own.min(), held)
        assert len(sizes) == 1 or (sizes >= least).all()
        # No pool could be two, but the last, which took what was left over.
        for pool in np.unique(own)[:-1]:
            assert held[own == pool][:-1].sum() < least


def test_a_profile_without_labelled_rows_or_with_wrong_sums_gives_no_estimate():
    profile = profile_of(np.linspace(0, 1, 50), np.ones(50))
    known = profile.reliability
    nothing = tuple(0 for _ in known.rows)
    for wrong in (
        replace(known, rows=nothing, positive=nothing, decided=0, hits=0),
        replace(known, rows=known.rows[:-1]),
        replace(known, hits=known.decided + 1),
        replace(known, decided=sum(known.rows) + 1),
    ):
        assert labelled_groups(replace(profile, reliability=wrong)) is None


def test_few_labelled_rows_of_scores_that_are_not_calibrated_are_no_false_certainty():
    """Estimates lie around the truth, neither drawn to the scores nor surer than they are."""
    rounds, rng = 500, np.random.default_rng(7)
    metrics = ("precision", "recall", "accuracy")
    found = {metric: np.empty((rounds, 4)) for metric in metrics}
    for number in range(rounds):
        scores, window = rng.beta(0.5, 2.0, 700), rng.beta(0.5, 2.0, 10_000)
        labels, later = ((rng.random(len(one)) < one**1.3).astype(int) for one in (scores, window))
        profile = profile_of(scores, labels)
        groups, sums = labelled_groups(profile), sums_of(profile, window)
        for metric in metrics:
            one = estimated(groups, sums, metric, 0.95, draws=300)
            truth = true_value(window, later, metric)
            found[metric][number] = one.value, one.lower, one.upper, truth
    for metric in metrics:
        value, lower, upper, truth = found[metric].T
        error = (upper - lower).mean() / (2 * 1.96)
        # Standard errors are 4.5 % of the mean, 3.2 % of the deviation, 1 % of the share.
        assert abs((value - truth).mean()) < 0.13 * error, metric
        assert (value - truth).std() < 1.08 * error, metric
        assert ((lower <= truth) & (truth <= upper)).mean() > 0.92, metric
