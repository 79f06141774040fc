"""One table of what both models answered to past traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.errors import BadInput
from phasegate.release.backtest.cohorts import draws
from phasegate.release.backtest.past import Past

TABLE = "past"
TRUTH = "truth"  # place and label of the rows whose label ever becomes known

# Of a champion whose latencies nobody measured; what it is does not matter, being both models'.
UNMEASURED_US = 1_000


@dataclass(frozen=True)
class Answered:
    """What lies in the table.

    Attributes:
        rows: that both models answered.
        requests: that they belong to.
        entities: that they belong to.
        first: earliest event time.
        last: latest event time.
        conflicting: requests left out: their records contradict each other.
    """

    rows: int
    requests: int
    entities: int
    first: datetime
    last: datetime
    conflicting: int


def fill_table(
    connection: duckdb.DuckDBPyConnection,
    past: Past,
    champion: Sequence[Path],
    challenger: Sequence[Path],
    features: Sequence[str],
    salt: str,
    since: datetime | None,
    until: datetime | None,
) -> Answered:
    """Make the table `TABLE`: a row for each row that both models answered, by event time.

    Its columns: request_id, row, event_time, entity, features; score, decision and latency_us of
    each of the two, as ROLE_score; draw: at weights above it, its entity meets the challenger;
    copy, the same for copies; and place, from 0.

    Args:
        connection: gets the table.
        past: files of the traffic.
        champion: its scores of each file; none for the log, which has them.
        challenger: its scores of each file.
        features: that the table gets; those the files do not have are left out.
        salt: of the draws.
        since: first event time.
        until: event time that is not part of it any more.

    Raises:
        BadInput: nothing is left.
    """
    connection.execute("SET preserve_insertion_order = true")
    selects = _of_log if past.is_log else _of_features
    parts = selects(past.files, champion, challenger, features)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE answered AS {' UNION ALL '.join(parts)}")
    times = [f"event_time >= '{since.isoformat()}'::TIMESTAMPTZ"] if since else []
    times += [f"event_time < '{until.isoformat()}'::TIMESTAMPTZ"] if until else []
    where = " AND ".join(times) or "true"
    conflicting = 0
    if past.is_log:
        connection.execute("CREATE OR REPLACE TEMP TABLE contradicted AS " + _CONTRADICTED)
        conflicting = connection.table("contradicted").count("*").fetchall()[0][0]
        where += " AND request_id NOT IN (FROM contradicted)"
    _draw(connection, salt)
    connection.execute(
        f"""CREATE OR REPLACE TABLE {TABLE} AS
        SELECT answered.* EXCLUDE (mark), drawn.draw, copied.draw AS copy,
            row_number() OVER (ORDER BY event_time, request_id, "row") - 1 AS place
        FROM (
            FROM answered QUALIFY 1 = row_number() OVER (
                PARTITION BY request_id, "row" ORDER BY event_time, champion_latency_us
            )
        ) AS answered
        JOIN drawn ON drawn.key = coalesce(answered.entity, answered.request_id)
        JOIN copied ON copied.key = answered.request_id
        WHERE {where}
        ORDER BY place"""
    )
    for name in ("answered", "drawn", "copied"):
        connection.execute(f"DROP TABLE {name}")
    return _counted(connection, past, conflicting)


# A retry repeats its request; the same id for another one stands for neither.
_CONTRADICTED = """
    SELECT DISTINCT request_id FROM (
        SELECT request_id, "row" FROM answered GROUP BY request_id, "row"
        HAVING min(mark) <> max(mark)
    )"""


def _of_log(
    files: Sequence[Path], _: Sequence[Path], challenger: Sequence[Path], features: Sequence[str]
) -> Iterator[str]:
    for file, scores in zip(files, challenger, strict=True):
        fields = pq.read_schema(file).field("features").type
        present = [name for name in features if fields.get_field_index(name) >= 0]
        yield f"""(
            SELECT request_id, "row", event_time, entity,
                logged.score AS champion_score, logged.decision AS champion_decision,
                latency_us AS champion_latency_us,
                other.score AS challenger_score, other.decision AS challenger_decision,
                hash(features) AS mark,
                {_struct({name: f"features[{_text(name)}]" for name in present})} AS features
            FROM read_parquet({_text(str(file))}, hive_partitioning = false) AS logged
            POSITIONAL JOIN read_parquet({_text(str(scores))}) AS other
            WHERE role = 'champion' AND error IS NULL
        )"""


def _of_features(
    files: Sequence[Path],
    champion: Sequence[Path],
    challenger: Sequence[Path],
    features: Sequence[str],
) -> Iterator[str]:
    for file, own, scores in zip(files, champion, challenger, strict=True):
        names = pq.read_schema(file).names
        entity = "_entity::VARCHAR" if "_entity" in names else "NULL::VARCHAR"
        present = [name for name in features if name in names]
        yield f"""(
            SELECT _row::VARCHAR AS request_id, 0::INTEGER AS "row",
                make_timestamptz(_time) AS event_time, {entity} AS entity,
                mine.score AS champion_score, mine.decision AS champion_decision,
                {UNMEASURED_US}::BIGINT AS champion_latency_us,
                other.score AS challenger_score, other.decision AS challenger_decision,
                0::UBIGINT AS mark,
                {_struct({name: _name(name) for name in present})} AS features
            FROM read_parquet({_text(str(file))}, hive_partitioning = false)
            POSITIONAL JOIN read_parquet({_text(str(own))}) AS mine
            POSITIONAL JOIN read_parquet({_text(str(scores))}) AS other
        )"""


def _draw(connection: duckdb.DuckDBPyConnection, salt: str) -> None:
    """Tables of the draws: of what cohorts stick to, and of copies."""
    for table, key, own in (
        ("drawn", "coalesce(entity, request_id)", salt),
        ("copied", "request_id", f"{salt}/copy"),
    ):
        keys = connection.sql(f"SELECT DISTINCT {key} AS key FROM answered").to_arrow_table()
        drawn = keys.append_column("draw", pa.array(draws(keys["key"].to_pylist(), own)))
        connection.register("drawing", drawn)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM drawing")
        connection.unregister("drawing")


def _counted(connection: duckdb.DuckDBPyConnection, past: Past, conflicting: int) -> Answered:
    rows, requests, entities, first, last = connection.sql(
        f"""SELECT count(*), count(DISTINCT request_id), count(DISTINCT entity),
            epoch_us(min(event_time)), epoch_us(max(event_time)) FROM {TABLE}"""
    ).fetchall()[0]
    if not rows:
        raise BadInput("there is no past traffic in that time", where=past.source)
    return Answered(rows, requests, entities, _moment(first), _moment(last), conflicting)


def _moment(time: int) -> datetime:
    seconds, rest = divmod(time, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def _struct(fields: dict[str, str]) -> str:
    # DuckDB has no empty struct.
    inner = ", ".join(f"{_text(name)}: {value}" for name, value in fields.items())
    return "{" + (inner or "'none': NULL::DOUBLE") + "}"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
