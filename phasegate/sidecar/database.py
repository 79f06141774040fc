"""The SQLite database in which halves of pairs wait for each other, and joined records for a batch.

One connection, used by one thread at a time. Its write-ahead log is not flushed at each commit:
what was committed outlives the process, and after a power cut the database is whole, at worst
without the last commits.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.prediction_log.spool import writer_id
from phasegate.sidecar.refusal import Refused

_SCHEMA = """
CREATE TABLE IF NOT EXISTS half (     -- a request or a response without the other
  key TEXT PRIMARY KEY,               -- namespace/service/id
  is_response INTEGER NOT NULL,
  service TEXT NOT NULL,              -- namespace/service
  arrived REAL NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS half_arrived ON half(arrived);

CREATE TABLE IF NOT EXISTS done (     -- what comes again under these keys is no news
  key TEXT PRIMARY KEY,
  is_whole INTEGER NOT NULL,          -- whether both halves came
  since REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS done_since ON done(since);

CREATE TABLE IF NOT EXISTS record (   -- waits for its batch
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL,
  made REAL NOT NULL,
  size INTEGER NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS record_service ON record(service, id, made, size);

CREATE TABLE IF NOT EXISTS feature (  -- in the order in which they were first seen
  service TEXT NOT NULL,
  name TEXT NOT NULL,
  is_text INTEGER NOT NULL,
  PRIMARY KEY (service, name)
);

CREATE TABLE IF NOT EXISTS batch (    -- the records of a service up to one id, on their way out
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL,
  last INTEGER NOT NULL,
  source BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS writer (id TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS total (
  waiting INTEGER NOT NULL,           -- rows of half and record
  bytes INTEGER NOT NULL,             -- their payloads
  done INTEGER NOT NULL
);
INSERT INTO total SELECT 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM total);
CREATE TRIGGER IF NOT EXISTS half_in AFTER INSERT ON half BEGIN
  UPDATE total SET waiting = waiting + 1, bytes = bytes + length(NEW.payload); END;
CREATE TRIGGER IF NOT EXISTS half_out AFTER DELETE ON half BEGIN
  UPDATE total SET waiting = waiting - 1, bytes = bytes - length(OLD.payload); END;
CREATE TRIGGER IF NOT EXISTS record_in AFTER INSERT ON record BEGIN
  UPDATE total SET waiting = waiting + 1, bytes = bytes + NEW.size; END;
CREATE TRIGGER IF NOT EXISTS record_out AFTER DELETE ON record BEGIN
  UPDATE total SET waiting = waiting - 1, bytes = bytes - OLD.size; END;
CREATE TRIGGER IF NOT EXISTS done_in AFTER INSERT ON done BEGIN
  UPDATE total SET done = done + 1; END;
CREATE TRIGGER IF NOT EXISTS done_out AFTER DELETE ON done BEGIN
  UPDATE total SET done = done - 1; END;
"""


class Database:
    """Transactions on one file.

    Args:
        path: the file, made when absent. One that SQLite finds damaged is put aside, and named in
            `put_aside`.

    Raises:
        BadInput: the file cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        self.connection, self.put_aside = open_database(path, _SCHEMA)
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing of it.

        Raises:
            Refused: the database could not be written; nothing of the block was.
        """
        with self._lock:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                yield self.connection
                self.connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise Refused(
                    "disk", f"the event could not be kept ({error})", status=503
                ) from error
            except BaseException:
                self._roll_back()
                raise

    @property
    def writer(self) -> str:
        """A name that the records of this database share with no other's."""
        with self.transaction() as run:
            found = run.execute("SELECT id FROM writer").fetchone()
            if found is None:
                found = (writer_id(),)
                run.execute("INSERT INTO writer VALUES (?)", found)
        return found[0]

    def close(self) -> None:
        """Write the log back into the file and let go of it."""
        with self._lock:
            self.connection.close()

    def _roll_back(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def open_database(path: Path, schema: str) -> tuple[sqlite3.Connection, Path | None]:
    """A connection, and where a damaged file was put aside, if there was one.

    Raises:
        BadInput: the file cannot be made or opened.
    """
    try:
        try:
            return _open(path, schema), None
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            aside = _put_aside(path)
            return _open(path, schema), aside
    except (OSError, sqlite3.Error) as error:
        raise BadInput(f"the database cannot be opened ({error})", where=str(path)) from error


def _open(path: Path, schema: str) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_size_limit=16777216")
        connection.executescript(schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _put_aside(path: Path) -> Path:
    target = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path.rename(target)
