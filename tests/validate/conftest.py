"""Snapshots made by hand, and TFDV's environment, which is another one than the tests'."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.digests import digest_file
from phasegate.snapshots import MANIFEST, Snapshot, write_manifest
from phasegate.store import object_name, open_store

ROOT = Path(__file__).parents[2]
ROW_GROUP = 200

MakeSnapshot = Callable[..., "MadeSnapshot"]


@dataclass(frozen=True)
class MadeSnapshot:
    """A snapshot in a store: its folder with the manifest, and what an artifact says of it."""

    folder: Path
    snapshot: Snapshot

    @property
    def digest(self) -> str:
        return self.snapshot.digest

    @property
    def metadata(self) -> dict[str, Any]:
        return {"digest": self.digest, **self.snapshot.metadata()}


@pytest.fixture(scope="session")
def tfdv_python() -> Path:
    """Python of the environment that has TFDV."""
    default = ROOT / ".venv" / "tfdv" / "bin" / "python"
    python = Path(os.environ.get("PHASEGATE_TFDV_PYTHON", default))
    if not python.is_file():
        pytest.fail(f"{python} does not exist: run `make test`, which makes every environment")
    return python


@pytest.fixture(scope="session")
def run_with_tfdv(tfdv_python: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a Python module in TFDV's environment, from the root of the repository."""

    def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(tfdv_python), "-m", *arguments],
            input=text,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def make_snapshot(tmp_path_factory: pytest.TempPathFactory) -> MakeSnapshot:
    """Put tables into a store, one part each; all snapshots share the store."""
    root = tmp_path_factory.mktemp("validate")
    store = root / "store"

    def make(*tables: pa.Table) -> MadeSnapshot:
        parts = []
        for table in tables:
            written = root / "part.parquet"
            pq.write_table(table, written, row_group_size=ROW_GROUP)
            digest = digest_file(written)
            target = store / object_name(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            written.rename(target)
            size = target.stat().st_size
            parts.append({"digest": digest, "bytes": size, "rows": table.num_rows})
        manifest = {
            "version": 1,
            "columns": [{"name": f.name, "type": str(f.type)} for f in tables[0].schema],
            "rows": sum(part["rows"] for part in parts),
            "bytes": sum(part["bytes"] for part in parts),
            "time": None,
            "parts": parts,
            "sources": [],
        }
        folder = root / "manifests" / Snapshot(manifest, str(store)).digest
        write_manifest(manifest, folder)
        made = Snapshot.open(folder, str(store))
        open_store(str(store)).put_file(folder / MANIFEST, made.digest)
        return MadeSnapshot(folder, made)

    return make


def executor_input(
    made: MadeSnapshot, folder: Path, data: dict[str, Any], validation: dict[str, Any]
) -> str:
    """KFP's ExecutorInput for one run of the component."""
    names = ("statistics", "schema", "report", "verdict", "page")
    outputs = {
        name: {"artifacts": [{"name": name, "uri": str(folder / name), "metadata": {}}]}
        for name in names
    }
    snapshot = {"name": "snapshot", "uri": str(made.folder), "metadata": made.metadata}
    return json.dumps(
        {
            "inputs": {
                "parameterValues": {"data": json.dumps(data), "validation": json.dumps(validation)},
                "artifacts": {"snapshot": {"artifacts": [snapshot]}},
            },
            "outputs": {
                "artifacts": outputs,
                "parameters": {"outcome": {"outputFile": str(folder / "outcome")}},
                "outputFile": str(folder / "output.json"),
            },
        }
    )
