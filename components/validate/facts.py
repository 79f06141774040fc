"""What a few scans with DuckDB tell about a table: plain values, no opinions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.validate.settings import Roles

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LABEL_VALUES_SHOWN = 10
FLOATING = ("FLOAT", "DOUBLE")
WHOLE = frozenset(
    f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
)
NESTED = ("STRUCT", "MAP", "UNION", "LIST")


@dataclass(frozen=True)
class ColumnFacts:
    """One column.

    Attributes:
        name: as in the table.
        type: DuckDB's name of it.
        present: rows with a value, NaN among them.
        nan: rows with NaN.
        infinite: rows with plus or minus infinity.
        minimum: smallest value as text, NaN left out; None without any.
        maximum: largest value as text, NaN left out; None without any.
        fingerprint: depends on every value and its row; equal content has equal fingerprints,
            whole and floating numbers alike.
    """

    name: str
    type: str
    present: int
    nan: int = 0
    infinite: int = 0
    minimum: str | None = None
    maximum: str | None = None
    fingerprint: int = 0

    @property
    def nested(self) -> bool:
        """Whether a value is a list or a record rather than a scalar."""
        return self.type.startswith(NESTED) or self.type.endswith("]")


@dataclass(frozen=True)
class LabelFacts:
    """The label: distinct finite values, and the most frequent of them with their counts."""

    distinct: int
    values: tuple[tuple[Any, int], ...]


@dataclass(frozen=True)
class KeyFacts:
    """The key: rows beyond the first of their key, and the key that is most often repeated."""

    repeated: int
    example: str = ""
    times: int = 0


@dataclass(frozen=True)
class TimeFacts:
    """The event time.

    Attributes:
        unparsable: rows whose text is no time.
        example: one of those texts.
        zones: how the texts give their offset from UTC; '' for none.
        future: rows after `now`.
        latest: the newest event as text.
    """

    unparsable: int = 0
    example: str = ""
    zones: tuple[str, ...] = ()
    future: int = 0
    latest: str = ""


@dataclass(frozen=True)
class TableFacts:
    """A table; parts of it are None where the column does not exist."""

    rows: int
    columns: tuple[ColumnFacts, ...]
    label: LabelFacts | None = None
    key: KeyFacts | None = None
    time: TimeFacts | None = None


def measure(parts: Sequence[Path], roles: Roles, latest: datetime, scratch: Path) -> TableFacts:
    """Scan the parts of a snapshot.

    Args:
        parts: Parquet files of one schema.
        roles: which column is label, key and time.
        latest: a time zone aware moment; events after it are in the future.
        scratch: folder for what does not fit in memory.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # Parquet's minimum and maximum leave NaN out, and DuckDB concludes that there is none:
        # isnan() would be false in every row.
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")
        connection.execute(f"SET temp_directory = {_text(str(scratch))}")
        files = ", ".join(_text(str(part)) for part in parts)
        # `_position` is different in every row.
        connection.execute(
            "CREATE VIEW rows AS SELECT *, hash(_file, file_row_number) AS _position FROM "
            f"read_parquet([{files}], file_row_number = true, filename = '_file')"
        )
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet([{files}])").fetchall()
        types = {name: kind for name, kind, *_ in described}
        rows, columns = _columns(connection, types)
        return TableFacts(
            rows,
            columns,
            _label(connection, roles.label, types),
            _key(connection, roles.key, types),
            _time(connection, roles.time, types, latest),
        )


def _columns(
    connection: DuckDBPyConnection, types: dict[str, str]
) -> tuple[int, tuple[ColumnFacts, ...]]:
    """All columns in one pass: six aggregates each."""
    terms = [term for name, kind in types.items() for term in _aggregates(name, kind)]
    row = connection.execute(f"SELECT {', '.join(['count(*)', *terms])} FROM rows").fetchone()
    rows, values = row[0], iter(row[1:])
    columns = [
        ColumnFacts(name, kind, *(next(values) for _ in range(6))) for name, kind in types.items()
    ]
    return rows, tuple(columns)


def _aggregates(name: str, kind: str) -> tuple[str, ...]:
    column = _name(name)
    floating = kind in FLOATING
    if ColumnFacts(name, kind, 0).nested:
        return (f"count({column})", "0", "0", "NULL", "NULL", "0")
    finite = f" FILTER (NOT isnan({column}))" if floating else ""
    numeric = floating or kind in WHOLE or kind.startswith(("BOOLEAN", "DECIMAL"))
    # One type for all numbers, so that 1 and 1.0 are the same content; whole numbers beyond
    # 2**53 may collide, which a fingerprint of a whole column does not notice.
    comparable = f"CAST({column} AS DOUBLE)" if numeric else f"CAST({column} AS VARCHAR)"
    return (
        f"count({column})",
        f"count(*) FILTER (isnan({column}))" if floating else "0",
        f"count(*) FILTER (isinf({column}))" if floating else "0",
        f"CAST(min({column}){finite} AS VARCHAR)",
        f"CAST(max({column}){finite} AS VARCHAR)",
        # DuckDB combines the hashes of several values by XOR, which XOR would take apart again, so
        # that only the counts of values were left: hence the hash of the hash.
        f"coalesce(bit_xor(hash(hash(_position, {comparable}))), 0)",
    )


def _label(connection: DuckDBPyConnection, column: str, types: dict[str, str]) -> LabelFacts | None:
    if column not in types:
        return None
    name = _name(column)
    finite = f"AND isfinite({name})" if types[column] in FLOATING else ""
    where = f"FROM rows WHERE {name} IS NOT NULL {finite}"
    distinct = connection.execute(f"SELECT count(DISTINCT {name}) {where}").fetchone()[0]
    values = connection.execute(
        f"SELECT {name}, count(*) {where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {LABEL_VALUES_SHOWN}"
    ).fetchall()
    return LabelFacts(distinct, tuple(values))


def _key(
    connection: DuckDBPyConnection, column: str | None, types: dict[str, str]
) -> KeyFacts | None:
    if column is None or column not in types:
        return None
    name = _name(column)
    repeats = (
        f"(SELECT {name} AS key, count(*) AS times FROM rows WHERE {name} IS NOT NULL "
        "GROUP BY 1 HAVING count(*) > 1)"
    )
    repeated = connection.execute(f"SELECT coalesce(sum(times - 1), 0) FROM {repeats}").fetchone()
    if not repeated[0]:
        return KeyFacts(0)
    example, times = connection.execute(
        f"SELECT CAST(key AS VARCHAR), times FROM {repeats} ORDER BY 2 DESC, 1 LIMIT 1"
    ).fetchone()
    return KeyFacts(int(repeated[0]), example, times)


def _time(
    connection: DuckDBPyConnection, column: str | None, types: dict[str, str], latest: datetime
) -> TimeFacts | None:
    if column is None or column not in types:
        return None
    name, kind = _name(column), types[column]
    if kind == "VARCHAR":
        return _time_as_text(connection, name, latest)
    if not kind.startswith(("TIMESTAMP", "DATE")):
        return TimeFacts()
    future, newest = connection.execute(
        f"SELECT count(*) FILTER (CAST({name} AS TIMESTAMPTZ) > ?), CAST(max({name}) AS VARCHAR) "
        "FROM rows",
        [latest],
    ).fetchone()
    return TimeFacts(future=future, latest=newest or "")


def _time_as_text(connection: DuckDBPyConnection, name: str, latest: datetime) -> TimeFacts:
    # The offset stands after a time of day; '-05' at the end of a bare date is its day.
    offset = r":\d{2}(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
    unparsable, example, future, newest, zones = connection.execute(
        "SELECT count(*) FILTER (moment IS NULL), min(text) FILTER (moment IS NULL), "
        "count(*) FILTER (moment > ?), CAST(max(moment) AS VARCHAR), "
        "list(DISTINCT zone) FILTER (moment IS NOT NULL) "
        f"FROM (SELECT {name} AS text, try_cast({name} AS TIMESTAMPTZ) AS moment, "
        f"regexp_extract({name}, {_text(offset)}, 1) AS zone FROM rows WHERE {name} IS NOT NULL)",
        [latest],
    ).fetchone()
    utc = {"Z", "UTC", "GMT", "+00", "+00:00", "+0000", "-00:00"}
    named = {"UTC" if zone in utc else zone for zone in zones or ()}
    return TimeFacts(unparsable, example or "", tuple(sorted(named)), future, newest or "")


def _name(column: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    """A value as an SQL string."""
    return "'" + value.replace("'", "''") + "'"
