"""Small data that can be learned from, and plans to train on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.digests import digest_file
from phasegate.snapshots import Snapshot
from phasegate.store import open_store
from phasegate.training.plan import Plan

ROWS = 4000
NUMBERS = ("amount", "distance", "nights")
CATEGORIES = ("food", "fuel", "travel", "toys")


def events(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """Raw events in time order; nights have missing values."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, len(NUMBERS)))
    kinds = random.integers(0, len(CATEGORIES), rows)
    score = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + (kinds == 2)
    label = (score + random.normal(size=rows) > 1.5).astype(np.int64)
    numbers[random.random(rows) < 0.1, 2] = np.nan
    times = np.sort(random.integers(0, 10**12, rows)).astype("datetime64[us]")
    return pa.table(
        {
            "time": pa.array(times),
            "label": label,
            "category": pa.array(np.array(CATEGORIES)[kinds]),
            **{
                name: pa.array(numbers[:, place], from_pandas=True)
                for place, name in enumerate(NUMBERS)
            },
        }
    )


def snapshot(folder: Path) -> Snapshot:
    """The events in two parts, in a store inside a folder."""
    table, store = events(), open_store(str(folder / "store"))
    parts = []
    for place, part in enumerate((table.slice(0, 2500), table.slice(2500))):
        path = folder / f"part-{place}.parquet"
        pq.write_table(part, path)
        digest = digest_file(path)
        store.put_file(path, digest)
        parts.append({"digest": digest, "bytes": path.stat().st_size, "rows": len(part)})
    manifest = {
        "version": 1,
        "columns": [{"name": one.name, "type": str(one.type)} for one in table.schema],
        "rows": len(table),
        "bytes": sum(part["bytes"] for part in parts),
        "time": None,
        "parts": parts,
        "sources": [],
    }
    return Snapshot(manifest, str(folder / "store"))


def features(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """The events as a feature table."""
    raw = events(rows, seed)
    own = pa.table(
        {
            "_row": np.arange(rows),
            "_time": raw.column("time").cast(pa.int64()),
            "_label": raw.column("label").cast(pa.int8()),
        }
    )
    for name in (*NUMBERS, "category"):
        own = own.append_column(name, raw.column(name))
    return own


def sections(**training: Any) -> dict[str, Any]:
    """Sections of a project, as its loader fills them in, with some of training replaced."""
    return {
        "data": {
            "time": "time",
            "entity": None,
            "label": {"column": "label", "positive": 1, "delay": "0d"},
        },
        "features": {"numeric": list(NUMBERS), "categorical": ["category"]},
        "split": {"order": "auto", "validation": 0.15, "calibration": 0.15, "test": 0.2},
        "training": {
            "seed": 7,
            "threads": 1,
            "rounds": 30,
            "early_stopping": 5,
            "parameters": {"max_depth": 3, "learning_rate": 0.3, "subsample": 0.8},
            "imbalance": "none",
            "calibration": "isotonic",
            "threshold": {"maximize": "f1", "subject_to": {}},
            "search": {"trials": 0, "seconds": 60, "space": {"max_depth": {"int": [2, 5]}}},
            **training,
        },
        "evaluation": {"value": {"true_positive": 5, "false_positive": -1}},
    }


def plan(changes: Mapping[str, Any] | None = None, **training: Any) -> Plan:
    """A plan, with whole sections and some of training replaced."""
    return Plan.of_sections("example", {**sections(**training), **(changes or {})})
