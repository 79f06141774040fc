"""Decisions against what became of the payments, which nobody in the story knows so early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from examples.replay.record import Decided
from phasegate.monitoring.performance.series import Confusion

Part = tuple[datetime, bool]
"""A day, and whether features were broken."""

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONFUSION = ", ".join(
    f"count(*) FILTER (decision = {decision} AND is_fraud = {label})"
    for decision, label in ((1, 1), (1, 0), (0, 1), (0, 0))
)


class Scores:
    """Counts right and wrong decisions.

    Args:
        truth: Parquet file of ``transaction_id``, ``event_time`` and ``is_fraud``.
        log: store of the prediction log, a folder.
        model: name of the model.
    """

    def __init__(self, truth: Path, log: Path, model: str) -> None:
        self._log = log / "predictions" / model
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        self._connection.execute(f"CREATE TABLE truth AS FROM '{truth}'")

    def of(
        self,
        since: datetime,
        until: datetime,
        alone: Path,
        broken: Sequence[tuple[datetime, datetime]] = (),
    ) -> tuple[tuple[Decided, ...], Mapping[str, int]]:
        """What a piece of traffic came to in both worlds, by day; and users' answers by model.

        Args:
            since, until: the piece: from, and before.
            alone: decisions of the first model, a file of ``transaction_id`` and ``decision``.
            broken: spans in which features were.

        Returns:
            Models are named by the first 12 digits of their digests. Each request counts once.
        """
        by_model = self._answered(since, until)
        guarded = self._confusions(
            "answered JOIN truth ON request_id = transaction_id::VARCHAR", broken
        )
        unwatched = self._confusions(f"'{alone}' JOIN truth USING (transaction_id)", broken)
        nothing = Confusion()
        return tuple(
            Decided(*part, guarded.get(part, nothing), unwatched.get(part, nothing))
            for part in sorted({*guarded, *unwatched})
        ), by_model

    def _answered(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Make the table of what users got; returns how often each model answered."""
        day, files = since.replace(hour=0), []
        while day < until:
            files += sorted((self._log / f"date={day:%Y-%m-%d}").glob("model=*/*.parquet"))
            day += _DAY
        listed = ", ".join(f"'{file}'" for file in files)
        source = (
            f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
            if files
            else "(SELECT '' AS request_id, 0 AS decision, '' AS model_digest, '' AS role, "
            "NULL AS error, now() AS event_time LIMIT 0)"
        )
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE answered AS
                SELECT request_id, any_value(decision) AS decision,
                    any_value(model_digest)[:12] AS model
                FROM {source}
                WHERE role IN ('champion', 'challenger') AND error IS NULL
                    AND event_time >= '{since}' AND event_time < '{until}'
                GROUP BY request_id"""
        )
        return dict(
            self._connection.execute("SELECT model, count(*) FROM answered GROUP BY 1").fetchall()
        )

    def _confusions(
        self, joined: str, broken: Sequence[tuple[datetime, datetime]]
    ) -> dict[Part, Confusion]:
        is_broken = " OR ".join(
            f"(event_time >= '{first}' AND event_time < '{end}')" for first, end in broken
        )
        found = self._connection.execute(
            f"SELECT epoch_us(date_trunc('day', event_time)), {is_broken or 'false'}, {_CONFUSION} "
            f"FROM {joined} GROUP BY ALL"
        ).fetchall()
        return {
            (_EPOCH + timedelta(microseconds=day), is_so): Confusion(*counts)
            for day, is_so, *counts in found
        }
