"""Segments of the prediction log: files that a killed process leaves readable.

A segment is 8 bytes that name the format, then frames: length of the payload (u32, little-endian),
its CRC-32 (u32), the payload. The first frame is the source, every other one a record. A segment
in use is preallocated and mapped: adding a record is a copy into the page cache, which outlives the
process, and a zero where a length should be is the end so far.

``NAME.open`` is in use while its writer holds an exclusive flock on it. Whoever can take that lock
knows that the writer is gone. A finished segment is cut to what it holds, then renamed to
``NAME.closed``. Locks and mappings need a file system of this machine, not a network's.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from phasegate.errors import BadInput
from phasegate.prediction_log.record import (
    Prediction,
    Source,
    decode,
    decode_source,
    encode_source,
)

OPEN, CLOSED = ".open", ".closed"

_MAGIC = b"PGPLOG\x00\x01"
_FRAME = struct.Struct("<II")
_CHUNK = 1 << 18


class SegmentWriter:
    """A locked, mapped segment. Not thread-safe.

    Args:
        path: the file to be made; its name ends in ``.open``.
        source: what its records share.
        size: bytes that it can hold.

    Raises:
        OSError: no room, no permission, or another process took the file before it was locked.
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
            self._used = len(_MAGIC)
            if not self._add(encode_source(source)):
                raise OSError(errno.EFBIG, "the segment is too small for its source")
            self._map[: len(_MAGIC)] = _MAGIC
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
        end = start + _FRAME.size + len(payload)
        if end > self._size:
            return False
        frame = _FRAME.pack(len(payload), crc32(payload)) + payload
        # The length is written last: until then the segment ends where it ended before.
        self._map[start + 4 : end] = frame[4:]
        self._map[start : start + 4] = frame[:4]
        self._used = end
        return True


def largest_payload(source: Source, size: int) -> int:
    """Bytes of the largest record that fits into a segment of ``size`` bytes; negative for none."""
    return size - len(_MAGIC) - 2 * _FRAME.size - len(encode_source(source))


def lock(file: BinaryIO, path: Path) -> None:
    """Take the lock of the segment that ``path`` names, until the file is closed.

    Raises:
        OSError: another process has it, or ``path`` names another file or none by now.
    """
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if not os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
        raise OSError(errno.ESTALE, "the file was replaced before it was locked", str(path))


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


@dataclass(frozen=True)
class SegmentContent:
    """What can be read of a segment.

    Attributes:
        source: what its records share.
        valid_bytes: length of the part that is whole.
        torn: whether something follows that part which is not a whole record.
        sha256: hex digest of the valid bytes.
        payloads: one for each record.
    """

    source: Source
    valid_bytes: int
    torn: bool
    sha256: str
    payloads: list[memoryview]

    @property
    def predictions(self) -> Iterator[Prediction]:
        """The records, decoded one by one.

        Raises:
            BadInput: when a whole record is not a record of this source.
        """
        return (decode(payload, self.source) for payload in self.payloads)


def read_segment(path: Path) -> SegmentContent:
    """Read a segment, up to the first record that is not whole.

    Raises:
        BadInput: it does not begin as a segment does.
        FileNotFoundError: it is not there (any more).
    """
    data = memoryview(path.read_bytes())
    payloads, end = _payloads(data, _after_magic(data, path))
    if not payloads:
        raise BadInput("the segment does not say its source", where=str(path))
    return SegmentContent(
        source=decode_source(payloads[0]),
        valid_bytes=end,
        torn=any(data[end : end + _FRAME.size]),
        sha256=hashlib.sha256(data[:end]).hexdigest(),
        payloads=payloads[1:],
    )


class SegmentTail:
    """Reads the records that were added to a segment since the last time, while it is written.

    It keeps the file open, and so goes on when the file is renamed, cut to size, or removed.

    Args:
        path: the segment.

    Raises:
        BadInput: it does not begin as a segment does.
        FileNotFoundError: it is not there (any more).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("rb", buffering=0)
        try:
            head = os.pread(self._file.fileno(), _CHUNK, 0)
            self._position = _after_magic(memoryview(head), path)
            payload = next(self._frames(), None)
            if payload is None:
                raise BadInput("the segment does not say its source", where=str(path))
            self.source = decode_source(payload)
        except BaseException:
            self._file.close()
            raise

    def read(self) -> Iterator[Prediction]:
        """The records that are new; each is given once.

        Raises:
            BadInput: a whole record is not a record of this source; it is passed over next time.
        """
        return (decode(payload, self.source) for payload in self._frames())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> SegmentTail:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _frames(self) -> Iterator[memoryview]:
        size = _CHUNK
        while True:
            data = memoryview(os.pread(self._file.fileno(), size, self._position))
            payloads, end = _payloads(data, 0)
            for payload in payloads:
                self._position += _FRAME.size + len(payload)
                yield payload
            needed = _frame_size(data, end)
            if needed <= len(data) - end or len(data) < size:
                return
            size = max(_CHUNK, needed)


def _after_magic(data: memoryview, path: Path) -> int:
    if data[: len(_MAGIC)] != _MAGIC:
        raise BadInput(
            "this is not a segment of the prediction log, or one of another version",
            where=str(path),
        )
    return len(_MAGIC)


def _payloads(data: memoryview, start: int) -> tuple[list[memoryview], int]:
    """The whole payloads from ``start`` on, and where the last of them ends."""
    payloads = []
    while start + _FRAME.size < len(data):
        length, checksum = _FRAME.unpack_from(data, start)
        end = start + _FRAME.size + length
        payload = data[start + _FRAME.size : end]
        if not length or end > len(data) or crc32(payload) != checksum:
            break
        payloads.append(payload)
        start = end
    return payloads, start


def _frame_size(data: memoryview, start: int) -> int:
    """Bytes of the frame at ``start`` as far as can be told: 0 at the end so far."""
    if start + _FRAME.size > len(data):
        return _FRAME.size
    length, _ = _FRAME.unpack_from(data, start)
    return length and _FRAME.size + length
