"""From joined records to closed segments, so that they are sealed as a predictor's records are.

A batch is decided in one transaction: its records, and the source they share. Then its segment is
made beside the spool and renamed into it, then the records are deleted. After a crash in between,
the same batch makes the same bytes again, which have the same name in the store.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
import ormsgpack

from phasegate.prediction_log.record import (
    Prediction,
    Source,
    decode_source,
    encode,
    encode_source,
)
from phasegate.prediction_log.segment import FRAME, MAGIC, OPEN
from phasegate.prediction_log.segment_writer import SegmentWriter
from phasegate.sidecar.database import Database
from phasegate.sidecar.services import Services
from phasegate.store import copying


@dataclass(frozen=True)
class BatchLimits:
    """When a batch is closed: at the first of these.

    Attributes:
        records: so many records.
        size: so many bytes of them.
        seconds: this long after the first of them.
    """

    records: int = 20_000
    size: int = 8 << 20
    seconds: float = 30.0


DEFAULT_LIMITS = BatchLimits()


class Batcher:
    """Empties the table of records into a spool folder. For one thread.

    Args:
        database: holds the records.
        services: what is known of the services.
        spool: folder that segments appear in.
        limits: when a batch is closed.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        services: Services,
        spool: Path,
        limits: BatchLimits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._services, self._spool = database, services, spool
        self._limits, self._clock = limits, clock
        self._writer = database.writer
        # Not in the spool: whoever finds an unlocked segment there may finish it half full.
        self._drafts = spool.with_name(f"{spool.name}-drafts")
        for folder in (self._spool, self._drafts):
            folder.mkdir(parents=True, exist_ok=True)

    def export(self, *, everything: bool = False) -> int:
        """Make the segments that are due, or of all records; the number of records in them.

        Raises:
            OSError: a segment could not be written; it will be made next time.
            Refused: the database could not be read or written; likewise.
        """
        records = self._export_closed()
        while self._close_due(everything):
            records += self._export_closed()
        return records

    def _close_due(self, everything: bool) -> bool:
        """Close a batch for each service that has one due; whether there was any."""
        due = 0.0 if everything else self._limits.seconds
        with self._database.transaction() as run:
            services = run.execute(
                "SELECT service FROM record GROUP BY service "
                "HAVING count(*) >= ? OR sum(size) >= ? OR min(made) <= ?",
                (self._limits.records, self._limits.size, self._clock() - due),
            ).fetchall()
            for (service,) in services:
                last = self._last(run, service)
                source = encode_source(self._source(run, service, last))
                run.execute(
                    "INSERT INTO batch (service, last, source) VALUES (?, ?, ?)",
                    (service, last, source),
                )
        return bool(services)

    def _last(self, run: Connection, service: str) -> int:
        """Id of the last record of the service's next batch."""
        found = run.execute(
            "SELECT id, sum(size) OVER (ORDER BY id) FROM record WHERE service = ? "
            "ORDER BY id LIMIT ?",
            (service, self._limits.records),
        ).fetchall()
        fitting = [at for at, size in found if size <= self._limits.size]
        return fitting[-1] if fitting else found[0][0]

    def _source(self, run: Connection, service: str, last: int) -> Source:
        """What the records up to ``last`` share: every feature that one of them has.

        Failures have none; a batch of them has all that are known of the service.
        """
        namespace, _, key = service.partition("/")
        present = {name for fields in _records(run, service, last) for name in fields[6] or ()}
        features = run.execute(
            "SELECT name, is_text FROM feature WHERE service = ? ORDER BY rowid", (service,)
        ).fetchall()
        if present:
            features = [(name, is_text) for name, is_text in features if name in present]
        return Source(
            model=key.partition("/")[0],
            model_digest=self._services.find(key).digest,
            project_version=f"kserve/{namespace}",
            numeric=tuple(name for name, is_text in features if not is_text),
            text=tuple(name for name, is_text in features if is_text),
            writer=self._writer,
        )

    def _export_closed(self) -> int:
        exported = 0
        with self._database.transaction() as run:
            batches = run.execute(
                "SELECT id, service, last, source FROM batch ORDER BY id"
            ).fetchall()
        for number, service, last, packed in batches:
            source = decode_source(packed)
            with self._database.transaction() as run:
                records = _records(run, service, last)
            self._write(
                number, source, [encode(prediction(one, source), source) for one in records]
            )
            with self._database.transaction() as run:
                run.execute("DELETE FROM record WHERE service = ? AND id <= ?", (service, last))
                run.execute("DELETE FROM batch WHERE id = ?", (number,))
            exported += len(records)
        return exported

    def _write(self, number: int, source: Source, payloads: list[bytes]) -> None:
        name = f"{self._writer}-{number:08d}"
        draft = self._drafts / f"{name}{OPEN}"
        draft.unlink(missing_ok=True)
        size = len(MAGIC) + sum(
            FRAME.size + len(payload) for payload in (encode_source(source), *payloads)
        )
        segment = SegmentWriter(draft, source, size)
        for payload in payloads:
            segment.append(payload)
        closed = segment.close()
        assert closed is not None, "a batch has records"
        copying.sync(closed)
        closed.rename(self._spool / closed.name)
        copying.sync(self._spool)


def prediction(fields: list[Any], source: Source) -> Prediction:
    """A record of a source, from the fields that `joining.join` packed.

    A feature that the record lacks is missing in all its rows; a number of a feature that has
    become text is written as text.
    """
    request_id, event_time, entity, role, latency, error, columns, scores, decisions = fields
    if error is not None:
        return Prediction(request_id, event_time, entity, role, latency, error)
    rows = len(decisions)
    absent = np.full(rows, np.nan)
    numeric = [
        absent if (column := columns.get(name)) is None else np.frombuffer(column, "<f8")
        for name in source.numeric
    ]
    return Prediction(
        request_id, event_time, entity, role, latency, None,
        np.array(numeric, "<f8").T.tobytes(),
        [_texts(columns.get(name), rows) for name in source.text],
        scores, decisions,
    )  # fmt: skip


def _texts(column: bytes | list[str | None] | None, rows: int) -> list[str | None]:
    if column is None:
        return [None] * rows
    if isinstance(column, bytes):
        numbers = np.frombuffer(column, "<f8").tolist()
        return [None if math.isnan(number) else f"{number:.17g}" for number in numbers]
    return column


def _records(run: Connection, service: str, last: int) -> list[list[Any]]:
    found = run.execute(
        "SELECT payload FROM record WHERE service = ? AND id <= ? ORDER BY id", (service, last)
    )
    return [ormsgpack.unpackb(payload) for (payload,) in found]
