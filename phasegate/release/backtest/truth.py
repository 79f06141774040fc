"""What became of past requests."""

from __future__ import annotations

from pathlib import Path

import duckdb

from phasegate.errors import BadInput
from phasegate.project.tables import lay_out
from phasegate.release.backtest.table import TABLE, TRUTH
from phasegate.release.policy import Labels


def fill_truth(connection: duckdb.DuckDBPyConnection, labels: Labels) -> None:
    """Make the table `TRUTH`: place and label of each row of `TABLE`, null where it is not known.

    Args:
        connection: has the table.
        labels: where they are; a request with several that differ has none.

    Raises:
        BadInput: there is no such source, or it has no such column.
    """
    if not labels.source:
        source = "(SELECT NULL::VARCHAR AS request_id, NULL::BOOLEAN AS label WHERE false)"
    else:
        layout = lay_out(connection, [Path(labels.source)])
        found = connection.sql(f"SELECT * FROM {layout.relation(())}")
        for column in (labels.key, labels.column):
            if column not in found.columns:
                raise BadInput(
                    f"has no column '{column}'",
                    where=labels.source,
                    expected=f"one of {', '.join(found.columns[:20])}",
                    fix="set release.labels.key and release.labels.column in the project file",
                )
        source = f"""(
            SELECT CAST({_name(labels.key)} AS VARCHAR) AS request_id,
                {_is_positive(labels)} AS label
            FROM {layout.relation(())} WHERE {_name(labels.column)} IS NOT NULL
        )"""
    absent = "false" if labels.absent == "negative" else "NULL"
    try:
        connection.execute(
            f"""CREATE OR REPLACE TABLE {TRUTH} AS
            SELECT place,
                CASE WHEN lowest IS NULL THEN {absent} WHEN lowest = highest THEN lowest END
                    AS label
            FROM {TABLE} LEFT JOIN (
                SELECT request_id, bool_and(label) AS lowest, bool_or(label) AS highest
                FROM {source} GROUP BY request_id
            ) AS known ON known.request_id = {TABLE}.request_id
            ORDER BY place"""
        )
    except duckdb.ConversionException as error:
        first = str(error).splitlines()[0]
        raise BadInput(f"a label cannot be read ({first})", where=labels.source) from None


def _is_positive(labels: Labels) -> str:
    column, positive = _name(labels.column), labels.positive
    if isinstance(positive, bool):
        return f"CAST({column} AS BOOLEAN) = {str(positive).lower()}"
    if isinstance(positive, str):
        return f"CAST({column} AS VARCHAR) = {_text(positive)}"
    return f"CAST({column} AS DOUBLE) = {float(positive)!r}"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
