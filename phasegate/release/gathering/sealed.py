"""A database of its own for a user's SQL: filled once, then shut off from everything around it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from phasegate.errors import BadInput

SECONDS = 600.0  # for all statements together
BATCH_ROWS = 1 << 16
_MEMORY = "2GB"
_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",
}


class SealedTable:
    """Rows in a table named ``rows``, and what can be asked about them.

    No statement reaches files, the network, extensions, settings, or another database, whatever
    it says. Statements that run too long are interrupted; what exceeds memory goes to a temporary
    folder.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._end = time.monotonic() + seconds

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement's result.

        Raises:
            duckdb.Error: DuckDB refuses it.
            BadInput: there is no time left.
        """
        with self._limited():
            return self._connection.execute(sql).fetchall()

    def types(self, sql: str) -> list[str]:
        """Types of the columns of a query, which is not run; errors are those of `run`."""
        with self._limited():
            return [str(kind) for kind in self._connection.sql(sql).types]

    def batches(self, sql: str) -> Iterator[pa.Table]:
        """The rows of a query's result, so many at a time that the last part alone is smaller.

        The parts are the same for the same rows, so that sums over them are, too. Errors are those
        of `run`.
        """
        held: list[pa.Table] = []
        with self._limited():
            reader = self._connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        while True:
            with self._limited():
                batch = next(reader, None)
            if batch is None:
                break
            held.append(pa.Table.from_batches([batch]))
            if sum(map(len, held)) >= BATCH_ROWS:
                joined = pa.concat_tables(held)
                whole = len(joined) // BATCH_ROWS * BATCH_ROWS
                for start in range(0, whole, BATCH_ROWS):
                    yield joined.slice(start, BATCH_ROWS)
                held = [joined.slice(whole)]
        if sum(map(len, held)):
            yield pa.concat_tables(held)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        left = self._end - time.monotonic()
        over = BadInput(f"the statistics took longer than {self._seconds:g} seconds")
        if left <= 0:
            raise over
        alarm = threading.Timer(left, self._connection.interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        except duckdb.InterruptException:
            raise over from None
        finally:
            alarm.cancel()


@contextmanager
def sealed(
    connection: duckdb.DuckDBPyConnection,
    rows: duckdb.DuckDBPyRelation,
    *,
    seconds: float = SECONDS,
) -> Iterator[SealedTable]:
    """A relation's rows in a database that is cut off from everything else, for the block.

    Args:
        connection: the relation's, whose number of threads is taken over.
        rows: read once, in parts.
        seconds: that all statements together may take.

    Raises:
        duckdb.Error: the rows cannot be read.
    """
    threads = connection.sql("SELECT current_setting('threads')").fetchall()[0][0]
    with tempfile.TemporaryDirectory(prefix="phasegate-evidence-") as folder:
        limits = {"threads": threads, "memory_limit": _MEMORY, "temp_directory": folder}
        with duckdb.connect(":memory:", config={**_SETTINGS, **limits}) as own:
            own.register("stream", rows.to_arrow_reader(BATCH_ROWS))
            own.execute("CREATE TABLE rows AS FROM stream")
            own.unregister("stream")
            own.execute("SET enable_external_access = false")
            own.execute("SET lock_configuration = true")
            yield SealedTable(own, seconds)
