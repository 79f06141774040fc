"""How a model's measured performance went: windows that count, and their shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from phasegate.monitoring.performance.series import Performance, PerformanceWindow
from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.decision import Change, ChangeKind, Shape
from phasegate.statistics.change_point import UNKNOWN, Course, compare

_FEWEST = 6  # windows of a slope: in fewer no season could be seen, which looks like one
_PREDECESSOR = 8  # windows of the model before, which a release is compared with

UNKNOWN_SHAPE = Shape("unknown", None, math.nan, math.nan, {})


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall of performance that is believed.

    Attributes:
        sudden: whether a step explains it better than a slope.
        surely: whether the other one explains it worse by all the evidence that is asked for.
        since: event time from which on the likeliest step may have come: the middle of the last
            window before it, as what comes earlier is in most of that window too.
        until: end of the first window after it.
        release: promotion of the model that the step came with; None where it came later.
    """

    sudden: bool
    surely: bool
    since: datetime
    until: datetime
    release: Change | None = None


def counted(
    performance: Performance, model_digest: str, changes: Sequence[Change], rules: RetrainingRules
) -> list[PerformanceWindow]:
    """A model's measured windows in order of time, less those of what was taken back since."""
    return [
        window
        for window in _measured(performance, changes, rules)
        if window.model_digest == model_digest
    ]


def is_spoiled(since: datetime, until: datetime, changes: Sequence[Change]) -> bool:
    """Whether a span was touched by a change that has been taken back since."""
    return any(
        change.undone and change.undone_at and since < change.undone_at and change.at < until
        for change in changes
        if change.kind is not ChangeKind.RELEASE  # whose windows are of another model anyway
    )


def shape_of(
    performance: Performance, model_digest: str, changes: Sequence[Change], rules: RetrainingRules
) -> tuple[Shape, Fall | None]:
    """The shape of a model's performance, and the fall in it, if one is believed.

    A model that was promoted is first held against the last windows of the one before it: a step
    where the two meet is the release's. Else its own windows are looked at. A fall is believed if
    its model has a BIC lower than a constant's, and a season's, by ``evidence`` at least, if it
    is ``drop`` deep, and if the newest window is not back at half the height. A slope takes six
    windows at least: in fewer no season could be seen.
    """
    own = counted(performance, model_digest, changes, rules)
    release = promotion(changes, model_digest)
    if release is not None and own:
        before = _predecessor(performance, changes, rules, own[0])
        course = _course([*before, *own], [len(before)])
        if _is_best_step(course) and course.index == len(before) and course.announced:
            windows = [*before, *own]
            fall = _fall(course, windows, rules, release)
            if fall is not None:
                return _shape(course, windows), fall
    places = [place for change in changes if not change.undone for place in _places(own, change.at)]
    course = _course(own, places)
    return _shape(course, own), _fall(course, own, rules, None)


def promotion(changes: Sequence[Change], model_digest: str) -> Change | None:
    """The newest release that made a model the champion and was not rolled back."""
    made = (
        change
        for change in changes
        if change.kind is ChangeKind.RELEASE
        and not change.undone
        and change.model_digest == model_digest
    )
    return max(made, key=lambda change: change.at, default=None)


def _measured(
    performance: Performance, changes: Sequence[Change], rules: RetrainingRules
) -> list[PerformanceWindow]:
    found = [
        window
        for window in performance.windows
        if window.measured is not None
        and math.isfinite(window.measured.hits)
        and 0 <= window.measured.hits <= window.measured.of
        and window.measured.of > 0
        and performance.now - window.until <= rules.history
        and not is_spoiled(window.since, window.until, changes)
    ]
    return sorted(found, key=lambda window: (window.since, window.until))


def _predecessor(
    performance: Performance,
    changes: Sequence[Change],
    rules: RetrainingRules,
    first: PerformanceWindow,
) -> list[PerformanceWindow]:
    """Last windows of the model that answered before, in order of time."""
    others = [
        window
        for window in _measured(performance, changes, rules)
        if window.model_digest != first.model_digest and window.since <= first.since
    ]
    if not others:
        return []
    return [w for w in others if w.model_digest == others[-1].model_digest][-_PREDECESSOR:]


def _places(windows: Sequence[PerformanceWindow], at: datetime) -> list[int]:
    """The window in which a change came, and the first one that is all after it."""
    inside = next((i for i, window in enumerate(windows) if at < window.until), None)
    return [] if inside is None else [inside, inside + 1]


def _course(windows: Sequence[PerformanceWindow], places: Sequence[int]) -> Course:
    figures = [window.measured for window in windows if window.measured is not None]
    # By number: windows of two models may lie side by side, and gaps say nothing about a trend.
    return compare([f.hits for f in figures], [f.of for f in figures], announced=places)


def _step_bic(course: Course) -> float:
    return min(course.bic.get("step", math.inf), course.bic.get("announced step", math.inf))


def _is_best_step(course: Course) -> bool:
    return course.kind == "step"


def _shape(course: Course, windows: Sequence[PerformanceWindow]) -> Shape:
    if course is UNKNOWN:
        return UNKNOWN_SHAPE
    step = course.kind == "step" and course.index is not None
    before, after = course.ends if course.kind == "slope" else course.levels
    return Shape(
        kind=course.kind,
        at=windows[course.index].since if step and course.index is not None else None,
        before=before if step or course.kind == "slope" else _mean(windows),
        after=after if step or course.kind == "slope" else _mean(windows),
        bic=course.bic,
    )


def _fall(
    course: Course,
    windows: Sequence[PerformanceWindow],
    rules: RetrainingRules,
    release: Change | None,
) -> Fall | None:
    if course.kind not in ("step", "slope"):
        return None
    best = course.bic[course.kind] if course.kind == "slope" else _step_bic(course)
    rivals = [course.bic[name] for name in ("constant", "season") if name in course.bic]
    if min(rivals) - best < rules.evidence:
        return None
    before, after = course.ends if course.kind == "slope" else course.levels
    newest = windows[-1].measured
    if newest is None or before - after < rules.drop:
        return None
    if newest.hits / newest.of > (before + after) / 2:
        return None
    if course.index is None or (course.kind == "slope" and len(windows) < _FEWEST):
        return None
    last, first = windows[course.index - 1], windows[course.index]
    since = min(last.since + (last.until - last.since) / 2, first.since)
    sudden = course.kind == "step"
    rival = course.bic.get("slope", math.inf) if sudden else _step_bic(course)
    return Fall(sudden, rival - best >= rules.evidence, since, first.until, release)


def _mean(windows: Sequence[PerformanceWindow]) -> float:
    figures = [window.measured for window in windows if window.measured is not None]
    return sum(f.hits for f in figures) / sum(f.of for f in figures)
