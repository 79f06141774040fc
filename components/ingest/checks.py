"""What a table must fulfil before it becomes a snapshot: pure checks of names and times."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from phasegate.errors import BadInput
from phasegate.project.durations import parse_duration

CLOCK_SKEW = timedelta(days=1)


def check_columns(data: dict, columns: Sequence[str]) -> None:
    """Every column that the data section declares is there.

    Raises:
        BadInput: with what is there, and the names that come close.
    """
    label = data.get("label") or {}
    declared = {
        "data.time": data.get("time"),
        "data.key": data.get("key"),
        "data.entity": data.get("entity"),
        "data.label.column": label.get("column"),
        **{f"data.protected[{i}]": name for i, name in enumerate(data.get("protected") or [])},
    }
    for key, name in declared.items():
        if name is not None and name not in columns:
            close = difflib.get_close_matches(name, columns, n=3)
            raise BadInput(
                f"the data have no column '{name}'",
                where=key,
                expected="one of " + ", ".join(columns),
                fix=f"Did you mean {' or '.join(close)}?" if close else None,
            )


def check_names(columns: Sequence[str], where: str) -> None:
    """Column names are present and unique.

    Raises:
        BadInput: an empty or a repeated name.
    """
    seen: set[str] = set()
    for position, name in enumerate(columns, start=1):
        if not name.strip():
            raise BadInput(f"column {position} has no name", where=where, fix="Name every column")
        if name in seen:
            raise BadInput(
                f"column name '{name}' is used twice", where=where, fix="Give each its own name"
            )
        seen.add(name)


def check_times(newest: datetime, *, now: datetime, max_age: str | None, column: str) -> None:
    """The freshness gate, on event time.

    Args:
        newest: last event time, UTC.
        now: the clock.
        max_age: a duration such as ``2d``, or None for no limit.

    Raises:
        BadInput: stale data, or events later than one day (clock skew) after ``now``.
    """
    now = now.replace(tzinfo=UTC) if now.tzinfo is None else now
    where = f"time column '{column}'"
    if newest > now + CLOCK_SKEW:
        raise BadInput(
            f"events lie in the future: the newest is {iso(newest)}, now is {iso(now)}",
            where=where,
            fix="Correct the times or their time zone",
        )
    if max_age is not None and now - newest > parse_duration(max_age):
        raise BadInput(
            f"stale data: newest event is {iso(newest)}, allowed age is {max_age},"
            f" now is {iso(now)}",
            where=where,
            fix="Bring newer data, or raise data.max_age",
        )


def iso(time: datetime) -> str:
    """ISO 8601 in UTC with microseconds: ``2026-01-31T12:00:00.000000Z``."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
