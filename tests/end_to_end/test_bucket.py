"""Data and snapshots in a bucket: every environment reads them through its own client."""

from __future__ import annotations

import numpy as np
import pytest
from google.cloud import storage

from tests.end_to_end.conftest import Phasegate
from tests.store.emulator import storage_emulator

BUCKET = "phasegate-lake"
PROJECT = """\
version: 1
name: lake
data:
  source: gs://phasegate-lake/raw/*.csv
  label: {column: y}
features:
  numeric: [a, b]
training: {rounds: 20}
evaluation: {bootstrap: {replicates: 100}}
"""


@pytest.mark.nightly
def test_a_model_is_trained_from_a_bucket_into_a_bucket(
    phasegate: Phasegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(1)
    with storage_emulator(BUCKET) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        monkeypatch.setenv("PHASEGATE_CACHE", str(phasegate.folder / "parts"))
        bucket = storage.Client(project="test").bucket(BUCKET)
        for name in ("1", "2"):
            a, b = generator.normal(size=(2, 1500))
            y = (a + generator.normal(size=1500) > 0).astype(int)
            rows = "".join(f"{p:.5f},{q:.5f},{r}\n" for p, q, r in zip(a, b, y, strict=True))
            bucket.blob(f"raw/{name}.csv").upload_from_string("a,b,y\n" + rows)

        store = f"gs://{BUCKET}/store"
        run = phasegate("run", phasegate.project("lake.yaml", PROJECT), "--store", store, "--json")

        assert run.code == 0, run.err
        assert run.json["registered"]["alias"] == "champion"
        stored = {blob.name for blob in bucket.list_blobs(prefix="store/objects/")}
        assert len(stored) == 3  # two parts and the snapshot's manifest
        assert not (phasegate.workspace / "store").exists()
