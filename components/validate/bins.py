"""Histograms of two snapshots on the same edges, so that TFDV's divergence means something.

TFDV cuts each snapshot's own range into equal steps and spreads the counts again to compare them.
Of a column with a long tail nearly all rows lie in the first step, whose width is decided by the
largest value: two samples of one log-normal distribution (sigma 2, 100,000 rows each) then differ
by 0.28 bits. On the reference's own deciles their divergence is about 9 / 8 / ln 2 * (1/n + 1/m)
bits, 0.00003, and the limit keeps its meaning.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.validate.batches import BATCH_ROWS, countable

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

Edges = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Binned:
    """Statistics of a snapshot and its reference; the histograms of `columns` are comparable."""

    statistics: DatasetFeatureStatisticsList
    reference: DatasetFeatureStatisticsList
    columns: frozenset[str]


def on_common_bins(
    statistics: DatasetFeatureStatisticsList,
    parts: Sequence[Path],
    reference: DatasetFeatureStatisticsList,
    reference_parts: Sequence[Path],
) -> Binned:
    """Cut both into the reference's deciles."""
    quantiles = quantiles_of(reference)
    edges = {name: inner for name, found in quantiles.items() if (inner := edges_of(found))}
    now, before = count_between(parts, edges), count_between(reference_parts, edges)
    return Binned(
        with_histograms(statistics, edges, now),
        with_histograms(reference, edges, before),
        frozenset(now) & frozenset(before),
    )


def edges_of(quantiles: Sequence[float]) -> tuple[float, ...]:
    """Inner edges between bins, from the quantiles of a reference, its ends included.

    A value that takes up several quantiles gets a bin of its own, so that a column with many zeros,
    or only zeros, is told from one without.
    """
    edges = set()
    for low, high in itertools.pairwise(quantiles):
        edges.add(low)
        if low == high:
            edges.add(math.nextafter(low, math.inf))
    # The smallest value is an end, not an inner edge, unless it has a bin of its own.
    if quantiles and quantiles[:1] != quantiles[1:2]:
        edges.discard(quantiles[0])
    return tuple(sorted(edge for edge in edges if math.isfinite(edge)))


def count_between(parts: Sequence[Path], edges: Edges) -> dict[str, tuple[int, ...]]:
    """Rows of each bin: below the first edge, between edges (the lower one included), above.

    Args:
        parts: Parquet files of one schema.
        edges: inner edges of some columns; columns that are absent or not numeric are left out,
            for times move on by nature.
    """
    schema = pq.read_schema(parts[0])
    names = [name for name in schema.names if name in edges and _is_numeric(schema, name)]
    counts = {name: np.zeros(len(edges[name]) + 1, dtype=np.int64) for name in names}
    for part in parts if names else ():
        for batch in pq.ParquetFile(part).iter_batches(BATCH_ROWS, columns=names):
            for name in names:
                values = countable(batch.column(batch.schema.get_field_index(name))).drop_null()
                bins = np.searchsorted(edges[name], values.to_numpy(), side="right")
                counts[name] += np.bincount(bins, minlength=len(edges[name]) + 1)
    return {name: tuple(int(count) for count in counts[name]) for name in names}


def with_histograms(
    statistics: DatasetFeatureStatisticsList,
    edges: Edges,
    counts: Mapping[str, Sequence[int]],
) -> DatasetFeatureStatisticsList:
    """A copy of statistics whose standard histograms have the given bins.

    The outer bins reach as far on both sides as is needed to give them a width.
    """
    result = type(statistics)()
    result.CopyFrom(statistics)
    for feature in result.datasets[0].features if result.datasets else ():
        name = feature.path.step[0]
        if name not in counts or not feature.HasField("num_stats"):
            continue
        inner = edges[name]
        reach = max(inner[-1] - inner[0], abs(inner[0]), abs(inner[-1]), 1.0)
        outer = (inner[0] - reach, *inner, inner[-1] + reach)
        histograms = feature.num_stats.histograms
        kept = [histogram for histogram in histograms if histogram.type == histogram.QUANTILES]
        del histograms[:]
        standard = histograms.add()
        standard.type = standard.STANDARD
        for low, high, count in zip(outer, outer[1:], counts[name], strict=False):
            standard.buckets.add(low_value=low, high_value=high, sample_count=count)
        histograms.extend(kept)
    return result


def quantiles_of(statistics: DatasetFeatureStatisticsList) -> dict[str, tuple[float, ...]]:
    """Quantiles of each numeric column, as TFDV counted them, ends included."""
    found = {}
    for feature in statistics.datasets[0].features if statistics.datasets else ():
        for histogram in feature.num_stats.histograms if feature.HasField("num_stats") else ():
            if histogram.type == histogram.QUANTILES and histogram.buckets:
                lows = [bucket.low_value for bucket in histogram.buckets]
                found[feature.path.step[0]] = (*lows, histogram.buckets[-1].high_value)
    return found


def _is_numeric(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
