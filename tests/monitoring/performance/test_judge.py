"""Estimates are held by what was measured of the whole window, and by nothing less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phasegate.monitoring.performance.judge import judge
from phasegate.monitoring.performance.series import Confusion
from phasegate.monitoring.performance.tally import WindowTally
from phasegate.monitoring.policy import PerformanceRules
from phasegate.statistics.clusters import Clusters
from tests.monitoring.performance.samples import DIGEST, profile_of, sums_of
from tests.monitoring.performance.world import DAY, ORIGIN, UNTIL

ROWS = 1_000
RULES = PerformanceRules(metric="accuracy", unlabelled=0.1)


@pytest.fixture(scope="module")
def whole():
    """The profile, and a window whose labels are all known."""
    rng = np.random.default_rng(0)
    scores, labels = rng.random(ROWS), rng.random(ROWS)
    decided, positive = scores >= 0.5, labels < scores
    counts = [
        int((one & two).sum())
        for one, two in (
            (decided, positive), (decided, ~positive), (~decided, positive), (~decided, ~positive),
        )
    ]  # fmt: skip
    profile = profile_of(scores, positive.astype(int))
    tally = WindowTally(
        ORIGIN, ORIGIN + 7 * DAY, DIGEST, ROWS, Confusion(*counts), 0, 0, 0, ROWS,
        Clusters.of(np.ones(ROWS), decided == positive), sums_of(profile, scores),
    )  # fmt: skip
    return profile, tally


def _without(tally: WindowTally, rows: int, reason: str) -> WindowTally:
    """Some of the rows that were rightly decided 0 have no label, for a reason."""
    known = replace(tally.confusion, true_negative=tally.confusion.true_negative - rows)
    right = known.true_positive + known.true_negative
    relevant = Clusters.of(np.ones(known.rows), np.arange(known.rows) < right)
    return replace(tally, confusion=known, relevant=relevant, **{reason: rows})


def test_a_window_whose_labels_are_all_known_holds_its_estimate(whole):
    profile, tally = whole
    found = judge([tally], profile, RULES, now=UNTIL)
    assert found.windows[0].held is True
    assert found.coverage == 1.0


def test_one_row_that_is_too_young_leaves_an_estimate_open(whole):
    """Young rows are the window's last, not any of them: what is measured may yet move."""
    profile, tally = whole
    found = judge([_without(tally, 1, "pending")], profile, RULES, now=UNTIL)
    assert found.windows[0].measured is not None
    assert found.windows[0].estimated is not None
    assert found.windows[0].held is None
    assert np.isnan(found.coverage)


@pytest.mark.parametrize(("rows", "is_checked"), [(99, True), (100, True), (101, False)])
@pytest.mark.parametrize("reason", ["unlabelled", "contradictory"])
def test_few_lost_labels_are_allowed_for_and_many_are_not(whole, reason, rows, is_checked):
    profile, tally = whole
    found = judge([_without(tally, rows, reason)], profile, RULES, now=UNTIL)
    assert (found.windows[0].held is not None) == is_checked


def test_too_few_rows_measure_nothing_and_check_nothing(whole):
    profile, tally = whole
    for least, is_measured in ((ROWS, True), (ROWS + 1, False)):
        found = judge([tally], profile, replace(RULES, min_rows=least), now=UNTIL)
        assert (found.windows[0].measured is not None) == is_measured
        assert (found.windows[0].held is not None) == is_measured


def test_the_same_tallies_give_the_same_series_in_any_order(whole):
    profile, tally = whole
    other = replace(tally, since=ORIGIN + 7 * DAY, until=ORIGIN + 14 * DAY)
    former = replace(other, model_digest="b" * 64, scores=None)
    found = judge([former, other, tally], profile, RULES, now=UNTIL)
    assert found == judge([tally, other, former], profile, RULES, now=UNTIL)
    assert [one.since for one in found.windows] == [ORIGIN, other.since, other.since]
    assert [one.held for one in found.windows] == [True, True, None]
