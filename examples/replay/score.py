"""Decisions against what became of the payments, which nobody in the story knows so early."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from phasegate.monitoring.performance.series import Confusion

_DAY = timedelta(days=1)
_CONFUSION = ", ".join(
    f"count(*) FILTER (decision = {decision} AND is_fraud = {label})"
    for decision, label in ((1, 1), (1, 0), (0, 1), (0, 0))
)


class Scores:
    """Counts right and wrong decisions.

    Args:
        truth: Parquet file of ``transaction_id`` and ``is_fraud``.
        log: store of the prediction log, a folder.
        model: name of the model.
    """

    def __init__(self, truth: Path, log: Path, model: str) -> None:
        self._log = log / "predictions" / model
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        self._connection.execute(f"CREATE TABLE truth AS FROM '{truth}'")

    def served(self, since: datetime, until: datetime) -> tuple[Confusion, Mapping[str, int]]:
        """What users got in a piece of traffic, each request once; and answers by model.

        Models are named by the first 12 digits of their digests.
        """
        day, files = since.replace(hour=0), []
        while day < until:
            files += sorted((self._log / f"date={day:%Y-%m-%d}").glob("model=*/*.parquet"))
            day += _DAY
        if not files:
            return Confusion(), {}
        listed = ", ".join(f"'{file}'" for file in files)
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE answered AS
                SELECT request_id, any_value(decision) AS decision,
                    any_value(model_digest)[:12] AS model
                FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)
                WHERE role IN ('champion', 'challenger') AND error IS NULL
                    AND event_time >= '{since}' AND event_time < '{until}'
                GROUP BY request_id"""
        )
        models = dict(
            self._connection.execute("SELECT model, count(*) FROM answered GROUP BY 1").fetchall()
        )
        return self._confusion(
            "answered JOIN truth ON request_id = transaction_id::VARCHAR"
        ), models

    def decided(self, decisions: Path) -> Confusion:
        """What a file of ``transaction_id`` and ``decision`` came to."""
        return self._confusion(f"'{decisions}' JOIN truth USING (transaction_id)")

    def _confusion(self, joined: str) -> Confusion:
        (row,) = self._connection.execute(f"SELECT {_CONFUSION} FROM {joined}").fetchall()
        return Confusion(*row)
