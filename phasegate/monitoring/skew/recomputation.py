"""Features of served rows, computed from raw events by the code that computes them for training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.features.events import (
    TABLE,
    key_column,
    number_column,
    open_events,
    text_column,
    time_column,
)
from phasegate.monitoring.skew.comparison import numbers, texts
from phasegate.monitoring.skew.past import NONE, Past, Values
from phasegate.monitoring.skew.raw_events import KEY, RawEvents
from phasegate.progress import Progress, no_progress
from phasegate.release.gathering.rows import literal, quoted

UNMATCHED = -1


@dataclass(frozen=True, eq=False)
class Recomputed:
    """A feature set of raw events, and which of them the served rows are.

    Attributes:
        features: Parquet file of the feature set.
        events: that it was computed from.
        definitions: of the features.
        rows: [served rows] row of the event in the events' file, or UNMATCHED.
        places: [served rows] row in the feature set, or UNMATCHED.
        times: [served rows] event time in microseconds; 0 of the unmatched.
    """

    features: Path
    events: RawEvents
    definitions: FeatureDefinitions
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    times: NDArray[np.int64]

    @property
    def matched(self) -> NDArray[np.int64]:
        """Positions of the served rows that an event belongs to."""
        return np.flatnonzero(self.rows != UNMATCHED)

    def column(self, name: str) -> pa.ChunkedArray:
        """A feature of the matched rows."""
        column = pq.read_table(self.features, columns=[name])[name]
        return column.take(pa.array(self.places[self.matched]))


def recompute(
    connection: duckdb.DuckDBPyConnection,
    request_ids: pa.ChunkedArray,
    events: RawEvents,
    definitions: FeatureDefinitions,
    features: Path,
    *,
    threads: int,
    progress: Progress = no_progress,
) -> Recomputed:
    """Compute the features of all events, and find those of the requests.

    Args:
        connection: to match with.
        request_ids: [served rows].
        events: of the window and of the past that it sees.
        definitions: of the features.
        features: file to write.
        threads: to compute with.
        progress: told a fraction and what is being done.

    Raises:
        BadInput: the events have values that no features can be computed from.
    """
    compute_features([events.part], definitions, features, threads=threads, progress=progress)
    requests = pa.table({"place": pa.array(np.arange(len(request_ids))), "id": request_ids})
    asked = _written(requests, features.with_name("requests.parquet"))
    found = connection.sql(
        f"""SELECT place, event FROM {asked} JOIN (
                SELECT {KEY}, file_row_number AS event
                FROM read_parquet({literal(str(events.part))}, file_row_number = true)
            ) ON {KEY} = id"""
    ).to_arrow_table()
    rows = np.full(len(request_ids), UNMATCHED, np.int64)
    rows[found["place"].to_numpy()] = found["event"].to_numpy()
    table = pq.read_table(features, columns=["_row", "_time"])
    place = np.empty(table.num_rows, np.int64)
    place[table["_row"].to_numpy()] = np.arange(table.num_rows)
    matched = rows != UNMATCHED
    places = np.where(matched, place[np.where(matched, rows, 0)], UNMATCHED)
    times = np.where(matched, table["_time"].to_numpy()[places], 0)
    return Recomputed(features, events, definitions, rows, places, times)


def read_pasts(
    recomputed: Recomputed,
    rows: NDArray[np.int64],
    moments: NDArray[np.int64],
    columns: Sequence[str],
) -> tuple[dict[str, Past], NDArray[np.int64]]:
    """The past of some events by each entity column, and what their calendar parts are taken of.

    Args:
        recomputed: has the events.
        rows: [rows] of the events' file.
        moments: [rows] microseconds.
        columns: of the data whose values are wanted.

    Returns:
        Pasts by entity column, and [rows] microseconds.
    """
    definitions = recomputed.definitions
    with duckdb.connect() as connection:
        open_events(connection, [recomputed.events.part], definitions)
        chosen = pa.table({"place": np.arange(len(rows)), "_row": rows})
        asked = _written(chosen, recomputed.features.with_name("chosen.parquet"))
        connection.execute(f"CREATE TEMP TABLE chosen AS FROM {asked}")
        calendar = moments
        if definitions.calendar:
            name = quoted(time_column(definitions.calendar.column))
            found = connection.sql(
                f"SELECT {name} AS moment FROM chosen JOIN {TABLE} USING (_row) ORDER BY place"
            ).to_arrow_table()["moment"]
            calendar = found.fill_null(0).to_numpy()
        roles = _roles(definitions, columns)
        pasts = {
            entity: _past(connection, sql, roles, moments)
            for entity, sql in _entities(definitions).items()
        }
    return pasts, calendar


def _entities(definitions: FeatureDefinitions) -> dict[str, str]:
    """Entity columns, and what their equal values are named in the table of events."""
    keys = {item.entity: quoted(key_column(item.entity)) for item in definitions.statistics}
    if definitions.entity and definitions.entity not in keys:
        keys[definitions.entity] = "_entity"
    return keys


def _roles(definitions: FeatureDefinitions, columns: Sequence[str]) -> tuple[str, ...]:
    values = {item.value for item in definitions.statistics}
    numeric = [name for name in columns if name in {*definitions.numeric, *values}]
    text = [name for name in columns if name in definitions.categorical]
    return (*map(number_column, numeric), *map(text_column, text))


def _past(
    connection: duckdb.DuckDBPyConnection,
    key: str,
    roles: Sequence[str],
    moments: NDArray[np.int64],
) -> Past:
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE entities AS
            SELECT key, row_number() OVER (ORDER BY key) - 1 AS code
            FROM (SELECT DISTINCT {key} AS key FROM chosen JOIN {TABLE} USING (_row)
                  WHERE {key} IS NOT NULL)"""
    )
    wanted = "".join(f", {quoted(role)}" for role in roles)
    events = connection.sql(
        f"""SELECT code, _time{wanted} FROM {TABLE} JOIN entities ON {key} = entities.key
            ORDER BY code, _time, _row"""
    ).to_arrow_table()
    codes = connection.sql(
        f"""SELECT coalesce(code, {NONE}) AS code FROM chosen JOIN {TABLE} USING (_row)
            LEFT JOIN entities ON {key} = entities.key ORDER BY place"""
    ).to_arrow_table()["code"]
    return Past(
        events["_time"].to_numpy(),
        events["code"].to_numpy(),
        {role: _values(events[role]) for role in roles},
        codes.to_numpy(),
        moments,
    )


def _values(column: pa.ChunkedArray) -> Values:
    return numbers(column) if pa.types.is_floating(column.type) else texts(column)


def _written(table: pa.Table, file: Path) -> str:
    """SQL that reads the table, from a file: an old pyarrow shares no memory with DuckDB."""
    pq.write_table(table, file)
    return f"read_parquet({literal(str(file))})"
