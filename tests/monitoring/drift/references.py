"""References and windows of generated rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from phasegate.monitoring.counting import count, count_panes
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import (
    BINS,
    CategoricalReference,
    NumericReference,
    Profile,
    Reliability,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def numeric(name: str, values: np.ndarray) -> NumericReference:
    """The reference of numbers; NaN is missing."""
    finite = np.sort(values[np.isfinite(values)])
    edges = np.unique(np.quantile(finite, np.arange(1, BINS) / BINS, method="inverted_cdf")) if len(
        finite) else np.empty(0)  # fmt: skip
    counts = np.bincount(np.searchsorted(edges, finite), minlength=len(edges) + 1)
    return NumericReference(
        name,
        tuple(edges.tolist()),
        tuple(counts.tolist()),
        int(np.isnan(values).sum()),
        int(np.isinf(values).sum()),
        float(finite[0]) if len(finite) else float("nan"),
        float(finite[-1]) if len(finite) else float("nan"),
    )


def categorical(name: str, values: list[str | None]) -> CategoricalReference:
    """The reference of categories; None is missing."""
    known = sorted({one for one in values if one is not None})
    return CategoricalReference(
        name, tuple(known), tuple(values.count(one) for one in known), 0, values.count(None)
    )


def table(
    columns: dict[str, np.ndarray | list[str | None]],
    scores: np.ndarray | None = None,
    *,
    start: datetime = START,
    span: timedelta = DAY,
    times: np.ndarray | None = None,
) -> pa.Table:
    """Rows as they are logged, evenly over a span; or `times`, microseconds after its start."""
    rows = len(next(iter(columns.values())))
    scores = np.linspace(0.01, 0.99, rows) if scores is None else scores
    if times is None:
        times = (np.arange(rows) * ((span / timedelta(microseconds=1)) / max(rows, 1))).astype(int)
    begin = int(start.timestamp()) * 1_000_000
    features = pa.StructArray.from_arrays(
        [pa.array(values, from_pandas=True) for values in columns.values()], names=list(columns)
    )
    return pa.table(
        {
            "event_time": pa.array(times + begin, pa.timestamp("us", tz="UTC")),
            "score": pa.array(scores, pa.float64()),
            "decision": pa.array((np.asarray(scores) >= 0.5).astype(np.int8)),
            "error": pa.nulls(rows, pa.string()),
            "features": features,
        }
    )


def profile(rows: pa.Table) -> Profile:
    """The profile of logged rows."""
    features = rows["features"].combine_chunks()
    numbers, categories = [], []
    for name in sorted(field.name for field in features.type):
        values = features.field(name)
        if pa.types.is_string(values.type):
            categories.append(categorical(name, values.to_pylist()))
        else:
            numbers.append(numeric(name, values.to_numpy(zero_copy_only=False).astype(float)))
    scores = rows["score"].to_numpy()
    days = rows["event_time"].cast(pa.int64()).to_numpy() // 86_400_000_000
    return Profile(
        name="model",
        model_digest="a" * 64,
        features_digest="b" * 64,
        threshold=0.5,
        rows=len(rows),
        positive=int((scores >= 0.5).sum()),
        since=None,
        until=None,
        numeric=tuple(numbers),
        categorical=tuple(categories),
        scores=numeric("score", scores),
        reliability=Reliability((), (), (), 0, 0, 0),
        daily_rows=tuple(np.bincount(days - days.min()).tolist()),
    )


def panes(reference: Profile, rows: pa.Table) -> dict[datetime, WindowCounts]:
    """The rows by the hour."""
    return count_panes(reference, rows, timedelta(hours=1))


__all__ = ["DAY", "START", "count", "panes", "profile", "table"]
