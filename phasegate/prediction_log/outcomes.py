"""What two models logged for the same requests, as SQL over the stored tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from phasegate.errors import BadInput

Other = Literal["shadow", "challenger"]


def with_outcomes(
    files: Sequence[Path],
    champion: str,
    other: str,
    role: Other,
    since: datetime | None,
    until: datetime | None,
    prefix: str,
) -> str:
    """A WITH clause: what became of each request that the champion answered.

    It defines ``champion_answers`` and ``other_answers``, one record for each request_id and row;
    and ``outcomes``: request_id, outcome (answered, failed, absent, conflicting), error, repeated.

    Args:
        files: stored tables, under the names that the store gives them.
        champion: digest of the champion's model.
        other: digest of the other model.
        role: the role that the other one played.
        since: first event time of the champion's requests.
        until: event time that they are before.
        prefix: of their request ids.

    Raises:
        BadInput: a file's folder does not name a model.
    """
    ids = [f"starts_with(request_id, {_text(prefix)})"] if prefix else []
    times = [f"event_time >= {_moment(since)}"] if since else []
    times += [f"event_time < {_moment(until)}"] if until else []
    return f"""
        WITH {_side("champion", files, champion, "champion", ids + times)},
        {_side("other", files, other, role, ids)},
        outcomes AS (
            SELECT
                request_id,
                CASE
                    WHEN champion.conflicting OR other.conflicting
                        OR (other.rows > 0 AND other.rows <> champion.rows) THEN 'conflicting'
                    WHEN other.rows > 0 THEN 'answered'
                    WHEN other.error IS NOT NULL THEN 'failed'
                    ELSE 'absent'
                END AS outcome,
                CASE outcome WHEN 'failed' THEN other.error END AS error,
                champion.records > 1 OR coalesce(other.records > 1, false) AS repeated
            FROM champion_requests AS champion
            LEFT JOIN other_requests AS other USING (request_id)
            WHERE champion.rows > 0
        )"""


def _side(
    name: str, files: Sequence[Path], digest: str, role: str, conditions: Sequence[str]
) -> str:
    """What one model logged: its answers, one for each row, and a summary of each request.

    A failed record says nothing of the features, so it conflicts with nothing.
    """
    # A proxy such as Knative's cannot tell a model that it is the challenger: what it answers to
    # users is then a champion's in the log, and only the digest says whose.
    roles = "'champion', 'challenger'" if role == "challenger" else f"'{role}'"
    where = " AND ".join([f"model_digest = {_text(digest)}", f"role IN ({roles})", *conditions])
    return f"""
        {name}_logged AS NOT MATERIALIZED (
            SELECT request_id, "row", event_time, entity, score, decision, latency_us, error,
                features
            FROM {_rows(files, digest)} WHERE {where}
        ),
        {name}_answers AS NOT MATERIALIZED (
            FROM {name}_logged WHERE error IS NULL
            QUALIFY 1 = row_number() OVER (
                PARTITION BY request_id, "row" ORDER BY event_time, latency_us
            )
        ),
        {name}_requests AS (
            SELECT
                request_id,
                count(*) FILTER (error IS NULL) AS "rows",
                min(error) AS error,
                coalesce(max(copies) FILTER (error IS NULL), 0)
                    + coalesce(sum(copies) FILTER (error IS NOT NULL), 0) AS records,
                count(DISTINCT copies) FILTER (error IS NULL) > 1 OR bool_or(differ) AS conflicting
            FROM (
                SELECT request_id, "row", error, count(*) AS copies,
                    error IS NULL AND min(hash(features)) <> max(hash(features)) AS differ
                FROM {name}_logged GROUP BY request_id, "row", error
            )
            GROUP BY request_id
        )"""


def _rows(files: Sequence[Path], digest: str) -> str:
    """The stored tables of one model. Others may have features of the same names and other types.

    Raises:
        BadInput: a file's folder does not name a model.
    """
    for file in files:
        if not file.parent.name.startswith("model="):
            raise BadInput(
                "this is not a stored table of predictions",
                where=str(file),
                expected="the name that the store gave it: .../model=DIGEST/SEGMENT.parquet",
            )
    own = [_text(str(file)) for file in files if file.parent.name == f"model={digest[:12]}"]
    if own:
        # The folders would become columns that shadow those of the same name.
        return f"read_parquet([{', '.join(own)}], union_by_name = true, hive_partitioning = false)"
    columns = {
        **dict.fromkeys(("request_id", "entity", "role", "model_digest", "error"), "VARCHAR"),
        **{"row": "INTEGER", "event_time": "TIMESTAMPTZ", "score": "DOUBLE"},
        **{"decision": "TINYINT", "latency_us": "BIGINT", "features": "STRUCT(none DOUBLE)"},
    }
    empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in columns.items())
    return f"(SELECT {empty} WHERE false)"


def _moment(time: datetime) -> str:
    utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return f"'{utc.isoformat()}'::TIMESTAMPTZ"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
