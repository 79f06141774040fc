"""A CSV, Parquet or Delta table, read in order, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.project.tables import Layout, lay_out

PIECE = 50_000


@dataclass(frozen=True, eq=False)
class OrderedTable:
    """A table that can be read from its first row to its last.

    Attributes:
        rows: how many it has.
        columns: names, in the table's order.
    """

    rows: int
    columns: tuple[str, ...]
    _connection: duckdb.DuckDBPyConnection
    _query: str
    _where: str

    def pieces(self) -> Iterator[pa.Table]:
        """All rows in order, at most `PIECE` at a time; a CSV's values are text."""
        with _reading(self._where):
            for batch in self._connection.sql(self._query).to_arrow_reader(PIECE):
                yield pa.Table.from_batches([batch])


@contextmanager
def open_table(
    paths: Sequence[Path], *, time: str = "", missing: Sequence[str] = (), threads: int = 2
) -> Iterator[OrderedTable]:
    """A table, in the order of its files and rows, or of a time column.

    Args:
        paths: files, folders or globs of CSV or Parquet, or one Delta table's folder.
        time: column to sort by, of times or numbers; rows of the same time stay as they are.
        missing: texts that stand for a missing value in a CSV, beside none at all.
        threads: used to read and to sort.

    Raises:
        BadInput: there is no table, it cannot be read, or a row has no time.
    """
    where = ", ".join(map(str, paths))
    with duckdb.connect(config={"threads": threads}) as connection:
        with _reading(where):
            layout = lay_out(connection, paths)
            scan = layout.relation(missing, as_text=True)
            columns = tuple(connection.sql(f"SELECT * FROM {scan}").columns)
            [(rows,)] = connection.execute(f"SELECT count(*) FROM {scan}").fetchall()
        query = f"SELECT * FROM {scan}"
        if time:
            query = _sorted(connection, layout, scan, columns, time, where)
        yield OrderedTable(rows, columns, connection, query, where)


def _sorted(
    connection: duckdb.DuckDBPyConnection, layout: Layout, scan: str, columns: Sequence[str],
    time: str, where: str,
) -> str:  # fmt: skip
    if time not in columns:
        raise BadInput(f"there is no column {time!r} to sort by", where=where,
                       expected=f"one of {', '.join(columns)}")  # fmt: skip
    name = '"' + time.replace('"', '""') + '"'
    key = name
    if layout.format == "csv":
        key = f"coalesce(epoch_us(try_cast({name} AS TIMESTAMPTZ)), try_cast({name} AS DOUBLE))"
    with _reading(where):
        [(absent,)] = connection.execute(
            f"SELECT count(*) FROM {scan} WHERE {key} IS NULL"
        ).fetchall()
    if absent:
        raise BadInput(
            f"{absent:,} rows have no time in column {time!r}", where=where,
            expected="a time or a number in each row",
        )  # fmt: skip
    numbered = f"SELECT *, row_number() OVER () AS _phasegate_row FROM {scan}"
    return f"SELECT * EXCLUDE (_phasegate_row) FROM ({numbered}) ORDER BY {key}, _phasegate_row"


@contextmanager
def _reading(where: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise BadInput(f"cannot be read as a table: {reason}", where=where) from None
