"""What the two cohorts were answered, from the stored tables of the prediction log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from phasegate.clock import microseconds
from phasegate.prediction_log.outcomes import with_outcomes
from phasegate.release.gathering.rows import quoted

_COLUMNS = 'request_id, "row", event_time, entity'


def answers(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    champion: str,
    challenger: str,
    *,
    since: datetime,
    until: datetime,
) -> duckdb.DuckDBPyRelation:
    """Answers and failures of both, as a lazy relation with the columns of `cohort_statistics`
    but the label.

    Of what a model logged more than once under an id, the earliest answer of each row counts, and
    one failure. Features are those that both models have, of one type: what only one of them knows
    cannot be part of what they are compared by.

    Args:
        connection: to read with.
        files: stored tables under the names that the store gives them.
        champion: digest of the champion's model.
        challenger: of the challenger's.
        since: first event time.
        until: event time that they are before.

    Raises:
        BadInput: a file that is not named as the store does.
    """
    query = with_outcomes(files, champion, challenger, "challenger", since, until, "")
    window = (
        f"epoch_us(event_time) >= {microseconds(since)}"
        f" AND epoch_us(event_time) < {microseconds(until)}"
    )
    features = _common_features(connection, files, champion, challenger, query)
    parts = []
    for side, role in (("champion", "champion"), ("other", "challenger")):
        parts.append(
            f"""SELECT {_COLUMNS}, '{role}' AS role, score, decision, latency_us,
                NULL::VARCHAR AS error, {features[role]} AS features
            FROM {side}_answers WHERE {window}"""
        )
        parts.append(
            f"""SELECT request_id, 0 AS "row", event_time, entity, '{role}' AS role,
                NULL::DOUBLE AS score, NULL::TINYINT AS decision, latency_us, error,
                {features[role]} AS features
            FROM {side}_logged WHERE error IS NOT NULL AND {window}
            QUALIFY 1 = row_number() OVER (
                PARTITION BY request_id ORDER BY event_time, latency_us, error
            )"""
        )
    return connection.sql(f"{query} {' UNION ALL '.join(parts)}")


def _common_features(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    champion: str,
    challenger: str,
    query: str,
) -> dict[str, str]:
    """SQL of each role's struct of common features, in the order of their names."""
    kinds = {}
    for side, role, digest in (
        ("champion", "champion", champion),
        ("other", "challenger", challenger),
    ):
        logged = connection.sql(f"{query} SELECT features FROM {side}_logged")
        if any(file.parent.name == f"model={digest[:12]}" for file in files):
            (struct,) = logged.types
            kinds[role] = {name: str(kind) for name, kind in struct.children}
    both = [set(of.items()) for of in kinds.values()] or [{("none", "DOUBLE")}]
    common = sorted(set.intersection(*both)) or [("none", "DOUBLE")]

    def packed(role: str) -> str:
        known = kinds.get(role, {})
        cells = (
            f"{quoted(name)} := "
            + (f"features.{quoted(name)}" if name in known else f"NULL::{kind}")
            for name, kind in common
        )
        return f"struct_pack({', '.join(cells)})"

    return {role: packed(role) for role in ("champion", "challenger")}
