"""From tallies of windows to the series that decisions are made on. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from phasegate.monitoring.performance.calibration import LabelledGroups, labelled_groups
from phasegate.monitoring.performance.estimate import estimated, is_held
from phasegate.monitoring.performance.measure import measured, ratio
from phasegate.monitoring.performance.problems import problems_of
from phasegate.monitoring.performance.series import Performance, PerformanceWindow
from phasegate.monitoring.performance.tally import WindowTally
from phasegate.monitoring.policy import PerformanceRules
from phasegate.monitoring.profile import Profile


def judge(
    tallies: Sequence[WindowTally],
    profile: Profile,
    rules: PerformanceRules,
    *,
    now: datetime,
    problems: Sequence[str] = (),
) -> Performance:
    """The series: measured where labels are mature, estimated from scores, one held by the other.

    An estimate is made of nothing but the window's answers and the profile, both of which were
    there when the window ended: what was estimated of the past is what would have been said then.
    Only the profile's own model has estimates; those of former champions were measured.

    Args:
        tallies: of windows and models.
        profile: of the present champion.
        rules: with metric, floor and intervals.
        now: event time of the look.
        problems: what is known to be wrong already.
    """
    groups = labelled_groups(profile)
    ordered = sorted(tallies, key=lambda one: (one.since, one.model_digest))
    windows = tuple(_window(one, groups, rules) for one in ordered)
    checked = [one.held for one in windows if one.held is not None]
    return Performance(
        metric=rules.metric,
        floor=rules.floor,
        now=now,
        windows=windows,
        problems=(*problems, *problems_of(ordered, profile, groups is not None, rules)),
        coverage=sum(checked) / len(checked) if checked else math.nan,
    )


def _window(
    tally: WindowTally, groups: LabelledGroups | None, rules: PerformanceRules
) -> PerformanceWindow:
    _, of = ratio(tally.confusion, rules.metric)
    truth = measured(tally.relevant, rules.confidence) if of >= max(rules.min_rows, 1) else None
    guess = None
    if groups is not None and tally.scores is not None:
        guess = estimated(groups, tally.scores, rules.metric, rules.confidence)
    # A figure of some of the rows is no truth of all of them.
    whole = tally.pending == 0 and tally.confusion.rows >= (1 - rules.unlabelled) * tally.rows
    return PerformanceWindow(
        since=tally.since,
        until=tally.until,
        model_digest=tally.model_digest,
        rows=tally.rows,
        confusion=tally.confusion,
        pending=tally.pending,
        unlabelled=tally.unlabelled,
        contradictory=tally.contradictory,
        measured=truth,
        estimated=guess,
        held=is_held(guess, truth) if whole else None,
    )
