"""Processes that kill themselves before the first, second, third ... effect on a disk.

    python -m tests.sidecar.crash_points seal|export|count ROOT [EVERY]

With EVERY, only before each so many-th. Each case has a folder ROOT/<number>: what was begun in a
process that was killed was ended by the next one. The last case was not killed. The interpreter's
audit hook sees every change of a file before it happens, and SQLite's trace every statement.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from phasegate.prediction_log.record import encode
from phasegate.prediction_log.segment_writer import SegmentWriter
from phasegate.sidecar.batching import Batcher
from phasegate.sidecar.database import Database
from phasegate.sidecar.health import Health
from phasegate.sidecar.joining import Joiner
from phasegate.sidecar.metrics import Metrics
from phasegate.sidecar.services import Services
from phasegate.sidecar.spools import SpoolFolder
from phasegate.store.named import open_named
from tests.prediction_log.examples import DAY, NOON, SOURCE, prediction
from tests.sidecar.drift.counted import count_drift, fill_watched
from tests.sidecar.events import read, request, response

IDS = tuple(f"request-{number}" for number in range(6))

_CHANGES = {
    "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate",
    "fcntl.flock", "shutil.rmtree",
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

Kill = Callable[..., None]


def fill_spool(folder: Path) -> None:
    """A closed segment and an abandoned one, each with records of two dates."""
    spool = folder / "spool"
    spool.mkdir()
    for sequence in range(2):
        path = spool / f"{SOURCE.writer}-{sequence:08d}.open"
        writer = SegmentWriter(path, SOURCE, 1 << 12)
        for number, request_id in list(enumerate(IDS))[sequence::2]:
            day = number // 3 * DAY
            one = prediction(number, request_id=request_id, event_time=NOON + day)
            writer.append(encode(one, SOURCE))
        closed = writer.close()
    assert closed
    closed.write_bytes(closed.read_bytes() + bytes(100))
    closed.rename(path)


def seal(folder: Path, _: Kill) -> None:
    """What a sidecar does with the spool."""
    metrics = Metrics()
    spool = SpoolFolder(folder / "spool", metrics, Health(metrics))
    spool.look()
    spool.seal(open_named(str(folder / "store")), folder / "draft")
    spool.close()


def fill_database(folder: Path) -> None:
    """Joined records, of two services."""
    database = Database(folder / "events.sqlite")
    joiner = Joiner(database)
    for number, request_id in enumerate(IDS):
        service = ("iris", "wine")[number % 2]
        joiner.add(read(request(request_id, ce_inferenceservicename=service)))
        joiner.add(read(response(request_id, ce_inferenceservicename=service)))
    database.close()


def export(folder: Path, kill: Kill) -> None:
    """What a sidecar does with joined records."""
    database = Database(folder / "events.sqlite")
    database.connection.set_trace_callback(kill)
    Batcher(database, Services(), folder / "spool").export(everything=True)
    seal(folder, kill)
    database.close()


def main(kind: str, root: str, every: str = "1") -> None:
    prepare, case = {
        "seal": (fill_spool, seal),
        "export": (fill_database, export),
        "count": (fill_watched, count_drift),
    }[kind]
    # What Arrow imports on its first use would be imported in each process anew.
    pa.array(np.zeros(1))
    for number in count(step=int(every)):
        folder = Path(root) / str(number)
        folder.mkdir()
        prepare(folder)
        if _status(case, folder, _killer(number)) == 0:
            return
        if _status(case, folder, lambda *_: None) != 0:
            sys.exit(f"case {number}: what was begun could not be ended")


def _status(case: Callable[[Path, Kill], None], folder: Path, kill: Kill) -> int:
    """Run a case in a process of its own: how that ended."""
    if child := os.fork():
        return os.waitpid(child, 0)[1]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and arguments[2] & _WRITING):
            kill()

    sys.addaudithook(hook)
    case(folder, kill)
    os._exit(0)


def _killer(number: int) -> Kill:
    effects = count()

    def kill(*_: object) -> None:
        if next(effects) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


if __name__ == "__main__":
    main(*sys.argv[1:])
