"""The past in one SQLite file that all processes of a machine share.

The file is in WAL mode: readers never wait for writers, and of some hundred commits only the one
that merges the log waits for the disk. A lookup reads its key's facts in one stretch of a covering
index, about 0.1 us each, so its time grows with the events of a key within the windows' reach;
beyond some 100,000 of them, or one machine, use another store.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from phasegate.errors import BadInput, Unavailable
from phasegate.online.history import (
    DAY,
    EARLIEST,
    Added,
    Fact,
    Lookup,
    Series,
    Total,
    span_totals,
)

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, entity TEXT NOT NULL, value TEXT NOT NULL, exponent INTEGER NOT NULL,
    reach INTEGER NOT NULL, UNIQUE (entity, value, exponent)
);
CREATE TABLE IF NOT EXISTS facts (
    event INTEGER NOT NULL, series INTEGER NOT NULL, key TEXT NOT NULL, time INTEGER NOT NULL,
    units INTEGER, PRIMARY KEY (event, series)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS past ON facts (series, key, time, units);
"""
_DECLARE = """
INSERT INTO series (entity, value, exponent, reach) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET reach = max(reach, excluded.reach)
"""
_ADD = """
INSERT INTO facts VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET units = excluded.units
WHERE units IS NULL AND excluded.units IS NOT NULL AND key = excluded.key AND time = excluded.time
"""
_HELD = """
SELECT 1 FROM facts WHERE event = ? AND series = ? AND key = ? AND time = ?
AND ifnull(?5 = units, 1)
"""
_LABEL = "UPDATE facts SET units = ? WHERE event = ? AND series = ?"
_TOTAL = """
SELECT count(units), ifnull(sum(units), 0), count(*) - count(units)
FROM facts WHERE series = ? AND key = ? AND time >= ? AND time < ?
"""
# Sums beyond 64 bits are an error in SQLite; their halves are not.
_WIDE_TOTAL = """
SELECT count(units), ifnull(sum(units >> 32), 0), ifnull(sum(units & 4294967295), 0),
count(*) - count(units)
FROM facts WHERE series = ? AND key = ? AND time >= ? AND time < ?
"""
_OLDEST = "SELECT key, time FROM facts WHERE series = ? AND key >= ? ORDER BY key, time LIMIT 1"
_FORGET = """
DELETE FROM facts WHERE series = ?1 AND event IN
(SELECT event FROM facts WHERE series = ?1 AND key = ?2 AND time < ?3 ORDER BY time LIMIT 1000)
"""


class SqliteHistory:
    """A `History` in one file. May be used by several threads; not across a fork.

    Args:
        path: made if it is not there; its folder must be.
        wait_seconds: how long to wait for another writer before `Unavailable`.
        cache_bytes: pages that each of the two connections may hold in memory.

    Raises:
        BadInput: the file is not a history, or of another version.
        Unavailable: it cannot be opened.
    """

    def __init__(
        self, path: Path, *, wait_seconds: float = 2.0, cache_bytes: int = 16 * 2**20
    ) -> None:
        self._path, self._wait = path, wait_seconds
        self._ids: dict[Series, int] = {}
        self._reading, self._writing = threading.Lock(), threading.Lock()
        with self._failures():
            self._writer = self._connect(cache_bytes)
            self._create()
            self._reader = self._connect(cache_bytes)
            self._reader.execute("PRAGMA query_only = on")

    def __enter__(self) -> SqliteHistory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last process to do so merges the log into it."""
        self._reader.close()
        self._writer.close()

    def declare(self, reaches: Mapping[Series, int]) -> None:
        """See `History.declare`."""
        with self._writes() as writer:
            for series, reach in reaches.items():
                writer.execute(_DECLARE, (*series, reach))
            rows = writer.execute("SELECT entity, value, exponent, id FROM series").fetchall()
        self._ids = {Series(*series): number for *series, number in rows}

    def add(self, facts: Sequence[Fact]) -> Added:
        """See `History.add`."""
        rows = [
            (event, self._ids[series], key, time, units)
            for series, event, key, time, units in facts
        ]
        with self._writes() as writer:
            new = writer.executemany(_ADD, rows).rowcount if rows else 0
            refused = 0
            if new < len(rows):
                refused = sum(writer.execute(_HELD, row).fetchone() is None for row in rows)
        return Added(new, len(rows) - new - refused, refused)

    def add_labels(self, column: str, labels: Mapping[int, int]) -> set[int]:
        """See `History.add_labels`."""
        unmatched = set()
        with self._writes() as writer:
            chosen = "SELECT id, exponent FROM series WHERE value = ?"
            series = writer.execute(chosen, (column,)).fetchall()
            for event, label in labels.items():
                changes = [
                    writer.execute(_LABEL, (label << exponent, event, number)).rowcount
                    for number, exponent in series
                ]
                if not any(changes):
                    unmatched.add(event)
        return unmatched

    def totals(self, lookups: Sequence[Lookup]) -> list[list[Total]]:
        """See `History.totals`."""
        with self._reading, self._failures(), self._reader:
            self._reader.execute("BEGIN")
            return [self._answer(lookup) for lookup in lookups]

    def forget(self, now: int, margin: int = DAY) -> int:
        """See `History.forget`. Other writers get their turn after every thousand facts."""
        forgotten = 0
        with self._reading, self._failures():
            series = self._reader.execute("SELECT id, reach FROM series").fetchall()
        for number, reach in series:
            before, key = max(now - margin - reach, EARLIEST), ""
            while oldest := self._oldest(number, key):
                key, time = oldest
                if time < before:
                    with self._writes() as writer:
                        forgotten += writer.execute(_FORGET, (number, key, before)).rowcount
                else:
                    key += "\0"  # the next text there is
        return forgotten

    def _oldest(self, series: int, key: str) -> tuple[str, int] | None:
        """The first key from `key` on, and the time of its oldest fact."""
        with self._reading, self._failures():
            return self._reader.execute(_OLDEST, (series, key)).fetchone()

    def _answer(self, lookup: Lookup) -> list[Total]:
        series = self._ids[lookup.series]
        held = "SELECT 1 FROM facts WHERE event = ? AND series = ?"
        besides = [
            fact
            for fact in lookup.besides
            if self._reader.execute(held, (fact.event, series)).fetchone() is None
        ]
        return span_totals(lookup.spans, partial(self._between, series, lookup.key), besides)

    def _between(self, series: int, key: str, start: int, end: int) -> Total:
        where = (series, key, start, end)
        try:
            return Total._make(self._reader.execute(_TOTAL, where).fetchone())
        except sqlite3.OperationalError as error:
            if "overflow" not in str(error):
                raise
        count, high, low, unknown = self._reader.execute(_WIDE_TOTAL, where).fetchone()
        return Total(count, (high << 32) + low, unknown)

    def _connect(self, cache_bytes: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=self._wait, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA cache_size = -{cache_bytes // 1024}")
        # Lost with the machine's power are the last commits at most, never the file.
        connection.execute("PRAGMA synchronous = normal")
        connection.execute(f"PRAGMA journal_size_limit = {cache_bytes}")
        return connection

    def _create(self) -> None:
        # In one statement: another process may be creating it now.
        version, tables = self._writer.execute(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        ).fetchone()
        if version != _VERSION and (version or tables):
            raise BadInput(
                "this is not a history, or of another version",
                where=str(self._path),
                expected=f"a history of version {_VERSION}, or no file",
            )
        # SQLite does not wait for this one where another process creates the file just now.
        for attempt in Retrying(
            retry=retry_if_exception_type(sqlite3.OperationalError),
            stop=stop_after_delay(self._wait), wait=wait_fixed(0.05), reraise=True,
        ):  # fmt: skip
            with attempt:
                self._writer.execute("PRAGMA journal_mode = wal")
        with self._writes() as writer:
            for statement in _SCHEMA.split(";"):
                writer.execute(statement)
            writer.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _writes(self) -> Iterator[sqlite3.Connection]:
        with self._writing, self._failures(), self._writer as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield writer

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if "not a database" in str(error):
                raise BadInput("this is not a history", where=str(self._path)) from None
            raise Unavailable(
                f"the history did not answer within {self._wait:g} s ({error})",
                where=str(self._path),
            ) from None
