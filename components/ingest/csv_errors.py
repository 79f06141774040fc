"""What DuckDB's CSV reader complains about, in plain words with file, line and column."""

from __future__ import annotations

import re
from pathlib import Path

from components.ingest.csv_header import first_long_line, not_utf8, too_long
from components.ingest.csv_types import ColumnType
from phasegate.errors import BadInput


def explain(message: str, path: Path, name: str, types: dict[str, ColumnType]) -> BadInput:
    """The BadInput for a failed read.

    Args:
        message: DuckDB's text.
        path: the file.
        name: what messages call it.
        types: the types that were asked for.
    """
    line = int(found[1]) if (found := re.search(r"on Line: (\d+)", message)) else None
    at = f"line {line}" if line else "a line"
    if "Invalid unicode" in message or "not utf-8" in message:
        return not_utf8(path, name)
    if "Maximum line size" in message:
        return too_long(name, line or 1)
    # Its threads meet in the middle of a line that spans the whole part of one of them.
    if "Parallel CSV Reader" in message and (line := first_long_line(path)):
        return too_long(name, line)
    if "unterminated quote" in message:
        return BadInput(
            f"{at}: a quote is opened and not closed",
            where=name,
            fix="Is the file truncated? Write or copy it again",
        )
    if fields := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        return BadInput(
            f"{at} has {fields[2]} fields",
            where=name,
            expected=f"{fields[1]}, as in the header",
            fix="Is the file truncated, or a value with the delimiter not quoted?",
        )
    if cast := re.search(
        r'converting column "(.*?)"\. Could not convert string "(.*?)" to', message
    ):
        return wrong_value(name, cast[1], at, cast[2], types.get(cast[1]))
    if "invalid state" in message:
        return BadInput(
            "the file is not regular CSV: line ends are mixed, or a quote stands inside a value",
            where=name,
            fix="Write it again with one kind of line end, and quotes doubled inside quotes",
        )
    return BadInput(f"the CSV file cannot be read ({message.splitlines()[0]})", where=name)


def wrong_value(
    name: str, column: str, at: str, value: str | None, expected: ColumnType | None
) -> BadInput:
    """The error for a value of another type than the rest of its column has."""
    shown = "no value" if value is None else f"'{value[:60]}'"
    return BadInput(
        f"{at}, column '{column}': {shown}",
        where=name,
        expected=f"{expected}, as in the rows before" if expected else None,
        fix="Correct the value, or list it in data.csv.nulls if it means missing",
    )
