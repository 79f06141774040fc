"""Rows of the prediction log as counts of a window: each answer to a user once, in any files.

DuckDB finds what is repeated and puts only that in order; the rest is counted as it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import add
from pathlib import Path

import duckdb
import pyarrow as pa

from phasegate.monitoring.counting import count
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import Profile

_MEMORY = "2GB"
_AT_ONCE = 500_000  # rows: more than most windows have
USERS = "role IN ('champion', 'challenger')"


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database of nothing, which puts what does not fit into memory in a folder."""
    return duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(folder)})


def count_logged(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], profile: Profile,
    since: datetime, until: datetime,
) -> tuple[WindowCounts, int]:  # fmt: skip
    """A window of one model's rows, and how many of them were logged again.

    Of a row that was logged more than once, an answer counts before a failure, and the earliest
    of either.

    Args:
        files: stored tables of the model.
        since, until: event time, from and before.
    """
    if not files:
        return WindowCounts.none(profile), 0
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW logged AS
        SELECT request_id, "row", event_time, score, decision, error, latency_us, features
        FROM {table_of(files)} WHERE model_digest = {text_of(profile.model_digest)}
        AND {USERS} AND {between(since, until)}"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE repeated AS SELECT request_id, "row", count(*) AS times
        FROM logged GROUP BY ALL HAVING count(*) > 1"""
    )
    rows = connection.sql(
        """FROM logged ANTI JOIN repeated USING (request_id, "row")
        UNION ALL BY NAME
        (FROM logged SEMI JOIN repeated USING (request_id, "row")
        QUALIFY 1 = row_number() OVER (
            PARTITION BY request_id, "row"
            ORDER BY error IS NOT NULL, event_time, latency_us, score, decision, hash(features)
        ))"""
    )
    counted = (
        count(profile, pa.Table.from_batches([batch])) for batch in rows.to_arrow_reader(_AT_ONCE)
    )
    counts = reduce(add, counted, WindowCounts.none(profile))
    again = number_of(connection, "SELECT coalesce(sum(times - 1), 0) FROM repeated")
    return counts, again


def answered(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], since: datetime, until: datetime
) -> int:
    """Rows of any models that answered users in a window, each once.

    Args:
        files: stored tables of these models.
    """
    return sum(
        number_of(
            connection,
            f'SELECT count(*) FROM (SELECT DISTINCT model_digest, request_id, "row" '
            f"FROM {table_of(part)} WHERE error IS NULL AND {USERS} AND {between(since, until)})",
        )
        for part in by_model(files)
    )


def by_model(files: Sequence[Path]) -> list[list[Path]]:
    """Files of one model together: others may have features of the same names and other types."""
    parts: dict[str, list[Path]] = {}
    for file in files:
        parts.setdefault(file.parent.name, []).append(file)
    return [parts[name] for name in sorted(parts)]


def table_of(files: Sequence[Path]) -> str:
    """Stored tables in SQL."""
    names = ", ".join(text_of(str(one)) for one in sorted(files))
    return f"read_parquet([{names}], union_by_name = true, hive_partitioning = false)"


def between(since: datetime, until: datetime) -> str:
    """A span of event time in SQL."""
    first, last = (one.astimezone(UTC).isoformat() for one in (since, until))
    return f"(event_time >= '{first}'::TIMESTAMPTZ AND event_time < '{last}'::TIMESTAMPTZ)"


def number_of(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number that a query gives."""
    return int(connection.execute(sql).fetchall()[0][0])


def text_of(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
