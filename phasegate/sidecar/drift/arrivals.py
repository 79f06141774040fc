"""Which rows came, on disk beside the windows that they are in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from phasegate.monitoring.counting import EPOCH
from phasegate.sidecar.drift.packing import stamp
from phasegate.sidecar.drift.rows import Rows, Sealed
from phasegate.sidecar.drift.seen import Seen, first_of_each, window_keys
from phasegate.sidecar.drift.state import DriftState

_MICROSECOND = timedelta(microseconds=1)
_MOST_SLOTS = 1_000  # of the row rate


class Arrivals:
    """Keys of the rows that came last, their number by window, and what was restored.

    Args:
        state: whose database it is in.
        window: event time of a window.
    """

    def __init__(self, state: DriftState, window: timedelta) -> None:
        self._state, self._window = state, window
        with state.transaction() as run:
            found = run.execute("SELECT generation, keys FROM seen ORDER BY rowid").fetchall()
        self._seen = Seen((one, np.frombuffer(keys, np.uint64)) for one, keys in found)

    def fresh(self, sealed: Sealed, rows: Rows) -> np.ndarray:
        """Which rows count in windows, bool [rows]: none that came before, in this or any process.

        The same for a segment that comes again, whose rows it noted the first time.

        Raises:
            OSError: that cannot be kept.
        """
        keys = window_keys(rows.once, rows.keys, sealed.model_digest, self._window)
        with self._state.transaction() as run:
            noted = run.execute("SELECT keys FROM seen WHERE name = ?", (sealed.name,)).fetchone()
        if noted is not None:
            return first_of_each(keys) & np.isin(keys, np.frombuffer(noted[0], np.uint64))
        fresh = self._seen.fresh(keys)
        generation = self._seen.generation(int(fresh.sum()))
        self._note(sealed, self._traffic(rows, fresh), keys[fresh], generation)
        self._seen.add(keys[fresh], generation)
        return fresh

    def _note(
        self, sealed: Sealed, traffic: Mapping[datetime, int], keys: np.ndarray, generation: int
    ) -> None:
        model = sealed.model
        with self._state.transaction() as run:
            run.execute("DELETE FROM seen WHERE generation < ?", (generation - 1,))
            run.execute(
                "INSERT INTO seen VALUES (?, ?, ?)", (sealed.name, generation, keys.tobytes())
            )
            for start, count in traffic.items():
                run.execute(
                    "INSERT INTO traffic VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET rows = rows + excluded.rows",
                    (model, stamp(start), count),
                )
            run.execute(
                "DELETE FROM traffic WHERE model = ? AND start < (SELECT start FROM traffic "
                "WHERE model = ? ORDER BY start DESC LIMIT 1 OFFSET ?)",
                (model, model, _MOST_SLOTS),
            )

    def _traffic(self, rows: Rows, fresh: np.ndarray) -> dict[datetime, int]:
        """Answered rows of any model of a name, by start of window."""
        answered = rows.once["error"].is_null().to_numpy() & fresh
        times = rows.once["event_time"].cast(pa.int64()).to_numpy()[answered]
        width = self._window // _MICROSECOND
        slots, counts = np.unique(times // width, return_counts=True)
        return {
            EPOCH + int(slot) * self._window: int(count)
            for slot, count in zip(slots, counts, strict=True)
        }

    def to_be_restored(self, profile: str, model: str) -> bool:
        """Whether windows of a model may have been lost; from the first question on that is kept.

        Args:
            profile: its digest.
            model: name that the model is served under.
        """
        with self._state.transaction() as run:
            found = run.execute(
                "SELECT done FROM restored WHERE profile = ? AND model = ?", (profile, model)
            ).fetchone()
            if found is None:
                known = run.execute("SELECT 1 FROM model WHERE profile = ?", (profile,)).fetchone()
                found = (int(known is not None),)
                run.execute("INSERT INTO restored VALUES (?, ?, ?)", (profile, model, *found))
        return not found[0]

    def restored(self, profile: str, model: str) -> None:
        """Say that nothing of a model is missing any more."""
        with self._state.transaction() as run:
            run.execute("INSERT OR REPLACE INTO restored VALUES (?, ?, 1)", (profile, model))
