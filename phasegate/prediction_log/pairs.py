"""Champion and shadow side by side: their answers to the same requests, and who did not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from phasegate.errors import BadInput
from phasegate.prediction_log.outcomes import Other, with_outcomes


@dataclass(frozen=True)
class Coverage:
    """What became of the requests that the champion answered.

    Each is counted once: ``requests = answered + sum(failed.values()) + absent + conflicting``.

    Attributes:
        requests: requests that the champion answered.
        answered: those that the other model answered too.
        failed: those at which it failed, by the kind of error.
        absent: those that it did not log: never sent to it, or lost.
        repeated: those, of all but the conflicting, that either model logged more than once.
        conflicting: those whose id stands for several things: one model logged it with different
            features, or the two models with different numbers of rows. They make no pairs.
    """

    requests: int
    answered: int
    failed: dict[str, int]
    absent: int
    repeated: int
    conflicting: int


def matched(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    champion: str,
    other: str,
    *,
    role: Other = "shadow",
    since: datetime | None = None,
    until: datetime | None = None,
    prefix: str = "",
    labels: duckdb.DuckDBPyRelation | None = None,
    label_key: Sequence[str] = ("request_id",),
) -> duckdb.DuckDBPyRelation:
    """Rows that both models answered, as a lazy relation: rows are read when they are asked for.

    Its columns are request_id, row, event_time, entity; for each of the two roles ROLE_score,
    ROLE_decision and ROLE_latency_us; features, the champion's struct; and label, if there are
    labels: null where a row has none, or several that differ. Times carry their zone: fetch them
    as Arrow, because DuckDB's own Python objects need pytz.

    A request that a model logged more than once with the same features is paired once, by its
    earliest answer. One whose records conflict is left out (see `Coverage`).

    Args:
        connection: to read with.
        files: stored tables under the names that the store gives them; any models, any dates.
        champion: digest of the champion's model.
        other: digest of the model to compare it with.
        role: the role that the other one played.
        since: first event time of the champion's requests.
        until: event time that they are before.
        prefix: of their request ids.
        labels: of the same connection; columns ``label_key`` and label.
        label_key: columns of the pairs that identify what a label belongs to.

    Raises:
        BadInput: a file that is not named as the store does, or labels without their columns.
    """
    query = with_outcomes(files, champion, other, role, since, until, prefix)
    sides = ", ".join(
        f"{side}.{value} AS {name}_{value}"
        for value in ("score", "decision", "latency_us")
        for side, name in (("champion", "champion"), ("other", role))
    )
    pairs = connection.sql(
        f"""{query}
        SELECT request_id, "row", champion.event_time, champion.entity, {sides}, champion.features
        FROM champion_answers AS champion
        JOIN other_answers AS other USING (request_id, "row")
        SEMI JOIN (FROM outcomes WHERE outcome = 'answered') USING (request_id)
        """
    )
    return pairs if labels is None else _labelled(pairs, labels, label_key)


def coverage(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    champion: str,
    other: str,
    *,
    role: Other = "shadow",
    since: datetime | None = None,
    until: datetime | None = None,
    prefix: str = "",
) -> Coverage:
    """How many of the champion's requests the other model answered, and why not the rest.

    Args and errors are those of `matched`.
    """
    query = with_outcomes(files, champion, other, role, since, until, prefix)
    counts = connection.sql(
        f"""{query}
        SELECT outcome, error, count(*), count(*) FILTER (repeated)
        FROM outcomes GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    totals = dict.fromkeys(("answered", "failed", "absent", "conflicting"), 0)
    for outcome, _, count, _ in counts:
        totals[outcome] += count
    return Coverage(
        requests=sum(totals.values()),
        answered=totals["answered"],
        failed={error: count for outcome, error, count, _ in counts if outcome == "failed"},
        absent=totals["absent"],
        repeated=sum(repeated for outcome, *_, repeated in counts if outcome != "conflicting"),
        conflicting=totals["conflicting"],
    )


def _labelled(
    pairs: duckdb.DuckDBPyRelation, labels: duckdb.DuckDBPyRelation, key: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    for what, relation, columns in (
        ("labels", labels, [*key, "label"]),
        ("matched pairs", pairs, list(key)),
    ):
        if absent := [name for name in columns if name not in relation.columns]:
            raise BadInput(
                f"no column named {', '.join(map(repr, absent))}",
                where=what,
                expected=f"columns {', '.join(columns)}",
            )
    names = ", ".join(f'"{name}"' for name in key)
    one = "CASE WHEN count(DISTINCT label) = 1 THEN any_value(label) END AS label"
    same = " AND ".join(f'pairs."{name}" = labels."{name}"' for name in key)
    return (
        pairs.set_alias("pairs")
        .join(labels.aggregate(f"{names}, {one}", names).set_alias("labels"), same, how="left")
        .project("pairs.*, labels.label")
    )
