"""What is in a store, and what a sidecar says of itself."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from prometheus_client.parser import text_string_to_metric_families

from phasegate.sidecar.process import SidecarProcess
from phasegate.store.named import open_named


def stored(uri: str | Path) -> pa.Table:
    """All rows of all Parquet files of a store."""
    files = open_named(str(uri))
    with tempfile.TemporaryDirectory() as folder:
        tables = [pq.read_table(files.fetch(name, Path(folder))) for name in files.names()]
    return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})


def stored_ids(uri: str | Path) -> Counter[str]:
    """How often each request id is in a store."""
    rows = stored(uri)
    return Counter(rows["request_id"].to_pylist() if rows.num_columns else [])


def health(sidecar: SidecarProcess) -> dict[str, object]:
    """What ``/readyz`` says."""
    with urllib.request.urlopen(f"{sidecar.address}/readyz", timeout=10) as answer:
        return json.load(answer)


def metric(sidecar: SidecarProcess, name: str, **labels: str) -> float:
    """A metric's samples that have these labels, summed."""
    with urllib.request.urlopen(f"{sidecar.address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"phasegate_sidecar_{name}" and labels.items() <= sample.labels.items()
    )
