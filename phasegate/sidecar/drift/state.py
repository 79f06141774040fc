"""What the sidecar knows of windows, on disk: it outlives the process, and is changed all at once.

A segment is noted in the transaction that adds its rows, so that one that is sealed again after a
crash is not added again. Windows that ended wait in the same database until they are judged, and
alerts until the sink has accepted them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import ormsgpack

from phasegate.monitoring.profile import Profile
from phasegate.sidecar.database import open_database
from phasegate.sidecar.drift.packing import kind_of, moment, packed, stamp, unpacked
from phasegate.sidecar.drift.schema import SCHEMA
from phasegate.sidecar.drift.windows import Ended, Open, Part, Windows

_MOST_SEGMENTS = 100_000  # remembered; one that is not sealed by then will not be sealed again


@dataclass(frozen=True)
class Waiting:
    """A window that ended and is not judged.

    Attributes:
        number: names it here.
        model: name that the model is served under.
        ended: the window.
        traffic: rows of all models of that name in it.
    """

    number: int
    model: str
    ended: Ended
    traffic: int


class DriftState:
    """A database for several threads, one transaction at a time.

    Args:
        path: the file, made when absent. One that is damaged is put aside, named in `put_aside`:
            windows are then restored from the log in the store, as `DriftCounting.restore` says.

    Raises:
        BadInput: it cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        self._connection, self.put_aside = open_database(path, SCHEMA)
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing of it.

        Raises:
            OSError: the database could not be written.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise OSError(f"the windows of drift could not be kept ({error})") from error
            except BaseException:
                self._roll_back()
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def knows(self, segment: str) -> bool:
        """Whether a segment's rows are in windows."""
        with self.transaction() as run:
            found = run.execute("SELECT 1 FROM segment WHERE name = ?", (segment,)).fetchone()
        return found is not None

    def models(self, profiles: Mapping[str, Profile]) -> list[tuple[str, str, Profile]]:
        """Profiles, of these by digest, that have windows; with the name that models have."""
        with self.transaction() as run:
            found = run.execute("SELECT profile, name FROM model").fetchall()
        return [(digest, name, profiles[digest]) for digest, name in found if digest in profiles]

    def windows(self, profile: Profile) -> Windows:
        """The windows of a model as they were kept last."""
        with self.transaction() as run:
            model = run.execute(
                "SELECT chunk, closed, arrived FROM model WHERE profile = ?", (profile.digest,)
            ).fetchone()
            opened = run.execute(
                "SELECT start, panes, part FROM window WHERE profile = ?", (profile.digest,)
            ).fetchall()
        if model is None:
            return Windows.none(profile)
        return Windows(
            Part.none(profile),
            {
                moment(start): Open(unpacked(part, profile), {
                    moment(pane): rows for pane, rows in ormsgpack.unpackb(panes)
                })
                for start, panes, part in opened
            },
            unpacked(model[0], profile),
            None if model[1] is None else moment(model[1]),
            None if model[2] is None else moment(model[2]),
        )  # fmt: skip

    def keep(
        self,
        profile: Profile,
        model: str,
        before: Windows,
        after: Windows,
        ended: Iterable[Ended],
        segment: str = "",
    ) -> None:
        """Replace the windows of a model; those that ended wait for their judgement from now on.

        Raises:
            OSError: nothing was changed.
        """
        digest = profile.digest
        with self.transaction() as run:
            if segment:
                run.execute("INSERT OR IGNORE INTO segment (name) VALUES (?)", (segment,))
                run.execute(
                    "DELETE FROM segment WHERE id <= (SELECT max(id) FROM segment) - ?",
                    (_MOST_SEGMENTS,),
                )
            run.execute(
                "INSERT OR REPLACE INTO model VALUES (?, ?, ?, ?, ?)",
                (digest, model, packed(after.chunk), stamp(after.closed), stamp(after.arrived)),
            )
            for start in before.open.keys() - after.open.keys():
                run.execute(
                    "DELETE FROM window WHERE profile = ? AND start = ?", (digest, stamp(start))
                )
            for start, one in after.open.items():
                if before.open.get(start) is not one:
                    panes = [(stamp(pane), rows) for pane, rows in one.panes.items()]
                    run.execute(
                        "INSERT OR REPLACE INTO window VALUES (?, ?, ?, ?)",
                        (digest, stamp(start), ormsgpack.packb(panes), packed(one.part)),
                    )
            for end in ended:
                run.execute(
                    "INSERT INTO ended (profile, model, kind, since, until, part) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (digest, model, end.kind, stamp(end.since), stamp(end.until),
                     packed(end.part)),
                )  # fmt: skip

    def waiting(self, profiles: Mapping[str, Profile]) -> Waiting | None:
        """The window that has waited longest for its judgement, of these profiles (by digest)."""
        marks = ", ".join("?" * len(profiles))
        with self.transaction() as run:
            found = run.execute(
                "SELECT id, profile, model, kind, since, until, part FROM ended "
                f"WHERE profile IN ({marks}) ORDER BY id LIMIT 1",
                tuple(profiles),
            ).fetchone()
            if found is None:
                return None
            number, digest, model, kind, since, until, part = found
            traffic = run.execute(
                "SELECT coalesce(sum(rows), 0) FROM traffic "
                "WHERE model = ? AND start >= ? AND start < ?",
                (model, since, until),
            ).fetchone()[0]
        ended = Ended(kind_of(kind), moment(since), moment(until), unpacked(part, profiles[digest]))
        return Waiting(number, model, ended, traffic)

    def count_waiting(self) -> int:
        """Windows that ended and are not judged."""
        with self.transaction() as run:
            return run.execute("SELECT count(*) FROM ended").fetchone()[0]

    def judged(self, number: int, profile: str, kind: str, latest: Any, alert: bytes | None,
               alert_id: str) -> None:  # fmt: skip
        """Forget a window that was judged; keep its alert for the sink, if there is one."""
        with self.transaction() as run:
            run.execute("DELETE FROM ended WHERE id = ?", (number,))
            run.execute(
                "INSERT OR REPLACE INTO latest VALUES (?, ?, ?)",
                (profile, kind, orjson.dumps(latest)),
            )
            if alert is not None:
                run.execute("INSERT OR IGNORE INTO alert VALUES (?, ?)", (alert_id, alert))

    def latest(self, profile: str) -> dict[str, Any]:
        """What was kept with the last judgements of a profile, by kind of window."""
        with self.transaction() as run:
            found = run.execute("SELECT kind, content FROM latest WHERE profile = ?", (profile,))
            return {kind: orjson.loads(content) for kind, content in found.fetchall()}

    def alerts(self) -> list[tuple[str, bytes]]:
        """Alerts that the sink has not accepted, from the first."""
        with self.transaction() as run:
            return run.execute("SELECT id, event FROM alert ORDER BY rowid LIMIT 100").fetchall()

    def accepted(self, alert_id: str) -> None:
        """Forget an alert that the sink accepted."""
        with self.transaction() as run:
            run.execute("DELETE FROM alert WHERE id = ?", (alert_id,))

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
