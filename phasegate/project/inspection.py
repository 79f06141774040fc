"""Look at a table and propose a project for it: what `phasegate init DATA` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.project.columns import (
    Column,
    correlations,
    longest_delay,
    measure,
    null_markers,
)
from phasegate.project.roles import Roles, assign_roles
from phasegate.project.tables import lay_out

_DAY = timedelta(days=1) // timedelta(microseconds=1)
# A feature this close to the label is usually the label under another name.
_SUSPICIOUS = 0.98


@dataclass(frozen=True)
class Inspection:
    """A table, measured, with what each column seems to be for.

    Attributes:
        format: csv, parquet or delta; delimiter and nulls are a CSV's.
        nulls: texts in the file that stand for a missing value.
        delay_days: days until every label is known, where the table tells.
        suspicious: features that nearly equal the label, with their correlation.
    """

    format: str
    delimiter: str
    nulls: tuple[str, ...]
    rows: int
    columns: tuple[Column, ...]
    roles: Roles
    delay_days: int = 0
    suspicious: tuple[tuple[str, float], ...] = ()

    def column(self, name: str) -> Column:
        """The column of a name."""
        return next(column for column in self.columns if column.name == name)


def inspect_table(
    paths: Sequence[Path],
    *,
    delimiter: str | None = None,
    nulls: Sequence[str] | None = None,
    label: str | None = None,
    time: str | None = None,
    threads: int = 2,
) -> Inspection:
    """Measure a table of any size in bounded memory, and say what its columns are for.

    Args:
        paths: CSV or Parquet files, folders or globs, or one Delta table's folder.
        delimiter, nulls: of a CSV; found when not given.
        label, time: columns to take; found when not given.
    Raises:
        BadInput: when files are missing, empty, not UTF-8 or no table, when they do not agree, or
            when a named column is not there.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}; SET memory_limit = '2GB'")
        connection.execute("SET TimeZone = 'UTC'")
        where = ", ".join(map(str, paths))
        try:
            layout = lay_out(connection, paths, delimiter)
            if nulls is None:
                nulls = null_markers(connection, layout) if layout.format == "csv" else ()
            relation = layout.relation(nulls)
            rows, columns = measure(connection, relation)
            _check_named(columns, label=label, time=time)
            roles = assign_roles(columns, rows, label=label, time=time)
            delay = 0
            if roles.time and roles.label_time:
                delay = longest_delay(connection, relation, roles.time, roles.label_time)
            near = {}
            if roles.label:
                near = correlations(
                    connection, relation, roles.numeric, roles.label, roles.positive
                )
        except duckdb.Error as error:
            raise _explain(error, where) from None
        except BadInput as error:
            if error.where:
                raise
            raise BadInput(
                error.what, where=where, expected=error.expected, fix=error.fix
            ) from None
    return Inspection(
        format=layout.format, delimiter=layout.delimiter, nulls=tuple(nulls), rows=rows,
        columns=columns, roles=roles, delay_days=-(-delay // _DAY),
        suspicious=tuple(
            (name, value) for name, value in near.items() if abs(value) >= _SUSPICIOUS
        ),
    )  # fmt: skip


def _check_named(columns: Sequence[Column], **named: str | None) -> None:
    found = {column.name: column for column in columns}
    for role, name in named.items():
        if name is None:
            continue
        if name not in found:
            raise BadInput(
                f"there is no column '{name}' for the {role}", expected=f"one of {', '.join(found)}"
            )
        if role == "label" and len(found[name].counts) != 2:
            raise BadInput(
                f"the column '{name}' has {found[name].distinct:,} values",
                expected="a label of two values",
            )
        if role == "time" and not found[name].is_time:
            raise BadInput(
                f"the column '{name}' is {found[name].kind}", expected="a column of times or dates"
            )


def _explain(error: Exception, where: str) -> BadInput:
    """DuckDB's complaint in one line, without its hints for writers of SQL."""
    text = str(error)
    if "sniffing" in text:
        what = "its rows do not all have as many fields as the header"
    elif line := re.search(r"on Line: (\d+)\n(?:Original Line:.*\n)?(.+)", text):
        what = f"line {line[1]} cannot be read ({line[2].strip()})"
    else:
        what = (
            f"cannot be read as one table ({text.splitlines()[0] if text else 'no reason given'})"
        )
    return BadInput(
        what,
        where=where,
        expected="files with the same columns, and rows with as many fields as the header",
    )
