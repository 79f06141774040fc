"""From joined records to closed segments, so that they are sealed as a predictor's records are.

A batch is decided in one transaction: its records, and the source they share. Then its segment is
made beside the spool and renamed into it, then the records are deleted. After a crash in between,
the same batch makes the same bytes again, which have the same name in the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from phasegate.prediction_log.record import Source, decode_source, encode, encode_source
from phasegate.prediction_log.segment import FRAME, MAGIC, OPEN
from phasegate.prediction_log.segment_writer import SegmentWriter
from phasegate.sidecar.database import Database
from phasegate.sidecar.pairs import Record
from phasegate.sidecar.services import Services
from phasegate.store import copying


@dataclass(frozen=True)
class BatchLimits:
    """When a batch is closed: at the first of these.

    Attributes:
        records: so many records.
        size: so many bytes of them.
        seconds: this long after the first of them.
        values: so many values, counting for each row all features of the batch, which few bytes
            can ask for where requests name different ones.
    """

    records: int = 20_000
    size: int = 8 << 20
    seconds: float = 30.0
    values: int = 2_000_000


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
                last, names = self._next(run, service)
                source = encode_source(self._source(run, service, names))
                run.execute(
                    "INSERT INTO batch (service, last, source) VALUES (?, ?, ?)",
                    (service, last, source),
                )
        return bool(services)

    def _next(self, run: Connection, service: str) -> tuple[int, set[str]]:
        """The service's next batch: id of its last record, and features that its records have."""
        last, names, rows, size = 0, set[str](), 0, 0
        for at, payload in run.execute(
            "SELECT id, payload FROM record WHERE service = ? ORDER BY id LIMIT ?",
            (service, self._limits.records),
        ):
            record = Record.unpack(payload)
            wider = names | record.columns.keys()
            rows += record.rows
            size += len(payload)
            if last and (size > self._limits.size or rows * len(wider) > self._limits.values):
                break
            last, names = at, wider
        return last, names

    def _source(self, run: Connection, service: str, names: set[str]) -> Source:
        """What records of a service share that have these features.

        Failures have none; a batch of them has all that are known of the service.
        """
        namespace, _, key = service.partition("/")
        features = run.execute(
            "SELECT name, is_text FROM feature WHERE service = ? ORDER BY rowid", (service,)
        ).fetchall()
        if names:
            features = [(name, is_text) for name, is_text in features if name in names]
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
                found = run.execute(
                    "SELECT payload FROM record WHERE service = ? AND id <= ? ORDER BY id",
                    (service, last),
                ).fetchall()
            records = [Record.unpack(payload).prediction(source) for (payload,) in found]
            self._write(number, source, [encode(record, source) for record in records])
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
