"""The features of events that fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from phasegate.features.definitions import Calendar, FeatureDefinitions, Statistic
from phasegate.features.events import (
    TABLE,
    Events,
    key_column,
    number_column,
    text_column,
    time_column,
)
from phasegate.features.windows import NO_ENTITY, window_statistics
from phasegate.features.writer import ROW_GROUP
from phasegate.progress import Progress

# [rows, 2] counts and sums
Statistics = dict[Statistic, NDArray[np.float64]]


def in_memory_groups(events: Events, *, threads: int, progress: Progress) -> Iterator[pa.Table]:
    """Row groups of the feature set, ordered by time, then by row."""
    progress(0.1, f"reading {events.rows} rows")
    table = _in_order(events)
    statistics: Statistics = {}
    entities = groupby(
        sorted(events.definitions.statistics, key=lambda item: item.entity),
        key=lambda item: item.entity,
    )
    for entity, of_entity in entities:
        progress(0.3, f"windows over {entity}")
        statistics |= _of_entity(table, entity, list(of_entity), threads)
    for start in range(0, table.num_rows, ROW_GROUP):
        progress(0.5 + 0.5 * start / table.num_rows, "writing features")
        chosen = slice(start, start + ROW_GROUP)
        yield _features(
            table.slice(start, ROW_GROUP),
            {item: values[chosen] for item, values in statistics.items()},
            events.definitions,
        )


def _in_order(events: Events) -> pa.Table:
    """Events by time, then row; most snapshots are, so the sort is made only where they are not."""
    table = events.connection.sql(f"SELECT * FROM {TABLE}").to_arrow_table()
    time, row = (table[name].to_numpy() for name in ("_time", "_row"))
    later = (time[1:] > time[:-1]) | ((time[1:] == time[:-1]) & (row[1:] > row[:-1]))
    if later.all():
        return table
    return events.connection.sql(f"SELECT * FROM {TABLE} ORDER BY _time, _row").to_arrow_table()


def _of_entity(
    table: pa.Table, entity: str, statistics: list[Statistic], threads: int
) -> Statistics:
    values = {
        name: table[number_column(name)].to_numpy()
        for name in dict.fromkeys(item.value for item in statistics)
    }
    time = table["_time"].to_numpy()
    codes = entity_codes(table[key_column(entity)])
    results = window_statistics(time, codes, values, statistics, threads=threads)
    return {item: results[:, position] for position, item in enumerate(statistics)}


def entity_codes(keys: pa.ChunkedArray) -> NDArray[np.int32]:
    """Equal keys as equal numbers from 0; null as NO_ENTITY."""
    encoded = pc.dictionary_encode(keys).combine_chunks()
    indices = encoded.indices if isinstance(encoded, pa.DictionaryArray) else encoded
    return pc.fill_null(indices, NO_ENTITY).to_numpy(zero_copy_only=False)


def _features(
    events: pa.Table, statistics: Statistics, definitions: FeatureDefinitions
) -> pa.Table:
    columns = {name: events[name] for name in ("_row", "_time", "_label")}
    if definitions.entity:
        columns["_entity"] = events["_entity"]
    columns |= {name: events[number_column(name)] for name in definitions.numeric}
    columns |= {name: events[text_column(name)] for name in definitions.categorical}
    if calendar := definitions.calendar:
        columns |= _calendar(events[time_column(calendar.column)], calendar)
    for window in definitions.windows:
        columns[window.name] = aggregate(window.aggregate, statistics[window.statistic])
    return pa.table(columns)


def _calendar(time: pa.ChunkedArray, calendar: Calendar) -> dict[str, pa.ChunkedArray]:
    moment = time.cast(pa.timestamp("us"))
    parts: dict[str, Callable[[], pa.ChunkedArray]] = {
        "minute_of_day": lambda: pc.add(pc.multiply(pc.hour(moment), 60), pc.minute(moment)),
        "hour": lambda: pc.hour(moment),
        "weekday": lambda: pc.day_of_week(moment),
        "day": lambda: pc.day(moment),
        "month": lambda: pc.month(moment),
    }
    return {
        name: parts[part]().cast(pa.float64())
        for name, part in zip(calendar.names(), calendar.parts, strict=True)
    }


def aggregate(name: str, counts_and_sums: NDArray[np.float64]) -> pa.Array:
    """A count, sum or mean, null where a mean is of nothing, from [rows, 2] counts and sums."""
    count, total = counts_and_sums[:, 0], counts_and_sums[:, 1]
    if name == "count":
        return pa.array(np.ascontiguousarray(count))
    if name == "sum":
        return pa.array(np.ascontiguousarray(total))
    with np.errstate(invalid="ignore"):
        return pa.array(total / count, mask=count == 0)
