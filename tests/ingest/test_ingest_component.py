from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from phasegate.snapshots import Snapshot
from tests.ingest.conftest import CSV


def _execute(tmp_path: Path, data: dict, now: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "events.csv").write_text(CSV)
    artifact = {
        "name": "snapshot",
        "type": {"schemaTitle": "system.DataSnapshot", "schemaVersion": "1.0.0"},
        "uri": str(tmp_path / "snapshot"),
        "metadata": {},
    }
    parameters = {
        "data": json.dumps({"source": str(tmp_path / "events.csv"), **data}),
        "store": str(tmp_path / "store"),
    }
    executor_input = {
        "inputs": {"parameterValues": parameters},
        "outputs": {
            "artifacts": {"snapshot": {"artifacts": [artifact]}},
            "outputFile": str(tmp_path / "output.json"),
        },
    }
    command = [sys.executable, "-m", "components.ingest"]
    return subprocess.run(
        [*command, "--executor-input", json.dumps(executor_input)],
        capture_output=True,
        text=True,
        env={**os.environ, "PHASEGATE_NOW": now},
        check=False,
    )


def test_the_entrypoint_declares_the_snapshot(tmp_path: Path) -> None:
    done = _execute(tmp_path, {"time": "event_time", "max_age": "1d"}, "2026-01-03T00:00:00Z")
    assert done.returncode == 0, done.stderr
    output = json.loads((tmp_path / "output.json").read_text())
    (written,) = output["artifacts"]["snapshot"]["artifacts"]
    snapshot = Snapshot.open(tmp_path / "snapshot", str(tmp_path / "store"))
    assert written["metadata"]["digest"] == snapshot.digest
    assert written["metadata"]["rows"] == 3


def test_the_entrypoint_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    done = _execute(tmp_path, {"time": "event_time", "max_age": "1d"}, "2026-01-05T00:00:00Z")
    assert done.returncode == 2
    assert "stale data" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "snapshot" / "manifest.json").exists()
