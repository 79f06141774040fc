"""A retraining decision as a page: what is done and why, the metric over time, the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from phasegate.monitoring.observed import Observed
from phasegate.monitoring.performance.series import Figure, Performance, PerformanceWindow
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.monitoring.retraining.entry import Entry
from phasegate.reports import (
    Mark,
    Markup,
    Section,
    Series,
    code,
    facts,
    figure,
    line_chart,
    note,
    number,
    page,
    paragraph,
    section,
    table,
)
from phasegate.reports.markup import element

_DAY = 86_400
SAID = {
    Action.NOTHING: "Nothing is done.",
    Action.RETRAIN: "The model is to be retrained.",
    Action.ROLL_BACK: "A change is to be taken back.",
    Action.ASK: "A person has to decide.",
}


def page_of(
    observed: Observed,
    performance: Performance,
    decision: RetrainingDecision,
    policy: MonitoringPolicy,
    sequence: int,
    asked: Entry | None = None,
    answer: Entry | None = None,
) -> str:
    """A self-contained HTML page on a decision; same values, same bytes.

    Args:
        sequence: of the journal's entry.
        asked: question to a person that was answered.
        answer: that the decision rests on.
    """
    reasons = element("ul", *(element("li", reason) for reason in decision.reasons))
    parts: list[Section | Markup] = [
        section(f"{decision.action}: {SAID[decision.action]}", reasons, *_change(decision.change))
    ]
    if asked is not None and answer is not None:
        parts.append(_answer(asked, answer, decision))
    if performance.windows:
        parts.append(section("Performance", _chart(performance, decision)))
    parts.append(_shape(decision, policy))
    if observed.changes:
        parts.append(_changes(observed.changes))
    digests = [(name, code(digest)) for name, digest in decision.evidence.items()]
    parts.append(section("What it rests on", facts([*digests, ("journal entry", f"{sequence}")])))
    subtitle = (
        f"{observed.model_version}, {decision.since:%Y-%m-%d %H:%M} to "
        f"{decision.until:%Y-%m-%d %H:%M} UTC"
    )
    footer = paragraph("Model ", code(decision.model_digest))
    return page(f"What to do about {observed.model}", subtitle, parts, footer=footer)


def _change(change: Change | None) -> list[Markup]:
    if change is None:
        return []
    return [
        note(
            f"To be taken back: the {change.kind} change '{change.what}' of "
            f"{change.at:%Y-%m-%d %H:%M} UTC by {change.actor}.",
            kind="warning",
        )
    ]


def _answer(asked: Entry, answer: Entry, decision: RetrainingDecision) -> Section:
    event = answer.event
    told = {
        "question": f"{asked.event.reason} (entry {asked.sequence})",
        "answer": f"{event.answer} (entry {answer.sequence})",
        "who, when": f"{event.actor}, {event.at:%Y-%m-%d %H:%M} UTC",
        "why": event.reason,
        "what is done": "what was answered" if decision.is_a_persons else "what the rules say",
    }
    return section("A person's answer", facts(told))


def _chart(performance: Performance, decision: RetrainingDecision) -> Markup:
    windows = performance.windows
    start = min(window.since for window in windows)
    ends = [_days(windows[0].since, start), _days(max(w.until for w in windows), start)]
    lines = [
        _line("on labels", [(one, one.measured) for one in windows], start),
        _line("estimated", [(one, one.estimated) for one in windows], start),
        Series("floor", ends, [performance.floor, performance.floor]),
        *_fitted(decision, windows, start),
    ]
    marks = []
    if decision.shape.at is not None:
        when = f"step at {decision.shape.at:%Y-%m-%d}"
        marks.append(Mark(when, _days(decision.shape.at, start), decision.shape.after, 3))
    svg = line_chart(
        f"{performance.metric} over time",
        [line for line in lines if len(line.x)],
        x_label=f"days since {start:%Y-%m-%d}",
        y_label=performance.metric,
        marks=marks,
    )
    caption = "Windows at their middle; the newest ones have no labels yet, and are estimated."
    return figure(f"{performance.metric} of those who answered users", svg, caption)


def _line(
    name: str, points: Sequence[tuple[PerformanceWindow, Figure | None]], start: datetime
) -> Series:
    known = [
        (_days(window.since + (window.until - window.since) / 2, start), found.value)
        for window, found in points
        if found is not None
    ]
    return Series(name, [x for x, _ in known], [y for _, y in known])


def _fitted(
    decision: RetrainingDecision, windows: Sequence[PerformanceWindow], start: datetime
) -> list[Series]:
    shape = decision.shape
    measured = [window for window in windows if window.measured is not None]
    own = [one for one in measured if one.model_digest == decision.model_digest]
    shown = measured if shape.kind == "step" else own
    if not shown or not math.isfinite(shape.before):
        return []
    first, last = _days(shown[0].since, start), _days(shown[-1].until, start)
    if shape.at is not None:
        at = _days(shape.at, start)
        return [Series("step", [first, at, at, last], [shape.before] * 2 + [shape.after] * 2)]
    return [Series(shape.kind, [first, last], [shape.before, shape.after])]


def _shape(decision: RetrainingDecision, policy: MonitoringPolicy) -> Section:
    least = min(decision.shape.bic.values(), default=math.nan)
    rows = [
        (name, number(value), number(value - least))
        for name, value in sorted(decision.shape.bic.items(), key=lambda item: item[1])
    ]
    text = (
        "Models of the measured windows by the Bayesian information criterion, lower is better. A "
        f"step or a slope is believed where it is {number(policy.retraining.evidence)} below "
        "constant and season."
    )
    empty = "There are too few measured windows."
    headers = ("model", "BIC", "above the best")
    return section("Shape", paragraph(text), table(headers, rows, align="lrr", empty=empty))


def _changes(changes: Sequence[Change]) -> Section:
    rows = [
        (
            f"{change.at:%Y-%m-%d %H:%M}",
            str(change.kind),
            change.what,
            change.actor,
            "yes" if change.undone else "no",
        )
        for change in changes
    ]
    return section("Changes", table(("when, UTC", "kind", "what", "who", "taken back"), rows))


def _days(moment: datetime, start: datetime) -> float:
    return (moment - start).total_seconds() / _DAY
