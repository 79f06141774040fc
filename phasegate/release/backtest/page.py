"""The report of a backtest: a page that needs nothing but itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from phasegate.release import report
from phasegate.release.backtest.document import decided_at, times, unreplayable
from phasegate.release.backtest.evidence import ASSUMPTIONS
from phasegate.release.backtest.hindsight import Hindsight
from phasegate.release.backtest.run import Backtest
from phasegate.release.backtest.study import Outcome, Study
from phasegate.release.record import Status
from phasegate.release.report.bounds import bounds
from phasegate.release.report.history import History, Track, history_of
from phasegate.release.report.time_axis import duration_text, moment_text
from phasegate.release.report.timeline import timeline
from phasegate.reports.charts import Series, line_chart
from phasegate.reports.elements import code, facts, figure, figures, note, paragraph, table
from phasegate.reports.markup import Markup, element
from phasegate.reports.numerals import number
from phasegate.reports.page import Section, page, section

MOST_LINES = 4  # that a chart can tell apart
_DAY_SECONDS = 86_400


def backtest_page(found: Backtest) -> str:
    """A self-contained HTML document: the same backtest, the same bytes."""
    study, contest = found.study, found.study.contest
    parts: list[Section | Markup] = [
        _facts(found),
        section("Policies side by side", *_comparison(study)),
        section("What rests on assumptions", *_assumptions(study)),
        *(section(f"Policy {one.candidate.name}", *_policy(one)) for one in study.outcomes),
    ]
    return page(
        f"Backtest of {contest.model}",
        f"{contest.challenger.reference} against {contest.champion.reference}, replayed from "
        f"{moment_text(contest.since)} to {moment_text(contest.until)}",
        parts,
        footer=f"Past traffic of {found.source}; times are event times.",
        style=Path(report.__file__).with_name("style.css").read_text(encoding="utf-8"),
    )


def amount(study: Study, value: float, *, signed: bool = True) -> str:
    """A business value with its unit; a dash where no value is known."""
    if study.metric is None:
        return number(None)
    text = number(value, max(3, len(f"{abs(value):.0f}")))
    return f"{'+' if signed and value > 0 else ''}{text} {study.metric.unit}".rstrip()


def amounts(study: Study, seen: Hindsight) -> tuple[str, str, str]:
    """Against the champion, against switching at once, and the regret."""
    return (
        amount(study, seen.against_champion),
        amount(study, seen.against_challenger),
        amount(study, seen.regret, signed=False),
    )


def _facts(found: Backtest) -> Markup:
    study, past, contest = found.study, found.answered, found.study.contest
    valued = f"{study.valued:,} of {study.rows:,} rows" if study.metric else "no business metric"
    return facts(
        [
            ("champion", code(f"{contest.champion.reference} {contest.champion.slot}")),
            ("challenger", code(f"{contest.challenger.reference} {contest.challenger.slot}")),
            ("past traffic", f"{past.requests:,} requests of {past.entities:,} entities"),
            ("business value known", valued),
            ("a look every", duration_text(contest.every)),
            ("looks", len(contest.looks)),
            ("salt of the cohorts", code(found.salt)),
            ("left out as contradictory", past.conflicting),
        ]
    )


def _comparison(study: Study) -> Iterator[Markup]:
    rows = []
    for one in study.outcomes:
        end, seen = decided_at(one.entries), one.hindsight
        rows.append(
            (
                one.candidate.name,
                outcome(one),
                duration_text(end - study.contest.since) if end else "still running",
                seen.requests,
                seen.entities,
                *amounts(study, seen),
            )
        )
    heads = ("policy", "outcome", "after", "requests met", "entities met", "against champion",
             "against switching at once", "regret")  # fmt: skip
    yield table(heads, rows, align="lllrrrrr", caption="what each policy would have come to")
    if study.metric is None:
        yield note("No policy has a business metric with labels: no value is compared.")
    else:
        yield paragraph(
            f"Value is {study.metric.name}, of all rows whose label ever became known, also after "
            "the decisions. Requests and entities met the challenger before the release was over. "
            "Regret is what the better of never switching and switching at once would have "
            f"brought more; switching at once: {amount(study, study.at_once)}."
        )
    shown = study.outcomes[:MOST_LINES]
    yield figures(*_side_by_side(study, shown))
    if len(study.outcomes) > len(shown):
        yield note(f"The charts show the first {len(shown)} policies; the table has all.")


def _side_by_side(study: Study, shown: Sequence[Outcome]) -> Iterator[Markup]:
    since = study.contest.since

    def days(moment) -> float:
        return (moment - since).total_seconds() / _DAY_SECONDS

    axis = [0.0, *map(days, times(study))]
    shares = []
    for one in shown:
        history = history_of(one.entries)
        at = [*map(days, history.times), axis[-1]]
        weights = [100 * weight for weight in (*history.weights, history.weights[-1])]
        shares.append(Series(one.candidate.name, at, weights, step=True))
    names = {"x_label": "days of event time", "x_range": (0.0, axis[-1])}
    chart = line_chart(
        "Share of the requests that the challenger answers",
        shares, y_label="% of the requests", y_range=(0.0, 100.0), **names,
    )  # fmt: skip
    yield figure("What the challenger answers", chart, "A release that is over stays where it is.")
    if study.metric is None:
        return
    lines = [Series(one.candidate.name, axis, [0.0, *one.hindsight.path]) for one in shown]
    if len(lines) < MOST_LINES:
        lines.append(Series("switching at once", axis, [0.0, *study.switched]))
    unit = study.metric.unit or study.metric.name
    chart = line_chart("Value against the champion alone", lines, y_label=unit, **names)
    yield figure(
        "Value against keeping the champion", chart, "Zero is the champion alone. All labels count."
    )


def _assumptions(study: Study) -> Iterator[Markup]:
    yield element("ul", *(element("li", one) for one in ASSUMPTIONS))
    gates = [
        (one.candidate.name, ", ".join(found))
        for one in study.outcomes
        if (found := unreplayable(one.candidate.policy))
    ]
    if gates:
        yield table(("policy", "not replayable"), gates, caption="gates that rest on them alone",
                    stack=True)  # fmt: skip


def _policy(one: Outcome) -> Iterator[Markup]:
    history, record = history_of(one.entries), one.entries[-1].record
    yield paragraph(element("strong", outcome(one)), f": {record.reason}")
    chart = timeline(
        f"Phases, shares, looks and decisions of policy {one.candidate.name}",
        history.times,
        history.weights,
        mirrors=history.mirrors,
        stays=history.stays,
        looks=history.looks,
        marks=history.marks,
    )
    yield element("figure", chart)
    rows = [
        (moment_text(mark.at), mark.action, _reasons(one, mark.at, mark.action))
        for mark in history.marks
    ]
    yield table(("when", "what", "why"), rows, caption="decisions", stack=True)
    tracks = [(phase, track) for phase, found in history.tracks.items() for track in found]
    drawn = [_course(phase, track, history) for phase, track in tracks if _is_told(track)]
    if drawn:
        yield paragraph(
            "Estimates and bounds that hold at every look, of business value and of whatever "
            "blocked. The broken line is the limit; upright lines are decisions."
        )
        yield element("div", *drawn, class_="multiples")


def outcome(one: Outcome) -> str:
    """How it ended, and in which phase unless that was the last."""
    record = one.entries[-1].record
    if record.status is Status.PROMOTED:
        return str(record.status)
    return f"{record.status} in {record.current.name}"


def _reasons(one: Outcome, at, action: str) -> str:
    entry = next(each for each in one.entries if each.at == at and each.action == action)
    return "; ".join(entry.decision.reasons) if entry.decision else entry.reason


def _is_told(track: Track) -> bool:
    blocked = any(found.outcome == "BLOCK" for found in track.findings)
    known = any(math.isfinite(found.estimate) for found in track.findings)
    return known and (blocked or track.name.startswith("value"))


def _course(phase: str, track: Track, history: History) -> Markup:
    known = [
        (at, found)
        for at, found in zip(track.times, track.findings, strict=True)
        if math.isfinite(found.estimate)
    ]
    moments, found = [at for at, _ in known], [each for _, each in known]
    chart = bounds(
        f"{track.name} in phase {phase}: estimate and bounds over the looks",
        moments,
        [each.estimate for each in found],
        [each.lower for each in found],
        [each.upper for each in found],
        limits=[each.limit for each in found],
        marks=[mark.at for mark in history.marks if track.times[0] <= mark.at <= track.times[-1]],
        x_range=(track.times[0], track.times[-1]),
    )
    role = "guardrail" if track.guardrail else "gate"
    return figure(
        f"{phase}: {track.name}", chart, f"{role}; {found[-1].observed}, {found[-1].required}"
    )
