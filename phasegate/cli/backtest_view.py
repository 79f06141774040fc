"""A backtest in the terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from phasegate.cli.console import out
from phasegate.release.backtest.document import decided_at, unreplayable
from phasegate.release.backtest.page import amount, amounts, outcome
from phasegate.release.backtest.run import Backtest
from phasegate.release.record import Status
from phasegate.release.report.history import QUIET
from phasegate.release.report.time_axis import duration_text, moment_text

_STYLES = {
    Status.PROMOTED: "bold green",
    Status.ROLLED_BACK: "bold red",
    Status.FROZEN: "bold yellow",
    Status.ENDED: "bold yellow",
    Status.RUNNING: "bold",
}


def print_backtest(found: Backtest) -> None:
    """Print the policies side by side, and then the decisions of each."""
    study, contest, past = found.study, found.study.contest, found.answered
    out.print(
        f"[bold]{escape(contest.challenger.reference)}[/] against "
        f"{escape(contest.champion.reference)}, {past.requests:,} requests of "
        f"{past.entities:,} entities, {moment_text(contest.since)} to "
        f"{moment_text(contest.until)}, {len(contest.looks):,} looks"
    )
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("policy", "outcome", "after"):
        shown.add_column(head)
    heads = ("requests met", "entities met", "vs champion", "vs switch at once", "regret")
    for head in heads:
        shown.add_column(head, justify="right")
    for one in study.outcomes:
        end, seen = decided_at(one.entries), one.hindsight
        shown.add_row(
            escape(one.candidate.name),
            f"[{_STYLES[one.entries[-1].record.status]}]{escape(outcome(one))}[/]",
            duration_text(end - contest.since) if end else "still running",
            f"{seen.requests:,}",
            f"{seen.entities:,}",
            *map(escape, amounts(study, seen)),
        )
    out.print(shown)
    if study.metric:
        said = f"value: {study.metric.name}, known of {study.valued:,} of {study.rows:,} rows"
        out.print(f"{said}; switching at once {amount(study, study.at_once)}", markup=False)
    else:
        out.print("[yellow]no business metric with labels: no value is compared[/]")
    for one in study.outcomes:
        out.print(f"\n[bold]{escape(one.candidate.name)}[/]")
        steps = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for entry in one.entries:
            if entry.action not in QUIET:
                why = entry.decision.reasons if entry.decision else (entry.reason,)
                steps.add_row(
                    f"  {moment_text(entry.at)}", entry.action, escape("; ".join(why[:3]))
                )
        out.print(steps)
    metrics = sorted(
        {
            gate.split(": ")[1]
            for one in study.outcomes
            for gate in unreplayable(one.candidate.policy)
        }
    )
    if metrics:
        out.print(
            f"[dim]not replayable, taken to be as good as the champion's: {', '.join(metrics)}[/]"
        )
