"""A snapshot's rows as a table of events: the types that features are defined on.

DuckDB reads the Parquet parts and casts; what cannot be cast is refused with its row and value.
The columns of the table are named after the role that a source column plays, because one column
may play several: a terminal's id may be an entity and a category.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from pyarrow import ArrowException

from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions, Label

TABLE = "events"
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
_GROUPED_AS_IS = ("VARCHAR", "BOOLEAN", "DATE", *_NUMERIC[:4], *_UNSIGNED[:4])
_EXACT = 2.0**53


def number_column(name: str) -> str:
    """float64; null for missing and NaN; the label as 0 and 1."""
    return f"number_{name}"


def text_column(name: str) -> str:
    """String; null for missing."""
    return f"text_{name}"


def key_column(name: str) -> str:
    """The value that events of one entity share; null belongs to no entity."""
    return f"key_{name}"


def time_column(name: str) -> str:
    """int64 microseconds since 1970 in UTC; null for missing."""
    return f"time_{name}"


@dataclass(frozen=True)
class Events:
    """The view `events` in a DuckDB connection: `_row`, `_time`, `_label`, `_entity`, roles."""

    connection: duckdb.DuckDBPyConnection
    definitions: FeatureDefinitions
    rows: int


def open_events(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Path], definitions: FeatureDefinitions
) -> Events:
    """Make the view, and check every value that the features depend on.

    Args:
        connection: to make the view in; its time zone is set to UTC.
        parts: Parquet files; a row's number is its position in their concatenation.
        definitions: the features.

    Raises:
        BadInput: for an unreadable part, an absent column, a column of the wrong type, a time that
            is missing or not one, a missing label, an infinity, or a sum that would not be exact.
    """
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # DuckDB's own would go to stdout
    rows = _create_raw_view(connection, parts, definitions.sources)
    described = connection.execute("DESCRIBE raw").fetchall()
    columns = _column_sql(definitions, {name: str(kind) for name, kind, *_ in described})
    selected = ", ".join(f"{sql} AS {_quoted(name)}" for name, sql in columns.items())
    connection.execute(f"CREATE VIEW {TABLE} AS SELECT {selected} FROM raw")
    _check_values(connection, definitions, columns)
    for entity, value, exponent in dict.fromkeys(
        (item.entity, item.value, item.exponent) for item in definitions.statistics
    ):
        _check_exactness(connection, entity, value, exponent)
    return Events(connection, definitions, rows)


def _check_values(
    connection: duckdb.DuckDBPyConnection,
    definitions: FeatureDefinitions,
    columns: Mapping[str, str],
) -> None:
    """Count, in one scan, what must not be there; look for the first example if it is."""
    label, time, calendar = definitions.label.column, definitions.time, definitions.calendar
    faults = [(label, f"{columns['_label']} IS NULL", "has no label")]
    if time:
        faults.append((time, f"{columns['_time']} IS NULL", "has no valid time"))
    if calendar and calendar.column != time:
        invalid = f"{columns[time_column(calendar.column)]} IS NULL"
        given = f"{_quoted(calendar.column)} IS NOT NULL"
        faults.append((calendar.column, f"{given} AND {invalid}", "has no valid time"))
    for name in _numbers(definitions):
        faults.append((name, f"isinf({columns[number_column(name)]})", "is infinite"))
    counted = ", ".join(f"count(*) FILTER ({condition})" for _, condition, _ in faults)
    (found,) = connection.execute(f"SELECT {counted} FROM raw").fetchall()
    for (column, condition, what), count in zip(faults, found, strict=True):
        if not count:
            continue
        ((row, value),) = connection.execute(
            f"SELECT _row, {_quoted(column)}::VARCHAR FROM raw WHERE {condition} "
            "ORDER BY _row LIMIT 1"
        ).fetchall()
        more = f"; {count} rows in all are like this" if count > 1 else ""
        raise BadInput(f"row {row} {what}: {value}{more}", where=f"column '{column}'")


def _check_exactness(
    connection: duckdb.DuckDBPyConnection, entity: str, value: str, exponent: int
) -> None:
    """No entity's whole past may sum to more grid units than float64 holds exactly."""
    key, number = _quoted(key_column(entity)), _quoted(number_column(value))
    ((largest,),) = connection.execute(
        f"SELECT max(total) FROM (SELECT sum(abs({number}) * {2.0**exponent!r} + 1) "
        f"AS total FROM {TABLE} WHERE {key} IS NOT NULL GROUP BY {key})"
    ).fetchall()
    if largest is not None and largest >= _EXACT:
        raise BadInput(
            f"the sum of '{value}' over one '{entity}' is too large to be exact at a resolution "
            f"of 2^-{exponent}",
            where="features.windows",
            fix="give the window a coarser resolution, such as 0.01",
        )


def _create_raw_view(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Path], sources: Sequence[str]
) -> int:
    """The source columns and `_row`, in the view `raw`; returns the number of rows."""
    selections, offset = [], 0
    for part in parts:
        try:
            metadata = pq.read_metadata(part)
        except (ArrowException, OSError) as error:
            raise BadInput(f"not a readable Parquet file: {error}", where=str(part)) from None
        present = metadata.schema.to_arrow_schema().names
        if absent := [name for name in sources if name not in present]:
            raise BadInput(
                f"no column named {', '.join(repr(name) for name in absent)}",
                where="the project file's data and features",
                expected=f"columns of the data: {', '.join(present)}",
            )
        named = ", ".join(_quoted(name) for name in sources)
        path = str(part).replace("'", "''")
        # Parquet's minimum and maximum leave NaN out; DuckDB would conclude that there is none.
        selections.append(
            f"SELECT {offset} + file_row_number AS _row, {named} "
            f"FROM read_parquet('{path}', file_row_number = true, can_have_nan = true)"
        )
        offset += metadata.num_rows
    if offset == 0:
        raise BadInput("the snapshot has no rows")
    connection.execute(f"CREATE VIEW raw AS {' UNION ALL '.join(selections)}")
    return offset


def _column_sql(definitions: FeatureDefinitions, types: Mapping[str, str]) -> dict[str, str]:
    """The view's columns: name to SQL over the source columns."""
    label = _label_sql(definitions.label, types[definitions.label.column])
    columns = {"_row": "_row", "_time": "0::BIGINT", "_label": f"{label}::TINYINT"}
    if time := definitions.time:
        columns["_time"] = _time_sql(time, types[time])
    if entity := definitions.entity:
        columns["_entity"] = _text_sql(entity)
    for name in _numbers(definitions):
        columns[number_column(name)] = _number_sql(name, types[name])
    for name in definitions.categorical:
        columns[text_column(name)] = _text_sql(name)
    if calendar := definitions.calendar:
        columns[time_column(calendar.column)] = _time_sql(calendar.column, types[calendar.column])
    for statistic in definitions.statistics:
        columns[key_column(statistic.entity)] = _key_sql(statistic.entity, types[statistic.entity])
        if statistic.value == definitions.label.column:
            columns[number_column(statistic.value)] = f"{label}::DOUBLE"
    return columns


def _numbers(definitions: FeatureDefinitions) -> tuple[str, ...]:
    """Columns that are read as numbers, the label not among them."""
    values = (statistic.value for statistic in definitions.statistics)
    names = dict.fromkeys((*definitions.numeric, *values))
    return tuple(name for name in names if name != definitions.label.column)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text_sql(name: str) -> str:
    return f"{_quoted(name)}::VARCHAR"


def _number_sql(name: str, kind: str) -> str:
    if not kind.startswith((*_NUMERIC, *_UNSIGNED, "BOOLEAN")):
        raise BadInput(
            f"holds {kind}, which is not a number",
            where=f"column '{name}'",
            expected="a numeric or boolean column",
            fix="list it under features.categorical, or convert it",
        )
    number = f"{_quoted(name)}::DOUBLE"
    return f"CASE WHEN NOT isnan({number}) THEN {number} END"


def _time_sql(name: str, kind: str) -> str:
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"epoch_us({_quoted(name)})"
    if kind == "VARCHAR":
        return f"epoch_us(try_cast({_quoted(name)} AS TIMESTAMPTZ))"
    raise BadInput(
        f"holds {kind}, which is not a time",
        where=f"column '{name}'",
        expected="a timestamp, a date, or text in ISO 8601",
    )


def _key_sql(name: str, kind: str) -> str:
    return _quoted(name) if kind in _GROUPED_AS_IS else _text_sql(name)


def _label_sql(label: Label, kind: str) -> str:
    """The label as a boolean; null where it is missing or NaN."""
    if kind == "VARCHAR":
        positive = str(label.positive).replace("'", "''")
        return f"({_quoted(label.column)} = '{positive}')"
    try:
        positive = repr(float(label.positive))
    except ValueError:
        raise BadInput(
            f"holds {kind}, which is never equal to {label.positive!r}",
            where=f"column '{label.column}'",
            expected="data.label.positive to be a value of the column",
        ) from None
    return f"({_number_sql(label.column, kind)} = {positive})"
