"""Which files of the log the windows were made of that a sidecar has lost with its folder."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phasegate.monitoring.policy import DriftRules
from phasegate.sidecar.drift.rows import Sealed
from phasegate.sidecar.drift.windows import FUTURE, slot_of
from phasegate.sidecar.health import Health
from phasegate.store.named import NamedFiles

_DAY = timedelta(days=1)
_NAME = re.compile(
    r"predictions/[^/]+/date=(\d{4}-\d\d-\d\d)/model=([0-9a-f]{12})/([0-9a-f]{64})\.parquet"
)


@dataclass(frozen=True, slots=True)
class LogPart:
    """A file of the log, which is one segment's rows of one date.

    Attributes:
        name: in the store.
        day: UTC date of the events.
        slot: first 12 digits of the digest of the model.
        segment: hex sha256 of the segment.
    """

    name: str
    day: date
    slot: str
    segment: str


@dataclass
class Lost:
    """What windows that had not ended, and the last one that had, were made of.

    Attributes:
        since: start of the first window.
        tables: rows from then on, of all models of the name, a file of the log at a time.
    """

    since: datetime
    tables: Iterator[tuple[Sealed, pa.Table]]
    _earlier: bool = False

    def has_earlier_rows(self) -> bool:
        """Whether the model has rows before `since`; known when all tables were read."""
        return self._earlier


def read_back(
    store: NamedFiles, model: str, slot: str, rules: DriftRules, now: datetime, health: Health
) -> Lost:
    """Find what to read so as to have the windows of a model back.

    Those are the window of its newest rows, those that may wait for late ones, and one before them:
    nobody knows whether that was judged. Files are looked for on the days up to today; on all days
    where there are none, as in a replay.

    Args:
        model: name that the model is served under.
        slot: first 12 digits of its digest.
        now: time of day.
        health: is told of files that cannot be read, and are left out.

    Raises:
        BadInput: the store did not answer, or refused; so may reading a table.
    """
    last = (now + FUTURE).date()
    first = last - (math.ceil(4 * rules.window / _DAY) + 1) * _DAY
    found = list(_files(store, model, first, last))
    found = found or [one for one in _parts(store, f"predictions/{model}/") if one.day <= last]
    days = [one.day for one in found if one.slot == slot]
    if not days:
        return Lost(now, iter(()))
    newest = datetime.combine(max(days), time(), UTC)
    since = slot_of(newest, rules.window) - max(1, math.ceil(rules.pane / rules.window)) * (
        rules.window
    )
    day_before = since.date() - max(_DAY, rules.window)
    before = _files(store, model, day_before, since.date() - _DAY)
    result = Lost(since, iter(()), any(one.slot == slot for one in before))
    until = min(last, max(days) + max(_DAY, rules.window))
    files = list(_files(store, model, since.date(), until))
    result.tables = _tables(result, files, model, slot, store, health)
    return result


def _tables(
    found: Lost, files: list[LogPart], model: str, slot: str, store: NamedFiles, health: Health
) -> Iterator[tuple[Sealed, pa.Table]]:
    with TemporaryDirectory() as folder:
        for number, one in enumerate(files):
            path = store.local_path(one.name) or store.fetch(one.name, Path(folder))
            try:
                # Not read_table, which takes parts of the path for columns.
                table = pq.ParquetFile(path).read()
                digest = table["model_digest"][0].as_py()
                inside = table.filter(pc.greater_equal(table["event_time"], pa.scalar(found.since)))
            except (pa.ArrowException, OSError, LookupError) as error:
                health.tell(f"restoring {one.name}", f"it cannot be read: {error}"[:300])
                continue
            finally:
                if path.parent == Path(folder):
                    path.unlink()
            if one.slot == slot and len(inside) < len(table):
                found._earlier = True
            yield Sealed(one.name, model, digest, one.segment), inside
            if number + 1 == len(files):
                print(
                    f"windows of {model} since {found.since:%Y-%m-%d %H:%M} are restored from "
                    f"{len(files)} files of the log", file=sys.stderr, flush=True,
                )  # fmt: skip


def _files(store: NamedFiles, model: str, first: date, last: date) -> Iterator[LogPart]:
    day = first
    while day <= last:
        yield from _parts(store, f"predictions/{model}/date={day}/")
        day += _DAY


def _parts(store: NamedFiles, prefix: str) -> list[LogPart]:
    found = (_NAME.fullmatch(name) for name in store.names(prefix))
    return [LogPart(one[0], date.fromisoformat(one[1]), one[2], one[3]) for one in found if one]
