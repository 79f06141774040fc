"""What the replay says while it goes on, and at its end."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from examples.replay.daily import daily
from examples.replay.measures import is_below, precision
from examples.replay.operations import Operations
from examples.replay.record import Happening, Judged, Span, What, World, spans
from examples.replay.story import DAY, WEEK
from examples.replay.summary import Summary
from phasegate.cli.console import err, out
from phasegate.monitoring.performance.series import Confusion

_LONGEST = 150
_STYLES = {
    What.BUG: "bold red",
    What.UNDONE: "bold green",
    What.PROMOTED: "bold green",
    What.ROLLED_BACK: "bold red",
    What.BLOCKED: "yellow",
    What.ASKED: "yellow",
    What.ALERT: "yellow",
}


def say(text: str) -> None:
    """A line of progress."""
    err.print(f"  {_clipped(text)}", markup=False, style="dim")


def print_title(text: str) -> None:
    """What comes now."""
    out.print(f"\n[bold]{escape(text)}[/]")


class Teller:
    """Tells what happened, each thing once, and a week when its monitoring has ended.

    Args:
        operations: whose history is told.
        floor: of precision.
    """

    def __init__(self, operations: Operations, floor: float) -> None:
        self._operations, self._floor = operations, floor
        self._happened = self._weeks = 0
        self._stood: dict[datetime, tuple[str, str]] = {}
        print_title("six months, week by week")
        pair = f"{'with':>6}{'without':>8}"
        heads = (
            f"{'':38}{'week by itself':>14}   {'four weeks':>14}",
            f"  week        requests  {'champion':<14}{pair}   {pair}  drift  decision   release",
        )
        for head in heads:
            out.print(head, style="dim", markup=False)

    def tell(self) -> None:
        """What is new."""
        history = self._operations.history
        for happening in history.happenings[self._happened :]:
            print_happening(happening)
        self._happened = len(history.happenings)
        weeks = spans(history.pieces, WEEK)
        self._stood[history.pieces[-1].until] = self._operations.champion, self._operations.phase
        judged = {one.at: one for one in history.judged}
        for number, week in enumerate(weeks[self._weeks :], self._weeks + 1):
            if week.until - week.since < WEEK or week.until not in judged:
                break
            self._print_week(number, week, judged[week.until])
            self._weeks = number

    def _print_week(self, number: int, week: Span, judged: Judged) -> None:
        champion, phase = self._stood[week.until]
        last = week.until - DAY
        pieces = self._operations.history.pieces
        behind = [one.behind for w in World for one in daily(pieces, w) if one.at == last]
        own, four = (
            "  ".join(_colored(one, self._floor) for one in pair)
            for pair in ([week.side(world) for world in World], behind)
        )
        action = judged.action.replace("_", " ").lower()
        out.print(
            f"  {number:>2}  {week.since:%b %d}  {week.requests:>8,}  {escape(champion):<13}"
            f" {own}   {four}  {judged.drifted:>5}  {action:<9}  {escape(phase)}"
        )


def print_happening(happening: Happening) -> None:
    """A line for something that happened."""
    style = _STYLES.get(happening.what, "bold")
    words = f"{happening.at:%b %d %H:%M}  {happening.what}"
    out.print(f"      [{style}]{escape(words)}[/]  {escape(_clipped(happening.said))}")


def print_summary(summary: Summary, page: Path, audit: str, seconds: float,
                  notes: tuple[str, ...]) -> None:  # fmt: skip
    """What it came to."""
    print_title("what it came to")
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("with Phasegate", justify="right", no_wrap=True)
    table.add_column("without", justify="right", no_wrap=True)
    one, other = summary.guarded, summary.unwatched
    for name, said in _FIGURES.items():
        table.add_row(name, said(one), said(other))
    out.print(table)
    out.print(f"  {summary.requests:,} requests of users, {summary.failed} failed")
    out.print(f"  pipeline bug taken back after  {_duration(summary.bug_delay)}")
    out.print(f"  first training after the drift began  {_duration(summary.drift_delay)}")
    out.print(
        f"  {summary.trainings} retrained, {summary.blocked} stopped by a gate, "
        f"{summary.promotions} promoted, {summary.rollbacks} releases rolled back"
    )
    out.print(f"  {audit}", markup=False)
    for note in notes:
        out.print(f"  {note}", style="dim", markup=False)
    for flaw in summary.flaws:
        out.print(f"[bold red]wrong[/]  {escape(flaw)}")
    out.print(f"timeline  {page.as_uri()}", markup=False, soft_wrap=True)
    out.print(
        f"\n{'[bold red]the story did NOT hold[/]' if summary.flaws else 'the story held'}; "
        f"{seconds:.0f} seconds in all"
    )


_FIGURES = {
    "days below the floor": lambda side: f"{side.days_below}",
    "  of them by the bug alone": lambda side: f"{side.bug_days}",
    "weeks below it, each by itself": lambda side: f"{side.weeks_below}",
    "lowest precision of four weeks": lambda side: f"{side.lowest:.1%}",
    "precision, first four weeks": lambda side: f"{side.first:.1%}",
    "precision, last four weeks": lambda side: f"{side.last:.1%}",
    "recall, first four weeks": lambda side: f"{side.first_recall:.1%}",
    "recall, last four weeks": lambda side: f"{side.last_recall:.1%}",
    "worth of all decisions": lambda side: f"{side.value:,.0f} EUR",
}


def _colored(confusion: Confusion, floor: float) -> str:
    value = precision(confusion)
    if math.isnan(value):
        return "     —"
    style = "bold red" if is_below(confusion, floor) else "green"
    return f"[{style}]{value:>6.1%}[/]"


def _duration(duration: timedelta | None) -> str:
    if duration is None:
        return "never"
    days = duration / timedelta(days=1)
    return f"{duration / timedelta(hours=1):.0f} hours" if days < 2 else f"{days:.0f} days"


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
