"""The spool: a folder of segments that a predictor fills and a sidecar empties."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.prediction_log.folder import (
    adopt_abandoned,
    bytes_in,
    measured,
    writable_folder,
)
from phasegate.prediction_log.record import DAY_MICROSECONDS, Prediction, Source, encode
from phasegate.prediction_log.segment import OPEN
from phasegate.prediction_log.segment_writer import SegmentWriter, largest_payload

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 0.2
_CLOSE_SECONDS = 10.0


def writer_id() -> str:
    """A name that no other process uses, now or later."""
    host = "".join(one if one.isalnum() and one.isascii() else "-" for one in socket.gethostname())
    return f"{host.strip('-') or 'host'}-{os.getpid()}-{secrets.token_hex(4)}"


class Spool:
    """The predictor's end of the spool. Any thread may append; a forked child may not.

    Appending encodes the record and copies it into a page of memory; it waits for no disk. A thread
    of its own keeps empty segments ready, finishes full and old ones, and minds the budget.
    When there is nowhere to write, the newest records are the ones dropped, and counted by reason:

    - ``budget``: the folder holds as much as it may, because nobody seals what is there;
    - ``disk``: no segment could be made (full, read-only, gone);
    - ``stalled``: the thread has not yet made the next segment;
    - ``too_large``: the record is larger than a segment;
    - ``malformed``: the record does not have the shapes of the source;
    - ``closed``: the spool is closed.

    Args:
        folder: on a file system of this machine; made when absent.
        source: what the records share.
        segment_bytes: size of a segment.
        budget_bytes: what all files in the folder, of all writers, may take.
        max_age_seconds: a segment is finished this long after its first record.
        max_event_span: microseconds of event time; a record later than a segment's first one by
            this much begins a new segment. Late events go where the others go.
        spares: empty segments kept ready.

    Raises:
        BadInput: the folder cannot be made or written, or the sizes are too small for one another.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        *,
        segment_bytes: int = 8 << 20,
        budget_bytes: int = 1 << 30,
        max_age_seconds: float = 30.0,
        max_event_span: int = DAY_MICROSECONDS,
        spares: int = 2,
    ) -> None:
        self._largest = largest_payload(source, segment_bytes)
        if self._largest <= 0 or budget_bytes < 2 * segment_bytes or spares < 1:
            raise BadInput(
                f"segments of {segment_bytes} bytes, {spares} spare, a budget of {budget_bytes}"
                " bytes: too little for the prediction log",
                where=str(folder),
                expected="segments that hold their source, a spare, a budget of two segments",
            )
        self._folder = writable_folder(folder)
        self._source = source
        self._segment_bytes = segment_bytes
        self._budget_bytes = budget_bytes
        self._max_age_seconds = max_age_seconds
        self._max_event_span = max_event_span
        self._wanted = spares
        self._sequence = 0

        self._lock = threading.Lock()  # held for a few microseconds at a time
        self._active: SegmentWriter | None = None  # has at least one record
        self._first_event = 0
        self._first_moment = 0.0
        self._spares: deque[SegmentWriter] = deque()
        self._full: deque[SegmentWriter] = deque()
        self._shortage = "stalled"
        self._closed = False
        self._dropped: Counter[str] = Counter()
        self._written = 0
        self._wake = threading.Event()

        adopt_abandoned(folder)
        self._add_spare()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def append(self, prediction: Prediction) -> bool:
        """Add a record; False when it was dropped. Neither waits nor raises.

        When it returns True, the record survives the end of this process, however it ends.
        """
        try:
            payload = encode(prediction, self._source)
        except BadInput:
            payload = b""
        with self._lock:
            reason = self._add(payload, prediction.event_time) if payload else "malformed"
            if reason:
                self._dropped[reason] += 1
            else:
                self._written += 1
        return not reason

    @property
    def dropped(self) -> Mapping[str, int]:
        """Records dropped so far, by reason."""
        with self._lock:
            return dict(self._dropped)

    @property
    def written(self) -> int:
        """Records added so far."""
        return self._written

    @property
    def bytes_waiting(self) -> int:
        """Bytes of all files in the folder, as they count against the budget."""
        with contextlib.suppress(OSError):
            return bytes_in(self._folder)
        return 0

    def close(self) -> None:
        """Finish what was written and stop the thread. Closing again does nothing.

        Not for signal handlers, which may have interrupted an append. A segment that the disk does
        not let finish in time is left for the sidecar to adopt.
        """
        with self._lock:
            self._closed = True
            while self._next():
                pass
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)

    def _add(self, payload: bytes, event_time: int) -> str | None:
        """Add a payload, with the lock held; the reason if it cannot be."""
        if self._closed:
            return "closed"
        if len(payload) > self._largest:
            return "too_large"
        active = self._active
        if active and self._spares and event_time >= self._first_event + self._max_event_span:
            active = self._next()
        if not active or not active.append(payload):
            active = self._next()
            if not active:
                return self._shortage
            active.append(payload)
        if active.records == 1:
            self._first_event, self._first_moment = event_time, time.monotonic()
            self._wake.set()
        return None

    def _next(self) -> SegmentWriter | None:
        """Put the active segment aside, with the lock held, and take a spare if there is one."""
        self._put_aside()
        self._active = self._spares.popleft() if self._spares else None
        return self._active

    def _put_aside(self) -> None:
        if self._active:
            self._full.append(self._active)
            self._active = None
            self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            with self._lock:
                closed = self._closed
                if self._active and self._spares and self._age_left() <= 0:
                    self._put_aside()
            while self._full:
                # One that cannot be finished is unlocked by now, and can be adopted.
                with contextlib.suppress(OSError):
                    self._full.popleft().close()
            if closed:
                return
            while self._needs_spare() and self._add_spare():
                pass
            self._wake.wait(self._pause())

    def _age_left(self) -> float:
        return self._first_moment + self._max_age_seconds - time.monotonic()

    def _needs_spare(self) -> bool:
        return not self._closed and len(self._spares) < self._wanted + (self._active is None)

    def _pause(self) -> float | None:
        """Seconds until something is due, unless an append says so earlier."""
        with self._lock:
            if self._needs_spare():
                return _RETRY_SECONDS
            return max(0.0, self._age_left()) if self._active else None

    def _add_spare(self) -> bool:
        """Make an empty segment if disk and budget allow."""
        name = f"{self._source.writer}-{self._sequence:08d}{OPEN}"
        # Never the same name twice: who found the last file unlocked may be about to remove it.
        self._sequence += 1
        try:
            with measured(self._folder) as taken:
                if taken + self._segment_bytes > self._budget_bytes:
                    return self._fall_short("budget", f"{taken} bytes wait to be sealed")
                segment = SegmentWriter(self._folder / name, self._source, self._segment_bytes)
        except BlockingIOError:
            return self._fall_short("stalled", "another process is at it")
        except OSError as error:
            return self._fall_short("disk", str(error))
        self._shortage = "stalled"
        with self._lock:
            (self._full if self._closed else self._spares).append(segment)
        return True

    def _fall_short(self, reason: str, why: str) -> bool:
        if reason not in (self._shortage, "stalled"):
            _log.warning("prediction log: no segment can be added to %s: %s", self._folder, why)
        self._shortage = reason
        return False
