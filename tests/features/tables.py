"""Small tables of events: strategies that favour ties, edges of windows and missing values."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions

HOUR = 3_600_000_000
SCHEMA = pa.schema(
    {
        "moment": pa.timestamp("us"),
        "customer": pa.string(),
        "terminal": pa.int64(),
        "amount": pa.float64(),
        "fraud": pa.int64(),
    }
)
DATA = {
    "time": "moment",
    "entity": "customer",
    "label": {"column": "fraud", "positive": 1, "delay": "2h"},
}
FEATURES = {
    "numeric": ["amount"],
    "windows": [
        {
            "entity": "customer",
            "value": "amount",
            "aggregates": ["count", "sum", "mean"],
            "over": ["1h", "3h"],
        },
        {
            "entity": "terminal",
            "value": "fraud",
            "aggregates": ["mean", "count"],
            "over": ["3h"],
            "delay": "2h",
        },
        {
            "entity": "terminal",
            "value": "amount",
            "aggregates": ["sum"],
            "over": ["1h", "24h"],
            "delay": "1h",
            "resolution": 0.01,
        },
    ],
}
DEFINITIONS = FeatureDefinitions.parse(FEATURES, DATA)

# Few distinct times, a microsecond off the hour included, so that windows' edges are met.
TIMES = st.builds(lambda hour, off: hour * HOUR + off, st.integers(-4, 30), st.integers(-1, 1))
AMOUNTS = st.one_of(
    st.none(),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from([0.0, -0.0, 0.1, 0.2, float("nan"), 1e-9, -1e-7]),
)
ROWS = st.fixed_dictionaries(
    {
        "moment": TIMES,
        "customer": st.sampled_from([None, "a", "b"]),
        "terminal": st.sampled_from([None, 1, 2**40]),
        "amount": AMOUNTS,
        "fraud": st.sampled_from([0, 1]),
    }
)
TABLES = st.lists(ROWS, min_size=1, max_size=25)


def write_part(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema = SCHEMA) -> Path:
    """A Parquet part of rows."""
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return path


def computed(
    rows: Sequence[dict[str, Any]],
    definitions: FeatureDefinitions = DEFINITIONS,
    schema: pa.Schema = SCHEMA,
    **options: Any,
) -> list[dict[str, Any]]:
    """The feature set of rows, as rows."""
    with tempfile.TemporaryDirectory() as folder:
        part = write_part(Path(folder) / "part.parquet", rows, schema)
        output = Path(folder) / "features.parquet"
        compute_features([part], definitions, output, **{"threads": 1, **options})
        return pq.read_table(output).to_pylist()
