"""Where a release stands, on screen: what it is in, what it still lacks, what can be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from phasegate.cli.console import OUTCOME_STYLES, out
from phasegate.release.decision import Finding
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence, Traffic
from phasegate.release.record import ReleaseRecord, Status
from phasegate.release.report.standing import (
    Progress,
    earliest,
    gates_and_guardrails,
    headline,
    next_steps,
    patience_ends,
    progress,
    shares_text,
)
from phasegate.release.report.status import status_json, traffic_problem
from phasegate.release.report.time_axis import duration_text, moment_text

WIDTH = 80  # columns, at most: a status stands beside other things
LABEL = 10
MOST_GATES, MOST_CELLS = 8, 240
_STYLES = {
    Status.RUNNING: "bold blue",
    Status.FROZEN: "bold yellow",
    Status.PROMOTED: "bold green",
    Status.ROLLED_BACK: "bold red",
    Status.ENDED: "bold yellow",
}
_SIGNS = {"PASS": "✓", "BLOCK": "✕", "INCONCLUSIVE": "?"}
__all__ = ["print_status", "status_json"]
_ASCII = str.maketrans({"✓": "+", "✕": "x", "▶": ">", "○": "o", "Ⅱ": "=", "━": "-", "─": "-",
                        "█": "#", "░": ".", "…": ".", "·": "-"})  # fmt: skip


def print_status(
    entry: Entry | None,
    *,
    now: datetime,
    traffic: Traffic | None = None,
    kill: bool | None = None,
    evidence: Evidence | None = None,
    console: Console = out,
) -> None:
    """Print where a release stands, so that it is grasped at a glance.

    Args:
        entry: the newest; None where there is no release.
        now: event time.
        traffic: what the proxy does; None where it was not asked or does not answer.
        kill: whether the kill switch is on; None where it is not known.
        evidence: of the last look; without it, requests and entities are not told.
        console: where to.
    """
    ascii_only = console.options.ascii_only
    for line in _lines(entry, now, traffic, kill, evidence):
        if ascii_only:
            line.plain = line.plain.translate(_ASCII).encode("ascii", "replace").decode()
        console.print(line, soft_wrap=True)


def _lines(
    entry: Entry | None,
    now: datetime,
    traffic: Traffic | None,
    kill: bool | None,
    evidence: Evidence | None,
) -> Iterator[Text]:
    if entry is None:
        yield Text("no release", "bold")
        yield from _next(None)
        return
    record = entry.record
    first = Text().append(f"{_plain(record.model)}: ", "bold")
    first.append(_plain(headline(record, now)), _STYLES[record.status])
    yield from _labelled("", first, indent=0)
    if record.status is not Status.RUNNING:
        yield from _labelled("", Text(_plain(record.reason)), indent=0)
    if kill or (traffic is not None and traffic.killed):
        yield Text("kill switch is on: the champion answers everything", "bold red")
    if problem := traffic_problem(record, traffic):
        yield from _labelled("", Text(_plain(problem), "red"), indent=0)
    yield from _labelled("", Text(
        f"{_plain(record.challenger.reference)} ({record.challenger.slot}) against "
        f"{_plain(record.champion.reference)} ({record.champion.slot})", "dim",
    ), indent=0)  # fmt: skip
    yield Text()
    yield from _phases(record)
    yield Text()
    gates, guardrails = gates_and_guardrails(entry)
    if not record.is_over:
        yield from _minimum(progress(record, now, evidence))
        yield from _gates(gates, entry)
        yield from _guardrails(guardrails, record)
    yield from _last(entry, now)
    if not record.is_over:
        yield from _ahead(record, now)
    yield from _next(record)


def _phases(record: ReleaseRecord) -> Iterator[Text]:
    """Phases in a row, each over what the challenger gets in it; more rows where it is narrow."""
    names, shares = Text(), Text()
    for index, phase in enumerate(record.policy.phases):
        done = index < record.phase or record.status is Status.PROMOTED
        sign, style = ("✓", "green") if done else ("○", "dim")
        if index == record.phase and not done:
            style = _STYLES[record.status]
            sign = {Status.RUNNING: "▶", Status.FROZEN: "Ⅱ"}.get(record.status, "✕")
        name, share = f"{sign} {_plain(phase.name, 24)}", f"  {shares_text(phase)}"
        width = max(cell_len(name), cell_len(share), 11) + 2
        if names and cell_len(names.plain) + width > WIDTH:
            yield from (names, shares)
            names, shares = Text(), Text()
        last = index + 1 == len(record.policy.phases)
        rule = "" if last else ("━" if done else "─") * (width - cell_len(name) - 2) + " "
        names.append(f"{name} ", style).append(rule, "green" if done else "dim")
        shares.append(set_cell_size(share, width), "" if index == record.phase else "dim")
    shares.rstrip()
    yield from (names, shares)


def _minimum(minimum: Sequence[Progress]) -> Iterator[Text]:
    for index, one in enumerate(one for one in minimum if one.needed and one.seen is not None):
        bar = "█" * int(12 * one.share)
        line = Text().append(bar, "green" if one.is_reached else "blue")
        line.append("░" * (12 - len(bar)), "dim").append(f"  {_amount(one)}")
        if one.is_reached:
            line.append(" ✓", "green")
        yield from _labelled("minimum" if not index else "", line)
    if unknown := [one for one in minimum if one.needed and one.seen is None]:
        said = " and ".join(f"{one.needed:,} {one.name}" for one in unknown)
        yield from _labelled("", Text(f"{said} needed; how many there are is not known", "dim"))


def _amount(one: Progress) -> str:
    if one.name == "duration":
        return _of(one.seen or 0.0, one.needed)
    return f"{one.seen:,} of {one.needed:,} {one.name}"


def _of(seen: float, needed: float) -> str:
    size, unit = next(
        (size, unit)
        for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))
        if needed >= 2 * size or size == 1
    )
    # Rounded down: 6.99 days are not 7.
    return f"{int(10 * seen / size) / 10:,g} of {int(10 * needed / size) / 10:,g} {unit}"


def _gates(gates: Sequence[Finding], entry: Entry) -> Iterator[Text]:
    missing = [gate for gate in gates if gate.outcome != "PASS"]
    passed = len(gates) - len(missing)
    if not gates:
        said = "not looked at yet" if entry.decision is None else "none at the last look"
        yield from _labelled("gates", Text(said))
        return
    yield from _labelled("gates", Text(f"{passed} of {len(gates)} passed"))
    for gate in missing[:MOST_GATES]:
        outcome = str(gate.outcome)
        line = Text().append(f"{_SIGNS[outcome]} {outcome} ", OUTCOME_STYLES[outcome])
        line.append(f"{_plain(gate.name)}: {_plain(gate.observed)}")
        line.append(f", required {_plain(gate.required)}", "dim")
        yield from _labelled("", line)
    if len(missing) > MOST_GATES:
        yield from _labelled("", Text(f"and {len(missing) - MOST_GATES} more", "dim"))


def _guardrails(guardrails: Sequence[Finding], record: ReleaseRecord) -> Iterator[Text]:
    harm = [_plain(found.name) for found in guardrails if found.outcome == "BLOCK"]
    if harm:
        line = Text(f"✕ harm: {', '.join(harm[:MOST_GATES])}", "bold red")
    elif guardrails:
        line = Text(f"no harm shown by {len(guardrails)}", "green")
    else:
        line = Text("not looked at yet" if record.current.guardrails else "none in this phase")
    yield from _labelled("guardrails", line)


def _last(entry: Entry, now: datetime) -> Iterator[Text]:
    line = Text().append(_plain(entry.action), "bold")
    line.append(f", {_ago(entry, now)}, by {_plain(entry.actor, 40)}: {_plain(entry.reason)}")
    yield from _labelled("last", line)


def _ago(entry: Entry, now: datetime) -> str:
    passed = now - entry.at
    is_recent = timedelta(seconds=1) <= passed < timedelta(days=2)
    return f"{duration_text(passed)} ago" if is_recent else moment_text(entry.at)


def _ahead(record: ReleaseRecord, now: datetime) -> Iterator[Text]:
    first, ends = earliest(record), patience_ends(record)
    last = record.phase + 1 == len(record.policy.phases)
    ahead = "promotion" if last else _plain(record.policy.phases[record.phase + 1].name, 24)
    if record.status is Status.FROZEN:
        said = "frozen: nothing goes forwards until it is resumed"
    elif first is None:
        said = f"to {ahead}: not before traffic follows"
    elif first > now:
        said = f"to {ahead}: {moment_text(first)} at the earliest, in {duration_text(first - now)}"
    else:
        said = f"to {ahead}: as soon as nothing is missing at a look"
    yield from _labelled("ahead", Text(said))
    if ends is not None and record.status is not Status.FROZEN:
        ending = "freezes" if record.current.at_end == "freeze" else "ends"
        yield from _labelled("", Text(f"undecided, it {ending} after {moment_text(ends)}", "dim"))


def _next(record: ReleaseRecord | None) -> Iterator[Text]:
    steps = list(next_steps(record))
    widest = max(len(command) for command, _ in steps)
    for index, (command, purpose) in enumerate(steps):
        line = Text(f"{command:<{widest}}")
        line.append(f"  {purpose}", "dim")
        yield from _labelled("" if index else "next", line)


def _labelled(label: str, line: Text, *, indent: int = LABEL + 2) -> Iterator[Text]:
    """A line behind its label, broken at spaces where it is too long, and set in below itself."""
    room = WIDTH - indent
    for index, part in enumerate(line.wrap(out, room)):
        part.rstrip()
        before = label if not index else ""
        yield Text().append(set_cell_size(before, indent), "dim").append_text(part)


def _plain(said: str, cells: int = MOST_CELLS) -> str:
    """Other people's words on one line, without what would steer the terminal."""
    words = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return words if cell_len(words) <= cells else f"{set_cell_size(words, cells - 1)}…"
