"""Evidence of a release's phase, read from the prediction log in its store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb

from phasegate.errors import BadInput
from phasegate.prediction_log.pairs import coverage, matched
from phasegate.release.evidence import Cohorts, Pairs
from phasegate.release.gathering.answers import answers
from phasegate.release.gathering.cohort_statistics import cohort_statistics
from phasegate.release.gathering.expression import BadMetric
from phasegate.release.gathering.labels import LabelSource
from phasegate.release.gathering.pair_statistics import pair_statistics
from phasegate.release.policy import Policy
from phasegate.release.record import ReleaseRecord
from phasegate.store.named import open_named

T = TypeVar("T")

_MEMORY = "2GB"
_SIDES = ("score", "decision", "latency_us")


class LogSource:
    """The prediction log of a model.

    Only the days of the phase and the two models' files are listed; a file from a bucket is
    fetched once, because it never changes.

    Args:
        uri: of the log's store: a folder or ``gs://bucket/prefix``.
        model: name that the models are served under.
        folder: for files from a bucket, and what does not fit into memory.
        threads: of DuckDB; None for one for each core.
    """

    def __init__(self, uri: str, model: str, folder: Path, *, threads: int | None = None) -> None:
        self._uri, self._model, self._folder = uri, model, folder
        self._threads = threads

    def read(self, record: ReleaseRecord, now: datetime) -> tuple[Pairs | None, Cohorts | None]:
        """Evidence of the record's phase, from when traffic followed it until now.

        Returns:
            Pairs, None where the phase copies nothing; and cohorts, None where the challenger has
            no share. Both are None before traffic follows the phase.

        Raises:
            Unavailable: store or labels did not answer.
            BadInput: they cannot be read, or the business metric cannot be computed (`BadMetric`).
        """
        return self.pairs(record, now), self.cohorts(record, now)

    def pairs(self, record: ReleaseRecord, now: datetime) -> Pairs | None:
        """The pairs of `read`."""
        if not record.current.mirror or record.phase_applied is None:
            return None
        digests = (record.champion.digest, record.challenger.digest)
        window = {"since": record.phase_applied, "until": now}
        with self._opened(record, now) as (connection, files):
            rows = matched(connection, files, *digests, **window)
            shadow = ", ".join(f"shadow_{side} AS challenger_{side}" for side in _SIDES)
            rows = rows.project(f"* EXCLUDE ({', '.join(f'shadow_{s}' for s in _SIDES)}), {shadow}")
            rows = LabelSource(record.policy.labels, self._folder).join(connection, rows, now)
            counts = coverage(connection, files, *digests, **window)
            return pair_statistics(connection, rows, counts, record.policy)

    def cohorts(self, record: ReleaseRecord, now: datetime) -> Cohorts | None:
        """The cohorts of `read`."""
        if not record.current.weight or record.phase_applied is None:
            return None
        digests = (record.champion.digest, record.challenger.digest)
        with self._opened(record, now) as (connection, files):
            rows = answers(connection, files, *digests, since=record.phase_applied, until=now)
            rows = LabelSource(record.policy.labels, self._folder).join(connection, rows, now)
            return cohort_statistics(connection, rows, record.policy)

    @contextmanager
    def _opened(
        self, record: ReleaseRecord, now: datetime
    ) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Path]]]:
        """A connection, and the files of the phase's days and the two models."""
        try:
            files = self._files(record, now)
            self._folder.mkdir(parents=True, exist_ok=True)
            settings = {"memory_limit": _MEMORY, "temp_directory": str(self._folder / "spill")}
            if self._threads is not None:
                settings["threads"] = self._threads
            with duckdb.connect(config=settings) as connection:
                yield connection, files
        except duckdb.Error as error:
            text = (str(error).splitlines() or [""])[0]
            raise BadInput(
                f"the prediction log cannot be read ({text[:300]})", where=self._uri
            ) from None
        except OSError as error:
            raise BadInput(
                f"the prediction log cannot be read ({error.strerror})", where=self._uri
            ) from None

    def _files(self, record: ReleaseRecord, now: datetime) -> list[Path]:
        store = open_named(self._uri)
        models = {f"model={version.slot}" for version in (record.champion, record.challenger)}
        day, last = (time.astimezone(UTC).date() for time in (record.phase_applied, now))
        files = []
        while day <= last:
            for name in store.names(f"predictions/{self._model}/date={day}/"):
                parts = name.split("/")
                if parts[-2] in models and name.endswith(".parquet"):
                    fetched = self._folder / "log" / name
                    here = store.local_path(name) or (fetched if fetched.exists() else None)
                    files.append(here or store.fetch(name, fetched.parent))
            day += timedelta(days=1)
        return files


def without_metric(
    read: Callable[[ReleaseRecord, datetime], T], record: ReleaseRecord, now: datetime
) -> tuple[T, str]:
    """What `read` gives, and what is wrong with the business metric: it must blind no guardrail.

    Raises:
        Unavailable, BadInput: as `read`, of anything but the metric.
    """
    try:
        return read(record, now), ""
    except BadMetric as error:
        policy: Policy = replace(record.policy, metric=None)
        return read(replace(record, policy=policy), now), str(error)
