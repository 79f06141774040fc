"""Rows of the prediction log as counts on a profile's edges: values in bins, and what is no value.

Nothing is dropped: a row of a column is in a bin, missing, infinite, or no number at all, so that
each column has as many values as there are rows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, reduce
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.monitoring.binning import Bins
from phasegate.monitoring.columns import numbers, text
from phasegate.monitoring.counts import (
    EXAMPLES,
    CategoryCounts,
    Counts,
    NumericCounts,
    WindowCounts,
)
from phasegate.monitoring.profile import CategoricalReference, NumericReference, Profile, Reference

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_EXAMPLE = 60

# Segments are small: making the grid of edges anew for each would take longer than counting.
_bins = lru_cache(maxsize=1024)(Bins)


def count(profile: Profile, table: pa.Table) -> WindowCounts:
    """One model's rows as counts.

    A row whose `error` is not null is a failed request, and no row. A monitored feature that the
    table lacks is missing in all rows. Rows are counted as often as they are there;
    `distinct_rows` leaves one of each.

    Args:
        profile: of that model.
        table: columns `features` (a struct), `score`, `decision`, `event_time` (with a time zone)
            and `error` of the prediction log; any of them may be absent.
    """
    answered = _answered(table)
    return _count(profile, answered, [0, len(answered)], [len(table) - len(answered)])[0]


def count_panes(profile: Profile, table: pa.Table, pane: timedelta) -> dict[datetime, WindowCounts]:
    """One model's rows as counts by event time; the sum of all panes is what `count` says.

    Args:
        profile: of that model.
        table: as for `count`, with `event_time`.
        pane: span of one, aligned to 1970-01-01 UTC.

    Returns:
        Start of the pane (UTC) -> its rows, in order of time; panes without requests are left out.
    """
    if len(table) == 0:
        return {}
    width = pane // timedelta(microseconds=1)
    of = _microseconds(table["event_time"]) // width
    if (np.diff(of) < 0).any():
        order = np.argsort(of, kind="stable")
        table, of = table.take(pa.array(order)), of[order]
    panes = np.unique(of)
    is_answered = _is_answered(table)
    rows = of[is_answered]
    cuts = [*np.searchsorted(rows, panes).tolist(), len(rows)]
    failed = [
        int(both) - (after - before)
        for both, before, after in zip(
            np.diff([*np.searchsorted(of, panes), len(of)]), cuts, cuts[1:], strict=False
        )
    ]
    counted = _count(profile, _answered(table), cuts, failed)
    starts = [EPOCH + timedelta(microseconds=int(one) * width) for one in panes]
    return dict(zip(starts, counted, strict=True))


def merged(profile: Profile, counts: Sequence[WindowCounts]) -> WindowCounts:
    """All of them together; of no rows where there are none."""
    return reduce(add, counts, WindowCounts.none(profile))


def _count(
    profile: Profile, table: pa.Table, cuts: Sequence[int], failed: Sequence[int]
) -> list[WindowCounts]:
    """Counts of the answered rows between each two cuts."""
    columns = _features(table)
    features: dict[str, list[Counts]] = {
        one.name: _values(one, columns.get(one.name), cuts) for one in profile.features
    }
    present = table.column_names
    scores = _numeric(profile.scores, table["score"] if "score" in present else None, cuts)
    decided = np.zeros(len(table), bool)
    if "decision" in present:
        decided = pc.fill_null(pc.equal(table["decision"], 1), False).to_numpy()
    times = _microseconds(table["event_time"]) if "event_time" in present else None
    found = []
    for position, (start, end) in enumerate(itertools.pairwise(cuts)):
        span = None if times is None or start == end else times[start:end]
        found.append(
            WindowCounts(
                profile.digest,
                end - start,
                failed[position],
                int(np.count_nonzero(decided[start:end])),
                scores[position],
                {name: counts[position] for name, counts in features.items()},
                None if span is None else _moment(span.min()),
                None if span is None else _moment(span.max()),
            )
        )
    return found


def _values(
    reference: Reference, column: pa.ChunkedArray | None, cuts: Sequence[int]
) -> list[Counts]:
    if isinstance(reference, NumericReference):
        return list(_numeric(reference, column, cuts))
    return list(_categorical(reference, column, cuts))


def _numeric(
    reference: NumericReference, column: pa.ChunkedArray | None, cuts: Sequence[int]
) -> list[NumericCounts]:
    bins = _bins(reference.edges)
    spans = itertools.pairwise(cuts)
    if column is None:
        nothing = np.empty(0)
        return [NumericCounts(bins.count(nothing), missing=end - start) for start, end in spans]
    values, invalid = numbers(column)
    return [
        _number_counts(bins, values[start:end], None if invalid is None else invalid[start:end])
        for start, end in spans
    ]


def _number_counts(bins: Bins, values: np.ndarray, invalid: np.ndarray | None) -> NumericCounts:
    wrong = 0 if invalid is None else int(np.count_nonzero(invalid))
    missing = infinite = 0
    low, high = _ends(values)
    if not math.isfinite(high - low):  # NaN and infinity, where there is any, show at the ends
        is_finite = np.isfinite(values)
        missing = int(np.count_nonzero(np.isnan(values))) - wrong
        infinite = len(values) - int(np.count_nonzero(is_finite)) - missing - wrong
        values = values[is_finite]
        low, high = _ends(values)
    if len(values) == 0:
        return NumericCounts(bins.count(values), missing, infinite, wrong)
    # Minus zero and zero are one value, and one sum.
    return NumericCounts(bins.count(values), missing, infinite, wrong, low + 0.0, high + 0.0)


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest; NaN where one is NaN, or there are none."""
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)


def _categorical(
    reference: CategoricalReference, column: pa.ChunkedArray | None, cuts: Sequence[int]
) -> list[CategoryCounts]:
    known = pa.array(reference.categories, pa.string())
    values = None if column is None else text(column)
    found = []
    for start, end in itertools.pairwise(cuts):
        bins = np.zeros(len(reference.categories), np.int64)
        if values is None:
            found.append(CategoryCounts(bins, missing=end - start))
            continue
        tally = pc.value_counts(values.slice(start, end - start).combine_chunks())
        names, counts = tally.field("values"), tally.field("counts").to_numpy()
        is_missing = names.is_null().to_numpy(zero_copy_only=False)
        positions = pc.fill_null(pc.index_in(names, value_set=known), -1).to_numpy()
        is_known = (positions >= 0) & ~is_missing
        bins[positions[is_known]] = counts[is_known]
        is_new = ~is_known & ~is_missing
        new, missing = int(counts[is_new].sum()), int(counts[is_missing].sum())
        if reference.others:
            found.append(CategoryCounts(bins, 0, new, missing))
        else:
            examples = _smallest(names.filter(pa.array(is_new)))
            found.append(CategoryCounts(bins, new, 0, missing, examples))
    return found


def _smallest(names: pa.Array) -> tuple[str, ...]:
    # Shortened before the smallest are chosen: the other way round, merging would depend on order.
    short = pc.utf8_slice_codeunits(names, 0, LONGEST_EXAMPLE).unique()
    return tuple(short.take(pc.sort_indices(short)[:EXAMPLES]).to_pylist())


def _is_answered(table: pa.Table) -> np.ndarray:
    if "error" not in table.column_names:
        return np.ones(len(table), bool)
    return table["error"].is_null().to_numpy()


def _answered(table: pa.Table) -> pa.Table:
    if "error" not in table.column_names or table["error"].null_count == len(table):
        return table
    return table.filter(pa.array(_is_answered(table)))


def _features(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    if "features" not in table.column_names:
        return {}
    struct = table["features"]
    # Flattening, unlike taking a field, makes the fields of a null struct null.
    return {field.name: column for field, column in zip(struct.type, struct.flatten(), strict=True)}


def _microseconds(times: pa.ChunkedArray) -> np.ndarray:
    return times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))
