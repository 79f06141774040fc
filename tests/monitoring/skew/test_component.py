"""The component as Kubeflow Pipelines runs it, in the environment of its image."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from phasegate.contracts import ObservedWindow
from phasegate.digests import canonical_json
from phasegate.monitoring.observed import FILE, LogFile, Observed
from phasegate.monitoring.policy import MonitoringPolicy, SkewRules
from phasegate.monitoring.skew.report import CauseKind, SkewReport

from .planting import DATA, DIGEST, FEATURES, SINCE, UNTIL, World, clean_world, write_log

ROOT = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("PHASEGATE_TFDV_PYTHON", ROOT / ".venv" / "tfdv" / "bin" / "python"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return clean_world(tmp_path_factory.mktemp("world"))


def run(world: World, folder: Path, events: str) -> tuple[SkewReport, dict[str, Any], str, str]:
    """Report, ExecutorOutput, page, and standard error of a run that ended well."""
    (file,) = write_log(world, folder / "log")
    name = str(file.relative_to(folder / "log"))
    observed = Observed(
        model="fraud", model_version="fraud/3", model_digest=DIGEST, profile_digest="cd" * 32,
        since=SINCE, until=UNTIL, history=SINCE, now=UNTIL,
        files=(LogFile(name, file.stat().st_size),),
    )  # fmt: skip
    window = folder / "window"
    window.mkdir()
    (window / FILE).write_bytes(canonical_json(observed.to_json()))
    stored = ObservedWindow(
        model_digest=DIGEST, profile_digest="cd" * 32, since=SINCE.isoformat(),
        until=UNTIL.isoformat(), files=1,
    ).stored_at(window, "test")  # fmt: skip
    policy = MonitoringPolicy(skew=SkewRules(events=events))
    document = {
        "inputs": {
            "parameterValues": {
                "policy": json.dumps(policy.to_json()),
                "data": json.dumps(DATA),
                "features": json.dumps(FEATURES),
                "log": str(folder / "log"),
            },
            "artifacts": {
                "window": {"artifacts": [{"uri": str(window), "metadata": stored.metadata}]}
            },
        },
        "outputs": {
            "artifacts": {
                "skew": {"artifacts": [{"uri": str(folder / "skew"), "metadata": {}}]},
                "report": {"artifacts": [{"uri": str(folder / "report.html"), "metadata": {}}]},
            },
            "parameters": {"alerts": {"outputFile": str(folder / "alerts")}},
            "outputFile": str(folder / "output.json"),
        },
    }
    process = subprocess.run(
        [str(PYTHON), "-m", "components.detect_skew", "--executor-input", json.dumps(document)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    report = SkewReport.from_json(json.loads((folder / "skew" / "skew.json").read_bytes()))
    output = json.loads((folder / "output.json").read_text())
    return report, output, (folder / "report.html").read_text(), process.stderr


def test_faults_of_a_real_log_are_named_with_their_distances(world: World, tmp_path: Path) -> None:
    pq.write_table(world.events, tmp_path / "raw.parquet")
    broken = world.with_served(
        amount=pc.multiply(world.served["amount"], 100.0),
        category=pc.utf8_upper(world.served["category"]),
    )
    report, output, page, _ = run(broken, tmp_path, str(tmp_path / "*.parquet"))
    found = {one.feature: one for one in report.features}
    assert {name for name, one in found.items() if one.alert} == {"amount", "category"}
    assert found["amount"].cause.kind is CauseKind.UNIT
    assert found["category"].cause.kind is CauseKind.ENCODING
    assert found["amount"].distance > 0.5  # bits: hardly any amount is where it was
    assert found["category"].distance > 0.1  # the commonest category is gone
    assert found["channel"].distance == 0
    assert output["parameterValues"]["alerts"] == 2
    assert "100 times as large" in page


def test_clean_requests_need_no_tfdv(world: World, tmp_path: Path) -> None:
    pq.write_table(world.events, tmp_path / "raw.parquet")
    report, output, page, errors = run(world, tmp_path, str(tmp_path / "raw.parquet"))
    assert not report.alert
    assert report.rows == len(world.served)
    assert output["parameterValues"]["alerts"] == 0
    assert "Every compared row was served as it is computed" in page
    assert "TensorFlow" not in errors


def test_skew_that_nobody_asked_for_is_not_called_absent(world: World, tmp_path: Path) -> None:
    report, output, page, _ = run(world, tmp_path, "")
    assert not report.features
    assert "not looked for" in report.problems[0]
    assert "Nothing was compared" in page
    assert output["parameterValues"]["alerts"] == 0


def test_events_that_are_nowhere_alert(world: World, tmp_path: Path) -> None:
    report, output, _, _ = run(world, tmp_path, str(tmp_path / "none"))
    assert report.alert
    assert "no raw events are there" in report.problems[0]
    assert output["parameterValues"]["alerts"] == 1
