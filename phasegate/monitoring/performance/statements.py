"""SQL over the prediction log: answers to users, each once, with what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.release.gathering.rows import KEY, literal


@dataclass(frozen=True, slots=True)
class Windows:
    """Equal spans of event time from a time; the last one ends with ``until``, if need be early."""

    since: datetime
    until: datetime
    width: timedelta

    def start(self, index: int) -> datetime:
        """From when."""
        return self.since + index * self.width

    def end(self, index: int) -> datetime:
        """Until before when."""
        return min(self.start(index + 1), self.until)


@dataclass(frozen=True, slots=True)
class Reach:
    """How labels and log meet.

    Attributes:
        labels: requests that label files name.
        matched: mature rows that they name.
        mature: rows that are old enough for a label.
        silent: windows, by index, of which no row is named although some should be.
        label_example, logged_example: a request's id as either has it.
    """

    labels: int
    matched: int
    mature: int
    silent: tuple[int, ...]
    label_example: str
    logged_example: str


def answers(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], windows: Windows
) -> tuple[str, ...]:
    """Make the table ``answers``: model (place of its digest), span (place of its window),
    request_id, us (event time), entity (a hash), decision, score.

    Returns:
        The digests of the models.

    Raises:
        BadInput: a file that is not named as the store does.
    """
    parts = [f"({_logged(own, windows)})" for own in _by_model(files).values()]
    logged = " UNION ALL ".join(parts) or f"({_NOTHING})"
    found = connection.execute(
        f"SELECT DISTINCT model_digest FROM ({logged}) ORDER BY ALL"
    ).fetchall()
    digests = tuple(digest for (digest,) in found)
    places = f"[{', '.join(literal(one) for one in digests)}]::VARCHAR[]"
    width = windows.width // timedelta(microseconds=1)
    connection.execute(
        f"""CREATE TABLE logged AS
        SELECT (list_position({places}, model_digest) - 1)::INTEGER AS model, request_id, "row",
            epoch_us(event_time) AS us, latency_us, hash({KEY.removesuffix(" AS key")}) AS entity,
            decision, score
        FROM ({logged})"""
    )
    # Retries are few: only they are put in order, not the whole log.
    connection.execute(
        """CREATE TABLE repeated AS SELECT model, request_id, "row" FROM logged
        GROUP BY ALL HAVING count(*) > 1"""
    )
    connection.execute(
        f"""CREATE TABLE answers AS
        SELECT model, ((us - {microseconds(windows.since)}) // {width})::INTEGER AS span,
            request_id, us, entity, decision, score
        FROM (
            FROM logged ANTI JOIN repeated USING (model, request_id, "row")
            UNION ALL BY NAME
            (FROM logged SEMI JOIN repeated USING (model, request_id, "row")
            QUALIFY 1 = row_number() OVER (
                PARTITION BY model, request_id, "row"
                ORDER BY us, latency_us, score, decision, entity
            ))
        )"""
    )
    connection.execute("DROP TABLE logged")
    return digests


def no_labels(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of known labels, without any."""
    connection.execute(
        "CREATE TABLE known (labelled VARCHAR, label BOOLEAN, contradictory BOOLEAN)"
    )


def join_labels(
    connection: duckdb.DuckDBPyConnection, mature: int, absent_is_negative: bool, least: int
) -> None:
    """Make the table ``judged``: answers with mature, named, contradictory and label.

    Args:
        connection: with ``answers`` and ``known``.
        mature: last event time of which labels are known, in microseconds since the epoch.
        absent_is_negative: whether a mature row without a label is taken for a negative one. It is
            not in a window of which labels name no row at all, although rows were decided 1: that
            labels have not come is likelier than that all of them were wrong.
        least: rows decided 1 that this takes; none where labels name no row of any window.
    """
    connection.execute(
        f"""CREATE TABLE joined AS
        SELECT model, span, entity, decision, score, us <= {mature} AS mature,
            mature AND labelled IS NOT NULL AS named,
            mature AND coalesce(contradictory, false) AS contradictory,
            CASE WHEN mature THEN label END AS label
        FROM answers LEFT JOIN known ON request_id = labelled"""
    )
    connection.execute(
        f"""CREATE TABLE silent AS SELECT span FROM joined GROUP BY span
        HAVING {absent_is_negative} AND bool_or(mature) AND NOT bool_or(named)
            AND (count(*) FILTER (mature AND decision = 1) >= {max(least, 1)}
                OR NOT (SELECT bool_or(named) FROM joined))"""
    )
    absent = f"{absent_is_negative} AND mature AND NOT named AND span NOT IN (FROM silent)"
    connection.execute(
        f"""CREATE VIEW judged AS
        SELECT * REPLACE (CASE WHEN {absent} THEN false ELSE label END AS label) FROM joined"""
    )


def reach(connection: duckdb.DuckDBPyConnection) -> Reach:
    """How labels and log meet, after `join_labels`."""
    labels, example = connection.execute("SELECT count(*), min(labelled) FROM known").fetchall()[0]
    logged = connection.execute("SELECT min(request_id) FROM answers").fetchall()[0][0]
    matched, mature = connection.execute(
        "SELECT count(*) FILTER (named), count(*) FILTER (mature) FROM joined"
    ).fetchall()[0]
    silent = connection.execute("SELECT span FROM silent ORDER BY span").fetchall()
    spans = tuple(span for (span,) in silent)
    return Reach(labels, matched, mature, spans, _short(example), _short(logged))


_NOTHING = """SELECT NULL::VARCHAR AS request_id, NULL::INTEGER AS "row",
    NULL::TIMESTAMPTZ AS event_time, NULL::VARCHAR AS entity, NULL::VARCHAR AS model_digest,
    NULL::DOUBLE AS score, NULL::TINYINT AS decision, NULL::BIGINT AS latency_us WHERE false"""


def _by_model(files: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for file in sorted(files):
        if not file.parent.name.startswith("model="):
            raise BadInput(
                "this is not a stored table of predictions",
                where=str(file),
                expected="the name that the store gave it: .../model=DIGEST/SEGMENT.parquet",
            )
        found.setdefault(file.parent.name, []).append(file)
    return found


def _logged(files: Sequence[Path], windows: Windows) -> str:
    """Answers to users; features, whose types differ from model to model, are left where they are.

    The folders would become columns that shadow those of the same name.
    """
    paths = ", ".join(literal(str(file)) for file in files)
    return f"""SELECT request_id, "row", event_time, entity, model_digest, score, decision,
            latency_us
        FROM read_parquet([{paths}], union_by_name = true, hive_partitioning = false)
        WHERE error IS NULL AND role IN ('champion', 'challenger') AND decision IN (0, 1)
            AND epoch_us(event_time) >= {microseconds(windows.since)}
            AND epoch_us(event_time) < {microseconds(windows.until)}"""


def _short(text: str | None) -> str:
    return (text or "")[:40]
