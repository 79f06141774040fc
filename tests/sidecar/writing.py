"""Spools that are filled: at once, or all the time."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from phasegate.prediction_log.spool import Spool, writer_id
from tests.prediction_log.examples import NOON, SECOND, SOURCE, prediction

_SEGMENT = 1 << 14


def write_spool(folder: Path, count: int, first: int = 0) -> list[str]:
    """Close a spool with so many records; their ids."""
    spool = Spool(folder, replace(SOURCE, writer=writer_id()), segment_bytes=1 << 20)
    ids = [f"request-{number}" for number in range(first, first + count)]
    for number, request_id in enumerate(ids):
        assert spool.append(prediction(number, request_id=request_id))
    spool.close()
    return ids


class Load:
    """Appends records to a spool from a thread of its own until it is stopped.

    Attributes:
        kept: ids that the spool said are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(folder, SOURCE, segment_bytes=_SEGMENT, max_age_seconds=0.2, spares=4)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.kept: list[str] = []

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._spool.close()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.0005):
            request_id = f"request-{number}"
            event_time = NOON + number * 60 * SECOND
            if self._spool.append(prediction(number, request_id=request_id, event_time=event_time)):
                self.kept.append(request_id)
            number += 1
