"""A day of users: what they send, what they got, and when all of it is in the prediction log."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from phasegate.local.serving.requests import Columns, Request, RequestTable
from phasegate.local.serving.sending import Sent, send
from phasegate.traffic.headers import EVENT_TIME

DAY = timedelta(days=1)
_COLUMNS = Columns("event_time", "customer_id", "transaction_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IN_FLIGHT = 16
_POLL_SECONDS = 0.2
_LONGEST_SECONDS = 30.0
_QUIET_SECONDS = 5.0  # longer than a segment stays open and the sidecar takes to see it

Sending = Callable[[datetime], None]
"""Told the event time of each request."""


@dataclass(frozen=True)
class Inputs:
    """How the models are asked.

    Attributes:
        url: where requests go.
        columns: that they ask for.
    """

    url: str
    columns: list[str]


def send_day(file: Path, inputs: Inputs, sending: Sending) -> Sent:
    """Send a day's requests as fast as they are answered, in the order of their event times."""

    requests = RequestTable(file, inputs.columns, _COLUMNS, limit=0, prefix="")
    return send(
        _told(requests, sending), inputs.url, total=requests.rows, rate=0, in_flight=_IN_FLIGHT,
        timeout=30, progress=lambda *_: None,
    )  # fmt: skip


def requests_of(file: Path, inputs: Inputs, sending: Sending) -> Iterator[Request]:
    """Users' requests of a file, in the order of their event times."""
    return _told(RequestTable(file, inputs.columns, _COLUMNS, limit=0, prefix=""), sending)


def _told(requests: Iterable[Request], sending: Sending) -> Iterator[Request]:
    for request in requests:
        sending(_EPOCH + timedelta(microseconds=int(request.headers[EVENT_TIME])))
        yield request


@dataclass
class SealedLog:
    """The sealed prediction log of a model, as it grows; each file is read once.

    Attributes:
        folder: of the model's log.
    """

    folder: Path
    _rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    _known: set[Path] = field(default_factory=set)

    def await_day(self, day: datetime, sent: Sent, copies: bool) -> float:
        """Wait until the answers to a day's requests, and their copies, are in the log.

        Copies may be lost, and nobody knows then; so the wait for them ends.

        Returns:
            Seconds that it took.
        """
        partition = f"{day:%Y-%m-%d}"
        expected = dict(sent.by_role)
        if copies:
            expected["shadow"] = expected.get("champion", 0)
        started = changed = time.monotonic()
        while (now := time.monotonic()) - started < _LONGEST_SECONDS:
            changed = now if self._read(partition) else changed
            missing = {
                role for role, rows in expected.items() if self._rows[partition, role] < rows
            }
            if not missing or (missing == {"shadow"} and now - changed > _QUIET_SECONDS):
                break
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - started

    def await_rows(self, days: list[datetime], expected: Mapping[str, int]) -> float:
        """Wait until there are as many rows of each role in all as are expected.

        Args:
            days: of which there may be new ones.
            expected: answers by role since the beginning; copies that nobody can be sure of are
                waited for until the log is quiet.

        Returns:
            Seconds that it took.
        """
        started = changed = time.monotonic()
        while (now := time.monotonic()) - started < _LONGEST_SECONDS:
            found = [self._read(f"{day:%Y-%m-%d}") for day in days]
            changed = now if any(found) else changed
            seen: Counter[str] = Counter()
            for (_, role), rows in self._rows.items():
                seen[role] += rows
            missing = {role for role, rows in expected.items() if seen[role] < rows}
            if not missing or (missing == {"shadow"} and now - changed > _QUIET_SECONDS / 2):
                break
            time.sleep(_POLL_SECONDS / 2)
        return time.monotonic() - started

    def _read(self, partition: str) -> int:
        """Count what is new; returns how many files were."""
        before = len(self._known)
        for path in sorted((self.folder / f"date={partition}").glob("model=*/*.parquet")):
            if path not in self._known:
                self._known.add(path)
                table = pq.ParquetFile(path).read(columns=["role", "error"])
                answered = table.filter(pc.is_null(table["error"]))
                for role in answered["role"].to_pylist():
                    self._rows[partition, role] += 1
        return len(self._known) - before
