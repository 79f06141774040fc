"""From simulated transactions to a champion, and what keeps worse models out.

The tests of this module share a workspace and build on the champion of the first fixture.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from phasegate.local.record import RunRecord, State
from tests.end_to_end.conftest import Phasegate, Said
from tests.processes import alive
from tests.waiting import until

PROJECT = """\
version: 1
name: card-fraud
data:
  source: data/*.parquet
  time: event_time
  key: transaction_id
  entity: customer_id
  label: {column: is_fraud, delay: 7d}
  exclude: [label_time]
features:
  numeric: [amount, distance_km]
  categorical: [category, channel]
  calendar: {column: event_time, parts: [hour]}
  windows:
    - {entity: customer_id, value: amount, aggregates: [count, mean], over: [1d, 7d]}
    - {entity: terminal_id, value: is_fraud, aggregates: [mean], over: [7d], delay: 7d}
training:
  rounds: 60
  threshold: {maximize: recall, subject_to: {precision: 0.8}}
evaluation:
  bootstrap: {replicates: 200}
  slices: [channel]
  gates:
    - {metric: precision, min: 0.5}
    - {metric: pr_auc, min: 0.2, bound: lower}
    - {metric: pr_auc, against: champion, margin: 0.02}
serving: {rows: 50}
"""


@pytest.fixture(scope="module")
def project(phasegate: Phasegate) -> str:
    made = phasegate(
        "simulate", "data", "--start", "2025-01-01", "--days", "60", "--customers", "800",
        "--terminals", "120", "--seed", "3",
    )  # fmt: skip
    assert made.code == 0, made.err
    return phasegate.project("fraud.yaml", PROJECT)


@pytest.fixture(scope="module")
def champion(phasegate: Phasegate, project: str) -> Said:
    return phasegate("run", project, "--json")


def versions(phasegate: Phasegate) -> int:
    """Model versions in the registry, read from MLflow's own database."""
    database = sqlite3.connect(phasegate.workspace / "mlflow" / "mlflow.db")
    try:
        return database.execute("select count(*) from model_versions").fetchone()[0]
    finally:
        database.close()


def digest_of(summary: dict[str, Any], step: str, output: str) -> str:
    found = next(one for one in summary["steps"] if one["name"] == step)
    return found["outputs"][output]["metadata"]["digest"]


def test_the_first_model_that_passes_every_gate_becomes_champion(champion: Said) -> None:
    assert champion.code == 0, champion.err
    summary = champion.json
    assert summary["registered"]["alias"] == "champion"
    names = [step["name"] for step in summary["steps"]]
    assert names.index("train") < names.index("profile") < names.index("register")
    assert [name for name in names if name != "profile"] == [
        "ingest", "validate", "featurize", "train", "evaluate", "validate-serving", "register",
    ]  # fmt: skip
    assert {name: verdict["outcome"] for name, verdict in summary["verdicts"].items()} == {
        "validate": "PASS",
        "evaluate": "PASS",
        "validate-serving": "PASS",
    }
    for step in ("ingest", "train", "register"):
        assert f"✓ {step}" in champion.err
    profiled = next(one for one in summary["steps"] if one["name"] == "profile")
    reference = profiled["outputs"]["reference"]["metadata"]
    assert reference["model_digest"] == summary["registered"]["model_digest"]
    assert reference["rows"] > 0
    assert reference["features"] > 3
    for page in summary["reports"].values():
        text = Path(page).read_text()
        assert text.startswith("<!doctype html>")
        assert "http://" not in text.replace("http://www.w3.org", "")


def test_running_again_without_cache_gives_the_same_bytes(
    phasegate: Phasegate, project: str, champion: Said
) -> None:
    again = phasegate("run", project, "--no-cache", "--json")
    assert again.code == 0, again.err
    for step, output in (
        ("ingest", "snapshot"), ("validate", "statistics"), ("validate", "verdict"),
        ("featurize", "feature_set"), ("train", "model"), ("profile", "reference"),
    ):  # fmt: skip
        assert digest_of(again.json, step, output) == digest_of(champion.json, step, output), step
    assert again.json["registered"]["version"] == champion.json["registered"]["version"]
    assert versions(phasegate) == 1


def test_a_worse_challenger_is_blocked_and_not_registered(
    phasegate: Phasegate, champion: Said
) -> None:
    assert champion.code == 0
    worse = PROJECT.replace("rounds: 60", "rounds: 1\n  parameters: {max_depth: 1}")
    blocked = phasegate("run", phasegate.project("worse.yaml", worse), "--json")
    assert blocked.code == 1, blocked.err
    summary = blocked.json
    assert summary["verdicts"]["evaluate"]["outcome"] == "BLOCK"
    assert any("champion" in reason for reason in summary["verdicts"]["evaluate"]["reasons"])
    assert summary["registered"] is None
    assert versions(phasegate) == 1
    states = {step["name"]: step["state"] for step in summary["steps"]}
    assert states["validate"] == states["featurize"] == State.REUSED
    assert "register" not in states
    assert any(name.startswith("record-block") for name in states)


def test_the_champion_is_reproduced_byte_for_byte(phasegate: Phasegate, champion: Said) -> None:
    assert champion.code == 0
    same = phasegate("reproduce", "card-fraud@champion", "--project", "fraud.yaml")
    assert same.code == 0, same.out + same.err
    assert same.out.startswith("byte-identical card-fraud@champion")


@pytest.mark.nightly
def test_a_changed_parameter_is_named(phasegate: Phasegate, champion: Said) -> None:
    assert champion.code == 0
    other = phasegate.project("other.yaml", PROJECT.replace("rounds: 60", "rounds: 61"))
    changed = phasegate("reproduce", "card-fraud@champion", "--project", other)
    assert changed.code == 1
    assert "training.rounds" in changed.out


def test_a_damaged_part_is_named(phasegate: Phasegate, champion: Said) -> None:
    assert champion.code == 0
    part = max(phasegate.workspace.glob("store/objects/sha256/*/*"), key=lambda p: p.stat().st_size)
    whole = part.read_bytes()
    part.chmod(0o644)
    try:
        part.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
        damaged = phasegate("reproduce", "card-fraud@champion")
        assert damaged.code == 1
        assert part.name[:12] in damaged.out
    finally:
        part.write_bytes(whole)


def test_a_run_that_is_killed_leaves_nothing_running_and_resumes(
    phasegate: Phasegate, champion: Said
) -> None:
    assert champion.code == 0
    other = PROJECT.replace("rounds: 60", "rounds: 2000\n  early_stopping: 2000")
    name = phasegate.project("long.yaml", other.replace("card-fraud", "long-fraud"))
    process = phasegate.start("run", name)
    try:
        folder = await_step(phasegate, "train")
        steps = processes_in(phasegate.folder)
        process.send_signal(signal.SIGKILL)
        process.wait()
        until(lambda: not alive(steps), f"{steps} end")
    finally:
        process.kill()
        process.communicate()
    assert RunRecord.load(folder).step("train").outputs == {}

    shorter = PROJECT.replace("card-fraud", "long-fraud")
    resumed = phasegate("run", phasegate.project(name, shorter), "--json")
    assert resumed.code == 0, resumed.err
    states = {step["name"]: step["state"] for step in resumed.json["steps"]}
    assert states["validate"] == states["featurize"] == State.REUSED
    assert resumed.json["registered"]["alias"] == "champion"


def await_step(phasegate: Phasegate, name: str) -> Path:
    """Wait until the newest run is at a step; its folder."""

    def found() -> Path | None:
        for path in phasegate.workspace.glob("runs/long-fraud-*/run.json"):
            steps = json.loads(path.read_text())["steps"]
            if steps and steps[-1]["name"] == name:
                return path.parent
        return None

    return until(found, f"the run comes to {name}", seconds=300)


def processes_in(folder: Path) -> list[int]:
    """Processes whose working directory is the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(path / "cwd")) == folder:
                found.append(int(path.name))
        except OSError:
            continue
    return found
