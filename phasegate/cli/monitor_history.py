"""What was decided about a model over time, for people and as JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.markup import escape
from rich.table import Table

from phasegate.cli.console import out
from phasegate.cli.monitor_summary import STYLES
from phasegate.monitoring.retraining.answers import open_answers
from phasegate.monitoring.retraining.journal import Journal
from phasegate.monitoring.retraining.recording import open_questions, open_rollbacks
from phasegate.monitoring.timeline import timeline
from phasegate.values import to_json


def summarize_history(journal: Journal, last: int) -> dict[str, Any]:
    """A model's journal as plain values: newest decision, what is open, what happened lately."""
    entries = journal.entries()
    moments = timeline(entries)
    decided = [entry.event.decision for entry in entries if entry.event.decision]
    return {
        "model": journal.model,
        "decision": to_json(decided[-1]) if decided else None,
        "questions": [
            {"entry": entry.sequence, "reason": entry.event.reason}
            for entry in open_questions(entries)
        ],
        "answers": [
            {
                "entry": one.sequence,
                "answer": str(one.event.answer),
                "reason": one.event.reason,
                "actor": one.event.actor,
            }
            for one in open_answers(entries)
        ],
        "rollbacks": [
            {"entry": entry.sequence, "change": to_json(entry.event.change)}
            for entry in open_rollbacks(entries)
        ],
        "entries": len(entries),
        "timeline": [
            {**dataclasses.asdict(one), "at": one.at.isoformat()} for one in moments[-last:]
        ],
    }


def print_history(summary: dict[str, Any]) -> None:
    """Print a model's history, newest last."""
    if decision := summary["decision"]:
        style = STYLES.get(decision["action"], "bold")
        out.print(
            f"[bold]{escape(summary['model'])}[/] [bold {style}]{decision['action']}[/] for "
            f"{decision['since'][:10]} to {decision['until'][:10]}"
        )
        for reason in decision["reasons"]:
            out.print(f"  • {escape(reason)}")
    else:
        out.print(f"[bold]{escape(summary['model'])}[/] nothing was decided yet")
    for asked in summary["questions"]:
        out.print(
            f"[magenta]?[/] question {asked['entry']}: {escape(asked['reason'])}\n"
            f"  phasegate monitor answer {asked['entry']} ACTION --reason ..."
        )
    for one in summary["answers"]:
        out.print(
            f"[magenta]![/] {escape(one['actor'])} answered {one['answer']}: the next run does it"
        )
    for asked in summary["rollbacks"]:
        out.print(f"[red]↶[/] to be taken back: {escape(str((asked['change'] or {}).get('what')))}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("event time", "what", "about", "why"):
        table.add_column(title, style="dim" if title == "event time" else None)
    for one in summary["timeline"]:
        table.add_row(
            one["at"][:16].replace("T", " "), escape(one["what"]), escape(one["about"]),
            escape(one["reason"]),
        )  # fmt: skip
    out.print(table)
