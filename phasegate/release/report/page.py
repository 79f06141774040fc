"""The report of one release: a page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from phasegate.errors import BadInput
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.record import ReleaseRecord, Status
from phasegate.release.report.bounds import bounds
from phasegate.release.report.history import History, Track, history_of, newest_release
from phasegate.release.report.standing import elapsed, sentence, shares_text
from phasegate.release.report.tables import (
    audit_table,
    budget_table,
    clipped,
    findings_table,
    phases_table,
    slices_table,
)
from phasegate.release.report.time_axis import duration_text, moment_text
from phasegate.release.report.timeline import timeline
from phasegate.reports.elements import badge, code, facts, figure, note, paragraph
from phasegate.reports.markup import Markup, element, join, void
from phasegate.reports.page import Section, page, section

MOST_CHARTS = 12  # of a phase; the table of findings has all
_HARM: dict[str, Literal["above", "below"]] = {"≤": "above", "≥": "below"}
_TONE = {
    Status.RUNNING: ("running", "▸"),
    Status.FROZEN: ("unsure", "Ⅱ"),
    Status.PROMOTED: ("pass", "✓"),
    Status.ROLLED_BACK: ("block", "✕"),
    Status.ENDED: ("unsure", "?"),
}


def release_report(entries: Sequence[Entry], evidence: Callable[[str], Evidence | None]) -> str:
    """A self-contained HTML document about the release that the last entry is of.

    Args:
        entries: audit entries of a model in order; those of earlier releases are left out.
        evidence: evidence by its digest, None where it is gone; asked a few times only.

    Raises:
        BadInput: there are no entries.
    """
    own = newest_release(entries)
    if not own:
        raise BadInput("there is no release to report on", fix="start one: phasegate release start")
    record, history = own[-1].record, history_of(own)
    parts: list[Section | Markup] = [_banner(own), *_alteration(own), _facts(own)]
    parts.append(section("Timeline", _timeline(history)))
    parts.append(section("Findings", *_findings(own)))
    if history.tracks:
        parts.append(section("Evidence and bounds", *_bounds(history)))
    if slices := slices_table(own, evidence):
        parts.append(section("Slices", *slices))
    parts.append(section("Rules", phases_table(record.policy)))
    parts.append(section("Error budget", *budget_table(record.policy)))
    parts.append(section("Audit log", audit_table(own)))
    parts.append(section("How to verify it", *_verification(own[-1])))
    subtitle = f"{record.challenger.reference} to take the place of {record.champion.reference}"
    foot = f"From audit entries {own[0].sequence:,} to {own[-1].sequence:,}; times are event times."
    return page(f"Release of {record.model}", subtitle, parts, footer=foot, style=_style())


def _banner(entries: Sequence[Entry]) -> Markup:
    record = entries[-1].record
    tone, sign = _TONE[record.status]
    where = record.current.name
    if record.status is Status.RUNNING:
        where += f", {elapsed(record, entries[-1].at)}"
    gate = f"Release {record.release}"
    return element(
        "div",
        element("span", sign, class_="sign", aria_hidden="true"),
        element(
            "div",
            element("p", gate, class_="gate"),
            element("p", str(record.status).capitalize(), class_="outcome"),
            element("p", element("strong", where), ": ", clipped(sentence(entries))),
        ),
        class_=f"verdict {tone}",
        role="region",
        aria_label="outcome",
    )


def _facts(entries: Sequence[Entry]) -> Markup:
    record, last = entries[-1].record, entries[-1]
    over = "yes" if record.settled else "not seen yet"
    lasted = duration_text(max(last.at, record.started) - record.started)
    pairs = [
        ("champion", _version(record, "champion")),
        ("challenger", _version(record, "challenger")),
        ("started", moment_text(record.started)),
        ("last entry", moment_text(last.at)),
        ("so far" if not record.is_over else "lasted", lasted),
    ]
    if record.is_over:
        pairs.append(("traffic and registry follow", over))
    else:
        pairs.append(("challenger gets", shares_text(record.current)))
    return facts(pairs)


def _version(record: ReleaseRecord, role: str) -> Markup:
    version = getattr(record, role)
    return join([version.reference, void("br"), code(version.digest[:12])])


def _timeline(history: History) -> Markup:
    chart = timeline(
        "Phases, shares, looks and decisions over event time",
        history.times,
        history.weights,
        mirrors=history.mirrors,
        stays=history.stays,
        looks=history.looks,
        marks=history.marks,
    )
    words = "Shares are those that the record asks for. Each stroke is a look at the evidence; "
    words += "the decisions say more when they are pointed at, and stand in the audit log."
    return element("figure", chart, element("figcaption", words))


def _findings(entries: Sequence[Entry]) -> list[Markup]:
    last = next((e for e in reversed(entries) if e.decision and e.decision.findings), None)
    if last is None:
        return [paragraph("No gate was looked at yet.")]
    reasons = [element("li", clipped(reason)) for reason in last.decision.reasons[:20]]
    said = f"Decided at {moment_text(last.at)}: {last.decision.action}, because"
    shown = findings_table(last.decision.findings, "findings, the worst first")
    return [paragraph(said), element("ul", *reasons), shown]


def _bounds(history: History) -> list[Markup]:
    words = "Line: estimate. Band: bounds that hold at every look. Broken line: the limit that "
    words += "they are held against, and beyond it, tinted, is harm. Upright lines: decisions."
    parts = [paragraph(words)]
    for phase, tracks in history.tracks.items():
        worst = sorted(tracks, key=lambda track: (not _ever_blocked(track), track.guardrail))
        parts.append(element("h3", f"Phase {phase}", class_="phase-title"))
        shown = _shown(phase, history, tracks)
        charts = [_chart(track, history, shown) for track in worst[:MOST_CHARTS]]
        parts.append(element("div", *charts, class_="multiples"))
        if len(worst) > MOST_CHARTS:
            left_out = len(worst) - MOST_CHARTS
            parts.append(note(f"{left_out:,} more that never blocked or come later are not drawn."))
    return parts


def _ever_blocked(track: Track) -> bool:
    return any(found.outcome == "BLOCK" for found in track.findings)


def _shown(phase: str, history: History, tracks: Sequence[Track]) -> tuple[datetime, datetime]:
    """From the phase's begin to its last look: all its charts have one axis."""
    times = [moment for track in tracks for moment in track.times]
    begun = [stay.start for stay in history.stays if stay.phase == phase]
    return min(begun + times), max(times)


def _chart(track: Track, history: History, shown: tuple[datetime, datetime]) -> Markup:
    last = track.findings[-1]
    title = join([badge(last.outcome), " ", clipped(track.name)])
    chart = bounds(
        f"{clipped(track.name)}: estimate and bounds over the looks",
        track.times,
        [found.estimate for found in track.findings],
        [found.lower for found in track.findings],
        [found.upper for found in track.findings],
        limits=[found.limit for found in track.findings],
        anew=track.anew,
        marks=[m.at for m in history.marks if shown[0] <= m.at <= shown[1]],
        x_range=shown,
        harm=_HARM.get(last.required[:1], ""),
    )
    role = "guardrail, " if track.guardrail else ""
    seen = f"{role}{clipped(last.observed)}; required: {clipped(last.required)}"
    return figure(title, chart, seen)  # type: ignore[arg-type]


def _alteration(entries: Sequence[Entry]) -> list[Markup]:
    edited = [entry.sequence for entry in entries if entry.hash != entry.expected_hash()]
    edited += [
        after.sequence for before, after in pairwise(entries) if after.previous != before.hash
    ]
    if not edited:
        return []
    words = f"The audit log does not hold together at entry {min(edited):,}: it was changed, or "
    words += "entries are missing. What this page shows may not be what happened. "
    return [note(words, "Run ", code("phasegate audit verify"), ".", kind="warning")]


def _verification(last: Entry) -> list[Markup]:
    words = (
        "Each entry of the audit log has a hash over all that it says, and the hash of the entry "
        "before it: an entry that is changed, left out or moved no longer fits. The newest hash "
        "stands for the whole log; keep it elsewhere to find a log that was written anew."
    )
    command = element("pre", element("code", "phasegate audit verify"))
    return [
        paragraph(words),
        command,
        facts([("entry", last.sequence), ("hash of the newest entry", code(last.hash))]),
    ]


@cache
def _style() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")
