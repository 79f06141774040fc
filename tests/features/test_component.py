"""The component, run as Kubeflow Pipelines runs it: a process with one argument."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from phasegate.contracts import DataSnapshot
from phasegate.digests import digest_file
from phasegate.snapshots import Snapshot, write_manifest
from phasegate.store import open_store

from .tables import DATA, DEFINITIONS, FEATURES, SCHEMA, write_part

ROWS = [
    {"moment": moment, "customer": "a", "terminal": 1, "amount": 2.0, "fraud": 0}
    for moment in range(3)
]


@pytest.fixture
def snapshot(tmp_path: Path) -> DataSnapshot:
    """A snapshot of one part, in a store of its own."""
    part = write_part(tmp_path / "part.parquet", ROWS)
    store, digest, size = str(tmp_path / "store"), digest_file(part), part.stat().st_size
    open_store(store).put_file(part, digest)
    manifest = {
        "version": 1,
        "columns": [{"name": field.name, "type": str(field.type)} for field in SCHEMA],
        "rows": len(ROWS),
        "bytes": size,
        "time": None,
        "parts": [{"digest": digest, "bytes": size, "rows": len(ROWS)}],
        "sources": [{"digest": digest, "bytes": size}],
    }
    folder = tmp_path / "snapshot"
    write_manifest(manifest, folder)
    metadata = Snapshot.open(folder, store).metadata()
    return DataSnapshot(**metadata).stored_at(folder, "test")


def featurize(snapshot: DataSnapshot, features: dict, folder: Path) -> tuple[int, str, dict]:
    """Exit code, standard error, and the artifacts that were completed."""
    output = folder / "output.json"
    document = {
        "inputs": {
            "parameterValues": {"features": json.dumps(features), "data": json.dumps(DATA)},
            "artifacts": {
                "snapshot": {
                    "artifacts": [{"uri": str(snapshot.path), "metadata": snapshot.metadata}]
                }
            },
        },
        "outputs": {
            "artifacts": {
                "feature_set": {"artifacts": [{"uri": str(folder / "features"), "metadata": {}}]}
            },
            "outputFile": str(output),
        },
    }
    command = [sys.executable, "-m", "components.featurize", "--executor-input"]
    ended = subprocess.run(
        [*command, json.dumps(document)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    return ended.returncode, ended.stderr, json.loads(output.read_text())["artifacts"]


def test_the_component_writes_a_feature_set_of_the_snapshot(snapshot, tmp_path):
    code, errors, artifacts = featurize(snapshot, FEATURES, tmp_path)
    assert code == 0, errors
    metadata = artifacts["feature_set"]["artifacts"][0]["metadata"]
    assert metadata["snapshot_digest"] == snapshot.digest
    assert metadata["definitions_digest"] == DEFINITIONS.digest
    table = pq.read_table(tmp_path / "features" / "features.parquet")
    assert metadata["digest"] == digest_file(tmp_path / "features" / "features.parquet")
    assert table.num_rows == metadata["rows"] == len(ROWS)
    assert table.column_names[4:] == [column.name for column in DEFINITIONS.columns]


def test_bad_input_is_one_line_and_leaves_no_feature_set(snapshot, tmp_path):
    code, errors, artifacts = featurize(snapshot, {"numeric": ["price"]}, tmp_path)
    assert code == 2
    assert "'price'" in errors
    assert "Traceback" not in errors
    assert artifacts == {}
    assert not list((tmp_path / "features").iterdir())
