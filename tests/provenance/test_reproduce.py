from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from components.reproduce.judge import judge
from components.reproduce.rebuild import reproduce
from components.reproduce.source import fetch
from phasegate.contracts import Outcome
from phasegate.errors import BadInput
from phasegate.provenance import Record
from phasegate.provenance.environment import ROOT
from phasegate.registry.models import connect
from phasegate.registry.tracking import tracked_run

from ..training.examples import sections
from .conftest import LOCK, Trained


def judged(record: Record, workdir: Path, **options):
    """The judgement of a reproduction in a folder of its own."""
    place = workdir / "rebuilt"
    place.mkdir(parents=True)
    return judge(record, reproduce(record, place, **options))


def reasons(judgement) -> str:
    return "; ".join(judgement.reasons)


def test_an_untouched_model_is_made_again_byte_for_byte(trained: Trained, tmp_path: Path) -> None:
    judgement = judged(fetch(str(trained.folder), tmp_path), tmp_path)

    assert judgement.outcome is Outcome.PASS
    assert judgement.subject_digest == trained.record.model_digest
    assert judgement.data_digest == trained.record.snapshot_digest


def test_parts_may_have_moved_to_another_store(trained: Trained, tmp_path: Path) -> None:
    moved = trained.store.rename(tmp_path / "moved")

    assert judged(trained.record, tmp_path, store=str(moved)).outcome is Outcome.PASS


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_part_is_named(trained: Trained, tmp_path: Path, damage: str) -> None:
    digest = trained.record.manifest["parts"][1]["digest"]
    (part,) = trained.store.rglob(digest)
    part.chmod(0o644)
    data = bytearray(part.read_bytes())
    data[100] ^= 1
    if damage == "remove":
        part.unlink()
    else:
        part.write_bytes(data if damage == "flip" else data[:100])

    judgement = judged(trained.record, tmp_path)

    assert judgement.outcome is Outcome.BLOCK
    assert "part 2 of 2 of the snapshot" in reasons(judgement)
    assert digest[:12] in reasons(judgement)


def test_a_package_that_changed_in_the_lock_is_named(
    trained: Trained, lock: Path, tmp_path: Path
) -> None:
    lock.write_text(LOCK.replace("3.2.0", "3.2.1"))

    judgement = judged(trained.record, tmp_path)

    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert "xgboost-cpu was 3.2.0 ; sys_platform == 'linux', is 3.2.1" in reasons(judgement)


def test_a_parameter_that_changed_in_the_project_is_named(trained: Trained, tmp_path: Path) -> None:
    judgement = judged(trained.record, tmp_path, against=sections(rounds=31))

    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert "training.rounds was 30, is 31" in reasons(judgement)


def test_the_same_bytes_from_another_processor_are_no_fault(
    trained: Trained, tmp_path: Path
) -> None:
    environment = replace(
        trained.record.environment, cpu={"architecture": "x86_64", "vectors": "sse4_2"}
    )

    judgement = judged(replace(trained.record, environment=environment), tmp_path)

    assert judgement.outcome is Outcome.PASS
    assert "cpu" in {check.name for check in judgement.checks}


def test_other_bytes_without_any_difference_block_and_say_so(
    trained: Trained, tmp_path: Path
) -> None:
    other = replace(trained.record, parameters={**trained.record.parameters, "max_depth": 2})

    judgement = judged(other, tmp_path)

    assert judgement.outcome is Outcome.BLOCK
    assert "model.ubj" in reasons(judgement)
    assert "some input is not recorded" in reasons(judgement)


def test_changed_code_that_no_longer_runs_is_named_with_its_failure(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("components.reproduce.rebuild.train_model", broken)
    code = {**trained.record.environment.code, "phasegate/training/fit.py": "0" * 64}
    changed = replace(trained.record, environment=replace(trained.record.environment, code=code))

    judgement = judged(changed, tmp_path)

    assert judgement.outcome is Outcome.BLOCK
    assert "phasegate/training/fit.py was changed" in reasons(judgement)
    assert "ZeroDivisionError: division by zero" in reasons(judgement)
    with pytest.raises(ZeroDivisionError):
        judged(trained.record, tmp_path / "again")


def test_provenance_of_another_model_is_refused(trained: Trained, tmp_path: Path) -> None:
    booster = trained.folder / "model" / "model.ubj"
    booster.write_bytes(booster.read_bytes() + b" ")

    with pytest.raises(BadInput, match="the model's digest is"):
        fetch(str(trained.folder), tmp_path)


@pytest.mark.usefixtures("mlflow")
def test_a_registered_model_is_found_by_its_alias(trained: Trained, tmp_path: Path) -> None:
    digest = trained.record.model_digest
    folders = {name: trained.folder / name for name in ("model", "provenance")}
    registry = connect()
    with tracked_run("reproduced", "train") as run:
        source = registry.upload(run.run_id, digest, folders)
    registry.register(
        "reproduced", run.run_id, digest, source=source, tags={}, description="a model"
    )

    assert fetch("reproduced@champion", tmp_path / "registered") == trained.record


def test_a_file_that_changed_in_the_code_is_named(trained: Trained, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for package in ("phasegate", "components"):
        shutil.copytree(ROOT / package, code / package)
    with (code / "phasegate" / "training" / "split.py").open("a") as file:
        file.write("# changed\n")
    output = tmp_path / "out"
    executor_input = {
        "inputs": {"parameterValues": {"model": str(trained.folder), "against": ""}},
        "outputs": {
            "artifacts": {
                "verdict": {"artifacts": [{"uri": str(output / "verdict"), "metadata": {}}]}
            },
            "parameters": {"outcome": {"outputFile": str(output / "outcome")}},
            "outputFile": str(output / "output.json"),
        },
    }

    subprocess.run(
        [
            *(sys.executable, "-m", "components.reproduce"),
            *("--executor-input", json.dumps(executor_input)),
        ],
        env={**os.environ, "PYTHONPATH": str(code)},
        cwd=tmp_path,
        check=True,
    )

    verdict = json.loads((output / "verdict" / "verdict.json").read_text())
    written = json.loads((output / "output.json").read_text())
    assert written["parameterValues"]["outcome"] == verdict["outcome"] == "INCONCLUSIVE"
    assert [check["reason"] for check in verdict["checks"] if check["outcome"] != "PASS"] == [
        "code differs from what is recorded: phasegate/training/split.py was changed"
    ]
