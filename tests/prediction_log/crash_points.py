"""Processes that kill themselves at the first, second, third ... system call that matters.

    python -m tests.prediction_log.crash_points write|adopt ROOT

Each case has a folder ROOT/<number>; the last one ran to its end. The interpreter's audit hook sees
every open, lock, mapping, cut, rename and removal before it happens.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from phasegate.prediction_log.folder import adopt_abandoned
from phasegate.prediction_log.record import encode
from phasegate.prediction_log.segment import read_segment
from phasegate.prediction_log.segment_writer import SegmentWriter
from phasegate.prediction_log.spool import Spool
from tests.prediction_log.examples import SOURCE, prediction

ACKNOWLEDGED = "acknowledged"
SEGMENT = 1 << 12
ABANDONED = 15
_CALLS = {"open", "mmap.__new__", "fcntl.flock", "os.truncate", "os.rename", "os.remove"}


def write(folder: Path) -> None:
    """Fill a few segments; one byte in ACKNOWLEDGED for each record that is said to be kept."""
    acknowledged = os.open(folder / ACKNOWLEDGED, os.O_CREAT | os.O_WRONLY)
    spool = Spool(folder / "spool", SOURCE, segment_bytes=SEGMENT, spares=1)
    for number in range(150):
        # Dropped when no segment is ready: what counts is what the writer was told.
        while not spool.append(prediction(number)):
            pass
        os.write(acknowledged, b".")
    spool.close()


def abandon(folder: Path, records: int) -> None:
    """A segment whose writer was killed in the middle of its last record."""
    folder.mkdir()
    path = folder / f"{SOURCE.writer}-00000000.open"
    writer = SegmentWriter(path, SOURCE, SEGMENT)
    for number in range(records + 1):
        writer.append(encode(prediction(number), SOURCE))
    data = bytearray(path.read_bytes())
    data[read_segment(path).valid_bytes - 1] ^= 1
    closed = writer.close()
    assert closed
    closed.unlink()
    path.write_bytes(data)


def adopt(folder: Path) -> None:
    """Finish what another process left."""
    adopt_abandoned(folder / "spool")


def main(kind: str, root: str) -> None:
    case: Callable[[Path], None] = {"write": write, "adopt": adopt}[kind]
    for number in count():
        folder = Path(root) / str(number)
        folder.mkdir()
        if kind == "adopt":
            abandon(folder / "spool", ABANDONED)
        if child := os.fork():
            if os.waitpid(child, 0)[1] == 0:
                return
            continue
        _kill_at(number)
        case(folder)
        os._exit(0)


def _kill_at(number: int) -> None:
    calls = count()

    def hook(event: str, _: object) -> None:
        if event in _CALLS and next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    main(*sys.argv[1:])
