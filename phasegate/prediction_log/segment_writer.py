"""Writing and finishing segments; the format is described in `segment`."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from phasegate.prediction_log.record import Source, encode_source
from phasegate.prediction_log.segment import CLOSED, FRAME, MAGIC


class SegmentWriter:
    """A locked, mapped segment. Not thread-safe.

    Args:
        path: the file to be made; its name ends in ``.open``.
        source: what its records share.
        size: bytes that it can hold.

    Raises:
        BlockingIOError: another process took the file before it was locked.
        OSError: no room, or no permission.
    """

    def __init__(self, path: Path, source: Source, size: int) -> None:
        self.path = path
        self.records = 0
        self._size = size
        self._file: BinaryIO = path.open("x+b", buffering=0)
        try:
            lock(self._file, path)
            os.posix_fallocate(self._file.fileno(), 0, size)
            self._map = mmap.mmap(self._file.fileno(), size)
            # Touches every page while nobody waits: the first write to a page can wait for the
            # file system's journal, for milliseconds. Unlike madvise, this releases the GIL.
            with open("/dev/zero", "rb", buffering=0) as zeros:
                zeros.readinto(self._map)
            self._used = len(MAGIC)
            if not self._add(encode_source(source)):
                raise OSError(errno.EFBIG, "the segment is too small for its source")
            self._map[: len(MAGIC)] = MAGIC
        except BaseException:
            path.unlink(missing_ok=True)
            self._file.close()
            raise

    def append(self, payload: bytes) -> bool:
        """Add a record; False when it does not fit."""
        added = self._add(payload)
        self.records += added
        return added

    def close(self) -> Path | None:
        """Finish the file; None when it had no records and was removed.

        Raises:
            OSError: the file could not be cut or renamed; it is unlocked, for others to finish.
        """
        # A mapping of bytes beyond the end of a file would kill the process that touches them.
        self._map.close()
        with self._file:
            return finish(self._file, self.path, self._used if self.records else 0)

    def _add(self, payload: bytes) -> bool:
        start = self._used
        end = start + FRAME.size + len(payload)
        if end > self._size:
            return False
        frame = FRAME.pack(len(payload), crc32(payload)) + payload
        # The length is written last: until then the segment ends where it ended before.
        self._map[start + 4 : end] = frame[4:]
        self._map[start : start + 4] = frame[:4]
        self._used = end
        return True


def largest_payload(source: Source, size: int) -> int:
    """Bytes of the largest record that fits into a segment of ``size`` bytes; negative for none."""
    return size - len(MAGIC) - 2 * FRAME.size - len(encode_source(source))


def lock(file: BinaryIO, path: Path) -> None:
    """Take the lock of the segment that ``path`` names, until the file is closed.

    Raises:
        BlockingIOError: another process has it, or had it and removed or renamed the file.
    """
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Between opening and locking, someone else may have finished the file.
    if not _is_named(file, path):
        raise BlockingIOError(errno.EWOULDBLOCK, "another process took the segment", str(path))


def _is_named(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def finish(file: BinaryIO, path: Path, used: int) -> Path | None:
    """Cut a locked segment to its used bytes and rename it; remove it if none are.

    A process killed between these steps leaves an ``.open`` file that can be finished again, to
    the same bytes.

    Raises:
        OSError: the file could not be cut, renamed or removed.
    """
    if not used:
        path.unlink()
        return None
    os.ftruncate(file.fileno(), used)
    return path.rename(path.with_suffix(CLOSED))
