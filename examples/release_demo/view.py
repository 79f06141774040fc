"""What the demo says: progress on standard error, the story and its end on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rich.markup import escape
from rich.table import Table

from examples.release_demo.journey import Day, Journey
from examples.release_demo.outcome import Outcome
from examples.release_demo.scenarios import Scenario
from examples.release_demo.training import Trained
from phasegate.cli.console import err, out
from phasegate.release.record import Status

_STYLES = {Status.PROMOTED: "bold green", Status.ROLLED_BACK: "bold red"}
_LONGEST = 170  # characters of a reason


def say(text: str) -> None:
    """A line of progress."""
    err.print(f"  {_clipped(text)}", markup=False, style="dim")


def print_title(text: str) -> None:
    """What comes now."""
    out.print(f"\n[bold]{escape(text)}[/]")


def print_scenario(scenario: Scenario, challenger: Trained, champion: Trained) -> None:
    """Who asks for whose place."""
    print_title(f"{scenario.name}: {challenger.reference} wants the place of {champion.reference}")
    out.print(f"  {scenario.story}", markup=False)
    out.print(
        f"  offline it passed every gate: precision {challenger.precision:.3f}, recall "
        f"{challenger.recall:.3f} (the champion: {champion.precision:.3f}, {champion.recall:.3f})",
        markup=False,
    )


def print_day(day: Day) -> None:
    """A line of the timeline."""
    out.print(
        f"  day {day.number:>2}  {day.phase:<7}{day.weight / 100:>4g} %"
        f"  {day.requests:>6,} requests"
        f"  {_action(day):<9}  {_clipped(day.entry.reason)}",
        markup=False,
    )


def print_end(journey: Journey) -> None:
    """How it ended."""
    record = journey.end.record
    style = _STYLES.get(record.status, "bold yellow")
    when = f"after {_days(journey.end.at - journey.started)}, by the {journey.end.actor}"
    times = "once" if journey.kills == 1 else f"{journey.kills} times"
    killed = f"; its server was killed {times}" if journey.kills else ""
    for reason in journey.end.decision.reasons[1:] if journey.end.decision else ():
        out.print(f"          and  {_clipped(reason)}", markup=False)
    out.print(f"  [{style}]{record.status}[/] in {record.current.name} {when}{killed}")


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """The table at the end, and what is wrong."""
    print_title("what became of them")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("scenario", "outcome", "phase", "event time", "wall time"):
        table.add_column(name, no_wrap=True)
    for name in ("user requests", "by challenger", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("audit log", no_wrap=True)
    for outcome in outcomes:
        journey = outcome.journey
        record = journey.end.record
        table.add_row(
            journey.scenario.name,
            f"[{_STYLES.get(record.status, 'bold yellow')}]{record.status}[/]",
            record.current.name,
            _days(journey.end.at - journey.started),
            f"{journey.seconds:.0f} s",
            f"{journey.requests:,}",
            f"{journey.by_role['challenger']:,}",
            f"{journey.failed.total():,}",
            outcome.audit,
        )
    out.print(table)
    for outcome in outcomes:
        out.print(f"report  {outcome.journey.scenario.name:<12} {outcome.report.as_uri()}")
    for outcome in outcomes:
        for flaw in outcome.flaws:
            out.print(f"[bold red]wrong[/]  {outcome.journey.scenario.name}: {escape(flaw)}")


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _action(day: Day) -> str:
    return "hold" if day.entry.action == "look" else day.entry.action


def _days(duration: timedelta) -> str:
    return f"{duration / timedelta(days=1):.1f} days"
