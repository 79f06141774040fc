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

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from phasegate.errors import BadInput
from phasegate.prediction_log.record import Prediction, Source, decode, decode_source

OPEN, CLOSED = ".open", ".closed"

MAGIC = b"PGPLOG\x00\x01"
FRAME = struct.Struct("<II")
_CHUNK = 1 << 18


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
        torn=any(data[end : end + FRAME.size]),
        sha256=hashlib.sha256(data[:end]).hexdigest(),
        payloads=payloads[1:],
    )


class SegmentTail:
    """Reads the records that were added to a segment since the last time, while it is written.

    It keeps the file open, and so goes on when the file is renamed, cut to size, or removed.

    Args:
        path: the segment.

    Raises:
        BadInput: it does not begin as a segment does, or not yet.
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
                self._position += FRAME.size + len(payload)
                yield payload
            needed = _frame_size(data, end)
            file_size = os.fstat(self._file.fileno()).st_size
            if needed <= len(data) - end or self._position + needed > file_size:
                return
            size = max(_CHUNK, needed)


def _after_magic(data: memoryview, path: Path) -> int:
    if data[: len(MAGIC)] != MAGIC:
        raise BadInput(
            "this is not a segment of the prediction log, or one of another version",
            where=str(path),
        )
    return len(MAGIC)


def _payloads(data: memoryview, start: int) -> tuple[list[memoryview], int]:
    """The whole payloads from ``start`` on, and where the last of them ends."""
    payloads = []
    while start + FRAME.size < len(data):
        length, checksum = FRAME.unpack_from(data, start)
        end = start + FRAME.size + length
        payload = data[start + FRAME.size : end]
        if not length or end > len(data) or crc32(payload) != checksum:
            break
        payloads.append(payload)
        start = end
    return payloads, start


def _frame_size(data: memoryview, start: int) -> int:
    """Bytes of the frame at ``start`` as far as can be told: 0 at the end so far."""
    if start + FRAME.size > len(data):
        return FRAME.size
    length, _ = FRAME.unpack_from(data, start)
    return length and FRAME.size + length
