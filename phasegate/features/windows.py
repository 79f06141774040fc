"""Window counts and sums over an entity's past, in linear time and cache-sized pieces.

Rows come in time order. They are grouped by entity with a stable radix sort and cut into chunks
of whole entities that fit the processor's cache. In a chunk, a window's borders are found by binary
search with ascending queries, and its sum is the difference of two prefix sums over integers,
which is exact. The results of a row are scattered back together, as one record: a random write
costs a cache line whether it fills it or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from phasegate.features.definitions import Statistic

NO_ENTITY = -1
CHUNK_ROWS = 16_384
_LARGEST_KEY = 2**61


def window_statistics(
    time: NDArray[np.int64],
    codes: NDArray[np.int32],
    values: Mapping[str, NDArray[np.float64]],
    statistics: Sequence[Statistic],
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Count and sum of each statistic for each row.

    Args:
        time: [rows] microseconds, ascending.
        codes: [rows] entity of each row as 0, 1, 2 ..., or NO_ENTITY.
        values: [rows] for each value column; NaN is missing. For any one entity the absolute
            values sum to less than 2**53 grid units.
        statistics: of one entity column; at least one.
        threads: chunks computed side by side. The result does not depend on it.

    Returns:
        [rows, statistics, 2] counts and sums; zeros for rows without an entity.
    """
    results = np.empty((len(time), len(statistics), 2))
    results.fill(0.0)  # in order: threads that touch new pages at random wait for each other
    order, starts = _group_by_entity(codes)
    horizon = 1 + max(item.delay + item.width for item in statistics)
    edges = _chunk_edges(starts, min(CHUNK_ROWS, max(1, _LARGEST_KEY // horizon)))
    record = np.dtype((np.void, results.itemsize * 2 * len(statistics)))
    records = results.reshape(len(time), -1).view(record).ravel()

    def compute(first: int, last: int) -> None:
        rows = order[starts[first] : starts[last]]
        opening = starts[first:last] - starts[first]
        block = _chunk_statistics(time.take(rows), opening, rows, values, statistics, horizon)
        records[rows] = block.view(record).ravel()

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(compute, edges[:-1], edges[1:]):
            pass
    return results


def _group_by_entity(
    codes: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows ordered by (code, position) without those of NO_ENTITY, and where each code starts."""
    entities = int(codes.max(initial=NO_ENTITY)) + 1
    ranked = np.where(codes == NO_ENTITY, entities, codes).astype(np.uint32)
    # NumPy's stable sort is a radix sort for 16-bit integers only, 5-8 times faster than others.
    order = np.argsort(ranked.astype(np.uint16), kind="stable")
    if entities > np.iinfo(np.uint16).max:
        high = (ranked >> 16).astype(np.uint16)
        order = order.take(np.argsort(high.take(order), kind="stable"))
    counts = np.bincount(ranked, minlength=entities + 1)[:entities]
    starts = np.zeros(entities + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return order[: starts[-1]], starts


def _chunk_edges(starts: NDArray[np.int64], rows: int) -> list[int]:
    """Entities at which chunks of about `rows` rows begin, and the end."""
    targets = np.arange(0, starts[-1], rows)
    inner = np.searchsorted(starts, targets)
    return np.unique(np.append(inner, len(starts) - 1)).tolist()


def _chunk_statistics(
    time: NDArray[np.int64],
    opening: NDArray[np.int64],
    rows: NDArray[np.int64],
    values: Mapping[str, NDArray[np.float64]],
    statistics: Sequence[Statistic],
    horizon: int,
) -> NDArray[np.float64]:
    """Counts and sums, [rows of the chunk, statistics * 2], in the chunk's own row order."""
    clock = _clock(time, opening, horizon)
    borders: dict[int, NDArray[np.int64]] = {}
    prefixes: dict[tuple[str, int], tuple[NDArray[np.int64] | None, NDArray[np.int64]]] = {}
    block = np.empty((len(rows), 2 * len(statistics)))
    for position, item in enumerate(statistics):
        for age in (item.delay, item.delay + item.width):
            if age not in borders:
                borders[age] = _first_at_least(clock, age)
        end, start = borders[item.delay], borders[item.delay + item.width]
        key = (item.value, item.exponent)
        if key not in prefixes:
            prefixes[key] = _prefixes(values[item.value].take(rows), item.exponent)
        counted, summed = prefixes[key]
        if counted is None:
            np.subtract(end, start, out=block[:, 2 * position])
        else:
            np.subtract(counted.take(end), counted.take(start), out=block[:, 2 * position])
        total = summed.take(end) - summed.take(start)
        np.multiply(total, 2.0**-item.exponent, out=block[:, 2 * position + 1])
    return block


def _clock(time: NDArray[np.int64], opening: NDArray[np.int64], horizon: int) -> NDArray[np.int64]:
    """One ascending clock for all entities of a chunk.

    Gaps longer than any window reaches are cut to `horizon`, and so is the gap before an entity's
    first event. No window changes, none reaches into the entity before, and the clock stays small.
    """
    gaps = np.empty(len(time), np.int64)
    gaps[:1] = horizon
    np.subtract(time[1:], time[:-1], out=gaps[1:])
    np.minimum(gaps, horizon, out=gaps)
    gaps[opening] = horizon
    return np.cumsum(gaps)


def _first_at_least(clock: NDArray[np.int64], age: int) -> NDArray[np.int64]:
    """For each row, the first row at most `age` older."""
    if age == 0 and (clock[1:] > clock[:-1]).all():
        return np.arange(len(clock))
    return np.searchsorted(clock, clock - age)


def _prefixes(
    values: NDArray[np.float64], exponent: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """Running count of present values (None: all are) and running sum in grid units, from 0.

    The running sum may wrap around; the difference of two of them is right all the same.
    """
    missing = np.isnan(values)
    units = np.floor(values * 2.0**exponent + 0.5)
    counted = None
    if missing.any():
        units[missing] = 0.0
        counted = np.zeros(len(values) + 1, np.int64)
        np.cumsum(~missing, out=counted[1:])
    summed = np.zeros(len(values) + 1, np.int64)
    np.cumsum(units.astype(np.int64), out=summed[1:])
    return counted, summed
