"""Where a model stands now: against the floor, on labels or before them, and what labels are worth.

A figure that is not a number is below every floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from phasegate.monitoring.performance.series import Figure, Performance, PerformanceWindow
from phasegate.monitoring.policy import PerformanceRules
from phasegate.monitoring.retraining.course import is_spoiled
from phasegate.monitoring.retraining.decision import Change

_COVERAGE = 0.8  # of past intervals that held, below which estimates are not believed


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest figure against the floor.

    Attributes:
        below: whether it is below the floor by the rule.
        maybe: whether it is below, and not by enough evidence.
        reason: one sentence with the numbers.
    """

    below: bool
    maybe: bool
    reason: str


def measured_standing(
    windows: Sequence[PerformanceWindow],
    rules: PerformanceRules,
    *,
    drifts: bool,
    headroom: float = 0.0,
) -> Standing | None:
    """The newest measured window with enough rows; None without one.

    It is below the floor if its figure is, and one thing more: its whole interval is, or the two
    newest such windows together are, or inputs or predictions drift as well.

    Args:
        windows: of the model, in order of time.
        drifts: whether drift alerts.
        headroom: added to the floor.
    """
    floor = rules.floor + headroom
    enough = [w for w in windows if w.measured and w.measured.of >= max(rules.min_rows, 1)]
    if not enough:
        return None
    newest = enough[-1].measured
    assert newest is not None
    pair = [w.measured for w in enough[-2:] if w.measured]
    together = sum(figure.hits for figure in pair) / sum(figure.of for figure in pair)
    is_low = not newest.value >= floor
    is_sure = len(pair) > 1 and not together >= floor
    is_sure = is_sure or drifts or not newest.upper >= floor
    when = f"{enough[-1].since:%Y-%m-%d} to {enough[-1].until:%Y-%m-%d}"
    return _standing(f"{rules.metric} on labels of {when}", newest, rules, is_low, is_sure)


def estimated_standing(
    performance: Performance,
    model_digest: str,
    changes: Sequence[Change],
    rules: PerformanceRules,
    *,
    drifts: bool,
) -> Standing | None:
    """The newest estimate of a window that is not measured yet; None without one to believe.

    It is below the floor if its whole interval is, or if its figure is and drift alerts as well.
    """
    found = [
        window
        for window in performance.windows
        if window.model_digest == model_digest
        and window.estimated is not None
        and window.measured is None
        and window.estimated.of >= max(rules.min_rows, 1)
        and not is_spoiled(window.since, window.until, changes)
    ]
    is_believed = math.isnan(performance.coverage) or performance.coverage >= _COVERAGE
    if not found or not is_believed:
        return None
    window = max(found, key=lambda one: (one.until, one.since))
    newest = window.estimated
    assert newest is not None
    is_low = not newest.value >= rules.floor
    is_sure = drifts or not newest.upper >= rules.floor
    when = f"{window.since:%Y-%m-%d} to {window.until:%Y-%m-%d}"
    return _standing(f"{rules.metric}, estimated of {when},", newest, rules, is_low, is_sure)


def label_problems(
    performance: Performance, model_digest: str, rules: PerformanceRules
) -> list[str]:
    """Why labels cannot be trusted, each in a sentence: too many are missing, or contradict.

    Of the newest windows whose rows are old enough to have labels, as many as have ``min_rows``.
    """
    matured = unlabelled = contradictory = 0
    own = [w for w in performance.windows if w.model_digest == model_digest]
    for window in sorted(own, key=lambda one: (one.until, one.since), reverse=True):
        if matured >= max(rules.min_rows, 1):
            break
        matured += _matured(window)
        unlabelled += max(window.unlabelled, 0)
        contradictory += max(window.contradictory, 0)
    found = []
    if matured >= max(rules.min_rows, 1):
        if unlabelled > rules.unlabelled * matured:
            found.append(
                f"{unlabelled:,} of {matured:,} rows have no label though they should have one by "
                f"now; {rules.unlabelled:.1%} is allowed"
            )
        labelled = matured - unlabelled
        if labelled and contradictory > rules.contradictory * labelled:
            found.append(
                f"labels of {contradictory:,} of {labelled:,} rows contradict each other; "
                f"{rules.contradictory:.1%} is allowed"
            )
    return found


def has_new_labels(
    performance: Performance, last: datetime | None, delay: timedelta, min_rows: int
) -> bool:
    """Whether labels became known after the last training, of any model's answers.

    Args:
        last: event time of the last training; None where there was none.
        delay: after the event, when its label is known.
        min_rows: that make a difference.
    """
    known = sum(
        window.confusion.rows
        for window in performance.windows
        if last is None or last - window.until < delay
    )
    return known >= max(min_rows, 1)


def _matured(window: PerformanceWindow) -> int:
    return max(window.confusion.rows, 0) + max(window.unlabelled, 0) + max(window.contradictory, 0)


def _standing(
    what: str, figure: Figure, rules: PerformanceRules, is_low: bool, is_sure: bool
) -> Standing:
    reason = (
        f"{what} is {figure.value:.1%} ({figure.lower:.1%} to {figure.upper:.1%}, "
        f"{figure.of:,} rows); the floor is {rules.floor:.1%}"
    )
    return Standing(is_low and is_sure, is_low and not is_sure, reason)
