"""Fill a history from a snapshot's events, so that a server starts with a past.

Not imported by the online path: it needs DuckDB.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.features.events import TABLE, key_column, number_column, open_events
from phasegate.online.history import DAY, Added, Fact, History, Series, event_number, grid_units
from phasegate.online.series import reaches
from phasegate.progress import Progress, no_progress

_BATCH_ROWS = 50_000  # other processes write between batches; each takes about 0.3 s


@dataclass(frozen=True)
class Loaded:
    """What a snapshot gave to a history."""

    events: int
    facts: Added


def load_history(
    history: History,
    parts: Sequence[Path],
    definitions: FeatureDefinitions,
    *,
    key: str,
    margin: int = DAY,
    memory_limit_bytes: int = 512 * 2**20,
    progress: Progress = no_progress,
) -> Loaded:
    """Add the events, with their labels, that windows after the snapshot's newest may reach.

    May be run again, and while the history is used. What exceeds the memory limit is sorted on
    disk.

    Args:
        parts: Parquet files of the snapshot, as training reads them.
        definitions: whose series are filled.
        key: column of the events' ids: the same that requests and labels carry.
        margin: how much further back than windows reach, in microseconds.
        memory_limit_bytes: of DuckDB; a batch of facts takes some 100 MiB besides.
        progress: told a fraction and what is being done.

    Raises:
        BadInput: an id is missing; and see `events.open_events`.
        Unavailable: see `History`.
    """
    reach = reaches(definitions)
    if not reach:
        return Loaded(0, Added(0, 0, 0))
    history.declare(reach)
    # What identifies an event plays the part of the entity: text, carried along with each row.
    definitions = replace(definitions, entity=key)
    with (
        tempfile.TemporaryDirectory(prefix="phasegate-") as spill,
        duckdb.connect(
            config={
                "memory_limit": f"{memory_limit_bytes // 2**20}MiB",
                "temp_directory": spill,
            }
        ) as connection,
    ):
        progress(0.0, f"checking {len(parts)} parts")
        open_events(connection, parts, definitions)
        ((newest, unnamed),) = connection.execute(
            f"SELECT max(_time), count(*) FILTER (_entity IS NULL) FROM {TABLE}"
        ).fetchall()
        if unnamed:
            raise BadInput(f"no id in {unnamed} of the events", where=f"column '{key}'")
        oldest = newest - margin - max(reach.values())
        ((events,),) = connection.execute(
            f"SELECT count(*) FROM {TABLE} WHERE _time >= {oldest}"
        ).fetchall()
        total = [0, 0, 0]
        for number, series in enumerate(reach):
            done = 0
            for facts in _facts(connection, series, oldest):
                total = [one + other for one, other in zip(total, history.add(facts), strict=True)]
                done += len(facts)
                share = (number + done / events) / len(reach)
                progress(share, f"{done} events of {series.value} by {series.entity}")
    progress(1.0, f"{events} events loaded")
    return Loaded(events, Added(*total))


def _facts(
    connection: duckdb.DuckDBPyConnection, series: Series, oldest: int
) -> Iterator[list[Fact]]:
    """Facts in batches, ordered as an index of pasts is, which is filled fastest so."""
    entity, value = (
        f'"{column.replace(chr(34), chr(34) * 2)}"'
        for column in (key_column(series.entity), number_column(series.value))
    )
    reader = connection.sql(
        f"SELECT _entity AS id, {entity}::VARCHAR AS key, _time AS time, {value} AS number "
        f"FROM {TABLE} WHERE {entity} IS NOT NULL AND _time >= {oldest} ORDER BY key, time"
    ).to_arrow_reader(_BATCH_ROWS)
    for batch in reader:
        yield [
            Fact(series, event_number(name), key, time, grid_units(number, series.exponent))
            for name, key, time, number in zip(
                batch["id"].to_pylist(),
                batch["key"].to_pylist(),
                batch["time"].to_pylist(),
                _numbers(batch["number"]),
                strict=True,
            )
        ]


def _numbers(column: pa.Array) -> list[float]:
    """Values with NaN for null."""
    return column.cast(pa.float64()).fill_null(math.nan).to_pylist()
