"""Rows of the prediction log whose features are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.release.gathering.rows import feature_names, literal, quoted

NAMES = ("_request_id", "_row", "_time")


@dataclass(frozen=True, eq=False)
class Served:
    """What users were answered from.

    Attributes:
        rows: one for each answered row, by time: _request_id, _row, _time (microseconds), and the
            features that the log has.
        logged: answered rows of the window, each counted once, whether they are in ``rows`` or not.
        several: those of requests that asked for more than one row, which no event belongs to.
    """

    rows: pa.Table
    logged: int
    several: int


def read_served(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    model_digest: str,
    since: datetime,
    until: datetime,
    limit: int,
) -> Served:
    """Read what one model answered users in a window.

    Copies (the shadow's) and failures are no answers. A row that was logged more than once is taken
    once, at its earliest time. Of more rows than ``limit`` those with the smallest MD5 of their
    request's id are taken, which says nothing of when or what they asked.

    Args:
        connection: to read with.
        files: stored tables of the log.
        model_digest: of the model.
        since: first event time.
        until: event time that they are before.
        limit: most rows that are taken.

    Raises:
        BadInput: the files cannot be read, or are no tables of the log.
    """
    own = [file for file in files if file.parent.name == f"model={model_digest[:12]}"]
    if not own:
        return Served(_nothing(), 0, 0)
    try:
        return _read(connection, own, model_digest, since, until, limit)
    except duckdb.Error as error:
        text = (str(error).splitlines() or [""])[0]
        raise BadInput(f"the prediction log cannot be read ({text[:300]})") from None


def _read(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    model_digest: str,
    since: datetime,
    until: datetime,
    limit: int,
) -> Served:
    listed = ", ".join(literal(str(file)) for file in files)
    log = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    names = feature_names(connection.sql(f"FROM {log} LIMIT 0"))
    condition = f"""model_digest = {literal(model_digest)} AND error IS NULL
        AND role IN ('champion', 'challenger')
        AND epoch_us(event_time) >= {microseconds(since)}
        AND epoch_us(event_time) < {microseconds(until)}"""
    ((rows, ids, several),) = connection.execute(
        f"""SELECT count(*), count(DISTINCT (request_id, "row")), count(*) FILTER ("row" > 0)
            FROM {log} WHERE {condition}"""
    ).fetchall()
    once = ""
    if rows > ids:
        once = """QUALIFY 1 = row_number() OVER (
            PARTITION BY request_id, "row" ORDER BY event_time, hash(features)
        )"""
    logged = f"""SELECT request_id, "row", epoch_us(event_time) AS time, features
        FROM {log} WHERE {condition} {once}"""
    single = f"SELECT * FROM ({logged})"
    count = 0
    if several:
        many = f"""SELECT request_id FROM {log} WHERE {condition} AND "row" > 0"""
        single += f" WHERE request_id NOT IN ({many})"
        ((count,),) = connection.execute(
            f"SELECT count(*) FROM ({logged}) WHERE request_id IN ({many})"
        ).fetchall()
    chosen = single
    if ids - count > limit:
        chosen = f"SELECT * FROM ({single}) ORDER BY md5(request_id), request_id LIMIT {limit:d}"
    columns = ", ".join(f"features.{quoted(name)} AS {quoted(f'feature {name}')}" for name in names)
    table = connection.sql(
        f"""SELECT request_id, "row", time, {columns} FROM ({chosen}) ORDER BY time, request_id"""
    ).to_arrow_table()
    return Served(table.rename_columns([*NAMES, *names]), ids, count)


def _nothing() -> pa.Table:
    kinds = (pa.string(), pa.int32(), pa.int64())
    return pa.table({name: pa.array([], kind) for name, kind in zip(NAMES, kinds, strict=True)})
