"""A spool folder that this sidecar, and no other, empties."""

from __future__ import annotations

import fcntl
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from phasegate.errors import BadInput
from phasegate.prediction_log.folder import (
    adopt_abandoned,
    bytes_in,
    closed_segments,
    open_segments,
    writable_folder,
)
from phasegate.prediction_log.segment import read_segment
from phasegate.sidecar.health import Health
from phasegate.sidecar.metrics import Metrics
from phasegate.sidecar.sealing import DamagedSegment, read_parts, store_parts
from phasegate.sidecar.watching import SpoolWatch
from phasegate.store.named import NamedFiles

if TYPE_CHECKING:
    from phasegate.sidecar.drift.counting import DriftCounting

_MOST_DAMAGED = 16  # kept to look at; the budget of the spool does not count them
_AT_ONCE = 8


class StoreFailure(Exception):
    """The store did not take a file; what was to be sealed waits."""


class SpoolFolder:
    """Seals the closed segments of one folder.

    A segment that cannot be read is moved to ``damaged/`` in the folder, and holds nothing up. One
    that can be read up to some point is sealed up to there, and moved too.

    Args:
        folder: made when absent.
        metrics: counts what happens.
        health: is told of damaged segments.
        counting: counts what is sealed; None where nothing is watched.

    Attributes:
        name: the folder, for metrics and messages.

    Raises:
        BadInput: the folder cannot be written, or another sidecar has it.
    """

    def __init__(
        self,
        folder: Path,
        metrics: Metrics,
        health: Health,
        counting: DriftCounting | None = None,
    ) -> None:
        self._folder = writable_folder(folder)
        self._damaged = folder / "damaged"
        self.name = str(folder)
        self._metrics, self._health = metrics.spool(self.name), health
        self._counting = counting
        self._lock = _lock(folder)
        self._watch = SpoolWatch(folder)

    def look(self) -> None:
        """Bring the live counts up to date.

        Raises:
            OSError: the folder cannot be read.
        """
        self._metrics.add(records_seen=self._watch.look())
        self._metrics.set(
            records_unsealed=self._watch.unsealed,
            oldest_unsealed_seconds=self._watch.oldest_seconds,
            event_lag_seconds=self._watch.event_lag_seconds,
            spool_bytes=bytes_in(self._folder),
        )
        damaged = len(self._damaged_files())
        self._health.tell(
            f"{self.name} damaged",
            f"{damaged} damaged segments lie in {self._damaged}" if damaged else None,
        )

    def seal(self, store: NamedFiles, draft: Path) -> bool:
        """Finish the segments whose writers are gone, and seal some of those that are closed.

        Args:
            store: gets the files.
            draft: a file that each of them is written to first.

        Returns:
            Whether more are closed.

        Raises:
            StoreFailure: the store does not take one; the others are not tried.
            OSError: a segment cannot be read or removed; the others were sealed.
        """
        sealed, failure = 0, self._adopt()
        for segment in closed_segments(self._folder):
            if sealed == _AT_ONCE:
                return True
            try:
                self._seal(segment, store, draft)
                sealed += 1
            except OSError as error:
                failure = error  # holds up this segment, and no other
        if failure:
            raise failure
        return False

    @property
    def is_waited_for(self) -> bool:
        """Whether a writer has, or may add, a segment; or one waits to be sealed."""
        return bool(open_segments(self._folder) or closed_segments(self._folder))

    def close(self) -> None:
        """Leave the folder to another sidecar."""
        self._watch.close()
        self._lock.close()

    def _adopt(self) -> OSError | None:
        """Finish abandoned segments; what hindered one that will be tried again."""
        adopted = adopt_abandoned(self._folder)
        self._metrics.add(records_torn=adopted.torn)
        failure = None
        for path in adopted.unreadable:
            try:
                read_segment(path)
            except BadInput as error:
                self._put_aside(path, error)
            except OSError as error:
                failure = error
        return failure

    def _seal(self, segment: Path, store: NamedFiles, draft: Path) -> None:
        started = time.perf_counter()
        try:
            parts = read_parts(segment)
        except DamagedSegment as error:
            self._put_aside(segment, error)
            return
        try:
            store_parts(parts, store, draft)
            if self._counting:
                self._counting.count(parts, store, draft)
        except (BadInput, OSError) as error:
            raise StoreFailure(str(error)) from error
        if parts.is_whole:
            segment.unlink()
        else:
            self._put_aside(segment, BadInput("it is damaged", where=str(segment)))
        self._metrics.add(
            records_seen=self._watch.sealed(segment, parts.records),
            records_sealed=parts.records,
            files_sealed=len(parts.files),
            bytes_sealed=sum(map(len, parts.files.values())),
        )
        self._metrics.seal_seconds.observe(time.perf_counter() - started)

    def _put_aside(self, segment: Path, why: BadInput) -> None:
        print(f"put aside in {self._damaged}: {why}", file=sys.stderr, flush=True)
        self._damaged.mkdir(exist_ok=True)
        segment.rename(self._damaged / segment.name)
        self._metrics.add(segments_damaged=1)
        for oldest in self._damaged_files()[:-_MOST_DAMAGED]:
            oldest.unlink(missing_ok=True)

    def _damaged_files(self) -> list[Path]:
        """From the one written to longest ago to the latest."""
        with suppress(FileNotFoundError):
            return sorted(self._damaged.iterdir(), key=lambda path: path.stat().st_mtime)
        return []


def _lock(folder: Path) -> IO[bytes]:
    """The folder's lock, until the file is closed or this process is gone.

    Raises:
        BadInput: another process has it.
    """
    file = (folder / "sidecar.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise BadInput(
            "another sidecar empties this folder", where=str(folder), fix="Stop it first"
        ) from None
    return file
