"""Schedules and what is to be done about them, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from phasegate.cli.console import out
from phasegate.scheduling.diff import lines, summarize
from phasegate.scheduling.operating import Listed
from phasegate.scheduling.plan import Change

_STYLES = {"+": "green", "~": "yellow", ">": "green", "|": "magenta", "-": "red"}


def summarize_changes(changes: Sequence[Change], now: datetime) -> list[dict[str, Any]]:
    """Changes as plain values."""
    return [summarize(one, now) for one in changes]


def print_changes(changes: Sequence[Change], now: datetime) -> None:
    """Print a plan as a diff."""
    for change in changes:
        heading, *rest = lines(change, now)
        out.print(heading, style=_STYLES.get(heading[0], ""), markup=False)
        for line in rest:
            out.print(line, markup=False)


def summarize_listed(listed: Sequence[Listed]) -> list[dict[str, Any]]:
    """Recurring runs as plain values."""
    return [
        {
            "schedule": one.schedule,
            "declared": one.declared,
            "name": one.recurring.name,
            "recurring_run": one.recurring.id,
            "enabled": one.recurring.enabled,
            "backend_cron": one.recurring.cron,
            "in_flight": one.in_flight,
            "created": one.recurring.created.isoformat(),
        }
        for one in listed
    ]


def print_listed(listed: Sequence[Listed], owner: str) -> None:
    """Print recurring runs as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("schedule", "name", "state", "cron of the backend", "in flight", "made, UTC"):
        table.add_column(heading)
    for one in listed:
        state = "on" if one.recurring.enabled else "off"
        state += "" if one.declared else ", not declared"
        table.add_row(
            escape(one.schedule), escape(one.recurring.name), state, one.recurring.cron,
            str(one.in_flight), f"{one.recurring.created:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    out.print(table if listed else f"the backend has no schedule of {owner}")
