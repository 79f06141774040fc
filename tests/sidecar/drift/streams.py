"""A model's reference, and predictions that are like it or not."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.clock import microseconds
from phasegate.monitoring.counting import count_panes
from phasegate.monitoring.drift.calibration import calibrate
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import (
    CategoricalReference,
    NumericReference,
    Profile,
    Reliability,
)
from phasegate.prediction_log.record import Prediction, Source, encode
from phasegate.prediction_log.segment_writer import SegmentWriter

MODEL, DIGEST = "fraud", "ab" * 32
NUMERIC, TEXT = ("amount", "mean", "age"), ("category",)
CATEGORIES = ("food", "fuel", "home")
START = datetime(2026, 3, 1, tzinfo=UTC)
SOURCE = Source(MODEL, DIGEST, "fraud/1", NUMERIC, TEXT, "host-1-f00")


def values(generator: np.random.Generator, rows: int, shift: float = 0.0) -> dict[str, np.ndarray]:
    """Columns of a stream: `mean` follows `amount`, and `amount` is shifted."""
    amount = generator.normal(size=rows)
    return {
        "amount": amount + shift,
        "mean": 0.8 * amount + 0.6 * generator.normal(size=rows),
        "age": generator.exponential(size=rows),
        "category": generator.choice(CATEGORIES, size=rows, p=[0.6, 0.3, 0.1]),
        "score": generator.beta(2, 8, size=rows),
    }


def profile(columns: dict[str, np.ndarray], days: int = 10) -> Profile:
    """The reference that such columns make."""
    rows = len(columns["score"])
    names, counts = np.unique(columns["category"], return_counts=True)
    scores = _numeric("score", columns["score"])
    nothing = (0,) * len(scores.counts)
    return Profile(
        MODEL, DIGEST, "cd" * 32, 0.5, rows, int((columns["score"] >= 0.5).sum()),
        START - timedelta(days=days), START,
        tuple(_numeric(name, columns[name]) for name in NUMERIC),
        (CategoricalReference("category", tuple(names.tolist()), tuple(counts.tolist()), 0, 0),),
        scores, Reliability(nothing, nothing, (0.0,) * len(nothing), 0, 0, 0),
        (rows // days,) * days,
    )  # fmt: skip


def _numeric(name: str, column: np.ndarray) -> NumericReference:
    edges = np.unique(np.quantile(column, np.arange(1, 128) / 128))
    bins = np.bincount(np.searchsorted(edges, column), minlength=len(edges) + 1)
    return NumericReference(
        name, tuple(edges.tolist()), tuple(bins.tolist()), 0, 0,
        float(column.min()), float(column.max()),
    )  # fmt: skip


def reference(folder: Path, rows: int = 20_000, *, digest: str = DIGEST) -> Profile:
    """Write the artifact ReferenceProfile of a stream into a folder."""
    columns = values(np.random.default_rng(1), rows)
    made = replace(profile(columns), model_digest=digest)
    panes = count_panes(made, _table(columns), timedelta(hours=1))
    calibration = calibrate(made, panes, DriftRules(), seed=0)
    folder.mkdir(parents=True)
    (folder / "profile.json").write_bytes(made.content)
    (folder / "calibration.json").write_bytes(calibration.content)
    sample = {name: columns[name][:500] for name in (*NUMERIC, *TEXT, "score")}
    pq.write_table(pa.table(sample), folder / "sample.parquet")
    return made


def _table(columns: dict[str, np.ndarray], days: int = 10) -> pa.Table:
    """Rows of the prediction log before the start, spread over some days."""
    rows = len(columns["score"])
    times = microseconds(START - timedelta(days=days)) + np.arange(rows) * (
        days * 86_400_000_000 // rows
    )
    features = [pa.array(columns[name]) for name in (*NUMERIC, *TEXT)]
    return pa.table(
        {
            "event_time": pa.array(times).cast(pa.timestamp("us", tz="UTC")),
            "score": columns["score"],
            "decision": (columns["score"] >= 0.5).astype(np.int8),
            "features": pa.StructArray.from_arrays(features, [*NUMERIC, *TEXT]),
        }
    )


def records(
    columns: dict[str, np.ndarray], since: datetime, until: datetime, *, prefix: str = "r",
    **changed: Any,
) -> Iterator[Prediction]:  # fmt: skip
    """One request for each row, their event times spread over a span."""
    rows = len(columns["score"])
    first, last = microseconds(since), microseconds(until)
    for at in range(rows):
        fields: dict[str, Any] = {
            "request_id": f"{prefix}-{at}",
            "event_time": first + (last - first) * at // rows,
            "entity": None,
            "role": "champion",
            "latency": 500,
            "error": None,
            "numeric": struct.pack("<3d", *(columns[name][at] for name in NUMERIC)),
            "categories": [[None if (c := columns["category"][at]) is None else str(c)]],
            "scores": struct.pack("<d", columns["score"][at]),
            "decisions": bytes([int(columns["score"][at] >= 0.5)]),
        }
        yield Prediction(**{**fields, **changed})


def segment(
    spool: Path, number: int, predictions: list[Prediction], source: Source = SOURCE
) -> None:
    """Put a closed segment into a spool."""
    draft = spool.parent / f"{source.writer}-{number:08d}.open"
    payloads = [encode(one, source) for one in predictions]
    writer = SegmentWriter(draft, source, 4_096 + sum(len(one) + 8 for one in payloads))
    for payload in payloads:
        assert writer.append(payload)
    closed = writer.close()
    assert closed
    closed.rename(spool / closed.name)
