"""A champion and a challenger as the command serves them, requests to them, and their log."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.local.serving.requests import Request
from phasegate.local.serving.running import Running
from phasegate.local.serving.sending import Sent
from phasegate.local.serving.sending import send as send_requests
from phasegate.traffic.headers import ENTITY, REQUEST_ID
from tests.end_to_end.conftest import Phasegate, Said
from tests.serving.conftest import NAME, small_model

CATEGORIES = ("food", "fuel", "travel")
PREDICT = f"/v1/models/{NAME}:predict"


def write_models(folder: Path) -> list[str]:
    """A champion's and a challenger's folder; their paths."""
    for name, seed in (("old", 7), ("new", 8)):
        small_model(seed).save(folder / name)
    return [str(folder / name) for name in ("old", "new")]


def requests(count: int, prefix: str) -> Iterable[Request]:
    """Rows that differ, of 100 entities; the ids end with the row's number."""
    for number in range(count):
        row = {
            "amount": number % 13 - 6.0,
            "mean_7d": None if number % 11 == 0 else number % 97 * 1.5,
            "category": CATEGORIES[number % 3],
        }
        headers = {
            "content-type": "application/json",
            REQUEST_ID: f"{prefix}{number}",
            ENTITY: f"customer-{number % 100}",
        }
        yield Request(json.dumps({"instances": [row]}).encode(), headers)


def ask(
    url: str,
    count: int,
    prefix: str,
    *,
    rate: float = 0,
    at_a_third: Callable[[], object] | None = None,
) -> Sent:
    """Send requests; after a third of them, do something."""
    due = [at_a_third] if at_a_third else []

    def progress(share: float, _: str) -> None:
        if due and share > 1 / 3:
            due.pop()()

    sent = send_requests(
        requests(count, prefix), url + PREDICT,
        total=count, rate=rate, in_flight=32, timeout=30, progress=progress,
    )  # fmt: skip
    assert not due, "the requests were over too soon"
    return sent


def logged(store: Path) -> list[dict[str, Any]]:
    """Every row of a prediction log, and ``date``, the partition that it is in."""
    rows = []
    for file in sorted(store.rglob("*.parquet")):
        date = next(part for part in file.parts if part.startswith("date="))
        table = pq.ParquetFile(file).read()
        # Times as microseconds: their zone is UTC, and needs no database of zones.
        at = table.schema.get_field_index("event_time")
        table = table.set_column(at, "event_time", table["event_time"].cast(pa.int64()))
        rows += [{**row, "date": date.removeprefix("date=")} for row in table.to_pylist()]
    return rows


def children(pid: int) -> list[int]:
    """Processes that a process has started and that still run."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


class Served:
    """`phasegate serve`, which has said that it serves, within the ``with`` body.

    Attributes:
        running: what it said.
        processes: that it has started: model servers, sidecar, proxy.
    """

    def __init__(self, phasegate: Phasegate, *arguments: str) -> None:
        self._phasegate, self._arguments = phasegate, arguments
        self._said: Said | None = None

    def __enter__(self) -> Self:
        self._process = self._phasegate.start("serve", *self._arguments, "--port", "0", "--json")
        assert self._process.stdout
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        else:
            raise AssertionError(self._process.communicate()[1])
        self.running = Running(**json.loads("".join(lines)))
        self.processes = children(self.running.pid)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end(signal.SIGINT)

    def end(self, number: signal.Signals) -> Said:
        """Send a signal and wait for the end; says how it ended."""
        if self._said is None:
            self._process.send_signal(number)
            try:
                out, err = self._process.communicate(timeout=60)
            finally:
                self._process.kill()
                self._process.wait()
            self._said = Said(self._process.returncode, out, err)
        return self._said
