"""Live counts of a spool: what was written so far, and what of it is not sealed yet."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.prediction_log.folder import closed_segments, open_segments
from phasegate.prediction_log.segment import CLOSED, SegmentTail


@dataclass
class _Unsealed:
    """A segment that is not sealed yet.

    Attributes:
        tail: reads it.
        since: when its first record was noticed; or when it was closed, if that was before.
        records: records read so far.
        newest: latest event time among them, microseconds.
    """

    tail: SegmentTail
    since: float
    records: int = 0
    newest: int = 0


class SpoolWatch:
    """Follows all segments of a spool while they are written.

    Args:
        folder: the spool.
        clock: seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._unsealed: dict[str, _Unsealed] = {}
        self._newest_seen = self._newest_sealed = 0

    def look(self) -> int:
        """Read what was added since the last time: number of records."""
        news = 0
        present = {path.stem: path for path in open_segments(self._folder)}
        present |= {path.stem: path for path in closed_segments(self._folder)}
        for stem in self._unsealed.keys() - present.keys():
            self._unsealed.pop(stem).tail.close()
        for stem, path in present.items():
            if stem not in self._unsealed:
                # Not begun yet, gone by now, or damaged: sealing says which.
                with contextlib.suppress(BadInput, OSError):
                    closed = path.stat().st_mtime if path.suffix == CLOSED else math.inf
                    self._unsealed[stem] = _Unsealed(SegmentTail(path), closed)
            if stem in self._unsealed:
                news += self._follow(self._unsealed[stem])
        return news

    def sealed(self, segment: Path, records: int) -> int:
        """Forget a closed segment whose records are in the store: how many were not noticed yet."""
        unsealed = self._unsealed.pop(segment.stem, None)
        if unsealed is None:
            return records
        news = max(0, records - unsealed.records)
        self._follow(unsealed)
        unsealed.tail.close()
        self._newest_sealed = max(self._newest_sealed, unsealed.newest)
        return news

    @property
    def unsealed(self) -> int:
        """Records that are not in the store yet."""
        return sum(one.records for one in self._unsealed.values())

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest of them has been known; 0 without any."""
        waiting = [one.since for one in self._unsealed.values() if one.records]
        return max(0.0, self._clock() - min(waiting)) if waiting else 0.0

    @property
    def event_lag_seconds(self) -> float:
        """Event time between the newest sealed record and the newest one; 0 when all are sealed."""
        if not self.unsealed or not self._newest_sealed:
            return 0.0
        return max(0, self._newest_seen - self._newest_sealed) / 1e6

    def close(self) -> None:
        """Let go of all segments."""
        for one in self._unsealed.values():
            one.tail.close()
        self._unsealed.clear()

    def _follow(self, unsealed: _Unsealed) -> int:
        before = unsealed.records
        with contextlib.suppress(BadInput, OSError):
            for prediction in unsealed.tail.read():
                unsealed.records += 1
                unsealed.newest = max(unsealed.newest, prediction.event_time)
        if unsealed.records and not before:
            unsealed.since = min(unsealed.since, self._clock())
        self._newest_seen = max(self._newest_seen, unsealed.newest)
        return unsealed.records - before
