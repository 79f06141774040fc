"""What the columns of a table hold, measured by DuckDB over the whole table in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from phasegate.errors import BadInput
from phasegate.project.tables import Layout

if TYPE_CHECKING:
    import duckdb

# Rows looked at one by one, for what no aggregate tells: null markers and order.
SAMPLE = 100_000
NULL_MARKERS = ("?", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan", "\\N")
_FEW = 12


class Kind(StrEnum):
    """What a column is, whatever the format calls it."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    OTHER = "other"


@dataclass(frozen=True)
class Column:
    """One column, measured.

    Attributes:
        nulls: rows without a value.
        distinct: number of different values; exact up to a dozen, else within a few percent.
        unique: every row has a value, and no two rows the same (exact).
        minimum, maximum: of numbers; of times in microseconds since 1970 (UTC); else None.
        counts: value and rows, most frequent first, where there are a dozen values or fewer.
        ordered: never decreases over the first rows of the table.
        cents: a number that never has more than two decimals in those rows.
    """

    name: str
    kind: Kind
    nulls: int
    distinct: int
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    counts: tuple[tuple[Any, int], ...] = ()
    ordered: bool = False
    cents: bool = False

    @property
    def is_number(self) -> bool:
        """Whether arithmetic on the column means something."""
        return self.kind in (Kind.INTEGER, Kind.NUMBER)

    @property
    def is_time(self) -> bool:
        """Whether the column places an event in time."""
        return self.kind in (Kind.TIME, Kind.DATE)


def quoted(name: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def null_markers(connection: duckdb.DuckDBPyConnection, layout: Layout) -> tuple[str, ...]:
    """Texts in a CSV's first rows that stand for a missing value, beside the usual ones."""
    texts = layout.relation(nulls=(), as_text=True)
    # Only spaces are trimmed: the marker must be given to the reader as it stands in the file.
    found = connection.execute(
        f"SELECT DISTINCT value FROM (UNPIVOT (SELECT * FROM {texts} LIMIT {SAMPLE}) "
        "ON COLUMNS(*) INTO NAME name VALUE value) WHERE list_contains(?, trim(value))",
        [list(NULL_MARKERS)],
    ).fetchall()
    return tuple(sorted(value for (value,) in found))


def measure(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, tuple[Column, ...]]:
    """Number of rows, and every column of a relation measured.

    Raises:
        BadInput: when there are no rows.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    kinds = {name: _kind(type_name) for name, type_name, *_ in described}
    for name in _texts_that_are_times(connection, relation, kinds):
        kinds[name] = Kind.TIME
    rows, aggregates = _aggregate(connection, relation, kinds)
    if rows == 0:
        raise BadInput("the table has no rows", expected="a header and at least one row of data")
    orders = _sampled(connection, relation, kinds)
    columns = []
    for name, kind in kinds.items():
        filled, distinct, minimum, maximum = aggregates[name]
        counts = _counts(connection, relation, name, kind) if distinct <= _FEW * 2 else ()
        few = 0 < len(counts) <= _FEW
        ordered, cents = orders.get(name, (False, False))
        unique = (
            kind in (Kind.INTEGER, Kind.TEXT)
            and filled == rows
            and distinct > 0.8 * rows
            and _distinct(connection, relation, name) == rows
        )
        columns.append(
            Column(
                name=name,
                kind=kind,
                nulls=rows - filled,
                distinct=len(counts) if few else distinct,
                unique=unique,
                minimum=minimum,
                maximum=maximum,
                counts=counts if few else (),
                ordered=ordered,
                cents=cents,
            )
        )
    return rows, tuple(columns)


def correlations(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    names: Sequence[str],
    label: str,
    positive: Any,
) -> dict[str, float]:
    """Pearson correlation of numeric columns with the label; constant columns are left out."""
    if not names:
        return {}
    # NaN and infinity compare as larger than any bound; squares of the rest must not overflow.
    finite = [f"CASE WHEN abs({quoted(name)}) < 1e100 THEN {quoted(name)} END" for name in names]
    sums = ", ".join(
        f"CASE WHEN stddev_pop({number}) > 0 "
        f"THEN corr({number}, ({quoted(label)} = $positive)::INT) END"
        for number in finite
    )
    row = connection.execute(f"SELECT {sums} FROM {relation}", {"positive": positive}).fetchone()
    return {name: value for name, value in zip(names, row or (), strict=True) if value is not None}


def longest_delay(
    connection: duckdb.DuckDBPyConnection, relation: str, time: str, label_time: str
) -> int:
    """The longest time from an event to its label, in microseconds."""
    sql = f"SELECT max({_epoch(label_time)} - {_epoch(time)}) FROM {relation}"
    row = connection.execute(sql).fetchone()
    return max(int(row[0] or 0), 0) if row else 0


def _kind(type_name: str) -> Kind:
    if "INT" in type_name and "INTERVAL" not in type_name:
        return Kind.INTEGER
    if type_name.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return Kind.NUMBER
    if type_name.startswith("TIMESTAMP"):
        return Kind.TIME
    named = {"BOOLEAN": Kind.BOOLEAN, "DATE": Kind.DATE, "VARCHAR": Kind.TEXT}
    return Kind.TEXT if type_name.startswith("ENUM") else named.get(type_name, Kind.OTHER)


def _epoch(name: str) -> str:
    """SQL for a time in microseconds since 1970; a time without zone is taken as UTC."""
    return f"epoch_us({quoted(name)}::TIMESTAMP)"


def _texts_that_are_times(
    connection: duckdb.DuckDBPyConnection, relation: str, kinds: dict[str, Kind]
) -> list[str]:
    texts = [name for name, kind in kinds.items() if kind is Kind.TEXT]
    if not texts:
        return []
    tests = ", ".join(
        f"bool_and(try_cast({quoted(name)} AS TIMESTAMP) IS NOT NULL) "
        f"FILTER ({quoted(name)} IS NOT NULL)"
        for name in texts
    )
    row = connection.execute(f"SELECT {tests} FROM {relation}").fetchone() or ()
    return [name for name, parsable in zip(texts, row, strict=True) if parsable]


def _aggregate(
    connection: duckdb.DuckDBPyConnection, relation: str, kinds: dict[str, Kind]
) -> tuple[int, dict[str, tuple[int, int, float | None, float | None]]]:
    parts = ["count(*)"]
    for name, kind in kinds.items():
        column = quoted(name)
        measured = {Kind.TIME: _epoch(name), Kind.DATE: _epoch(name)}.get(kind, column)
        ranged = kind in (Kind.TIME, Kind.DATE, Kind.INTEGER, Kind.NUMBER)
        bounds = [f"min({measured})", f"max({measured})"] if ranged else ["NULL", "NULL"]
        parts += [f"count({column})", f"approx_count_distinct({column}::VARCHAR)", *bounds]
    row = connection.execute(f"SELECT {', '.join(parts)} FROM {relation}").fetchone() or (0,)
    chunks = [row[start : start + 4] for start in range(1, len(row), 4)]
    return row[0], dict(zip(kinds, chunks, strict=True))


def _sampled(
    connection: duckdb.DuckDBPyConnection, relation: str, kinds: dict[str, Kind]
) -> dict[str, tuple[bool, bool]]:
    """Of times whether they are in order, of numbers whether they are in cents, by name."""
    tests = {}
    for name, kind in kinds.items():
        column = quoted(name)
        if kind in (Kind.TIME, Kind.DATE):
            moment = f"{column}::TIMESTAMP"
            tests[name] = f"coalesce(bool_and({moment} >= before_{len(tests)}), true), false"
        elif kind is Kind.NUMBER:
            tests[name] = (
                f"false, coalesce(bool_and(abs({column} - round({column}, 2)) < 1e-9), false)"
            )
    if not tests:
        return {}
    lags = ", ".join(
        f"lag({quoted(name)}::TIMESTAMP) OVER () AS before_{index}"
        for index, name in enumerate(tests)
        if kinds[name] is not Kind.NUMBER
    )
    inner = f"SELECT *{', ' + lags if lags else ''} FROM (SELECT * FROM {relation} LIMIT {SAMPLE})"
    row = connection.execute(f"SELECT {', '.join(tests.values())} FROM ({inner})").fetchone() or ()
    return {name: (row[2 * index], row[2 * index + 1]) for index, name in enumerate(tests)}


def _counts(
    connection: duckdb.DuckDBPyConnection, relation: str, name: str, kind: Kind
) -> tuple[tuple[Any, int], ...]:
    """The most frequent values, one more than a dozen at most; none of times and nested values."""
    if kind in (Kind.TIME, Kind.DATE, Kind.OTHER):
        return ()
    # Decimals would come as Python's, which no YAML knows.
    column = f"{quoted(name)}::DOUBLE" if kind is Kind.NUMBER else quoted(name)
    return tuple(
        connection.execute(
            f"SELECT {column}, count(*) FROM {relation} "
            f"WHERE {quoted(name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 "
            f"LIMIT {_FEW + 1}"
        ).fetchall()
    )


def _distinct(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> int:
    row = connection.execute(f"SELECT count(DISTINCT {quoted(name)}) FROM {relation}").fetchone()
    return row[0] if row else 0
