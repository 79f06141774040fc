"""The components that end a pipeline: `register` and `record_block`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from components.record_block.__main__ import main as record_block
from components.register.__main__ import main as register
from phasegate.contracts import (
    Check,
    Judgement,
    Outcome,
    Provenance,
    ReferenceProfile,
    TrainedModel,
    Verdict,
)
from phasegate.errors import BadInput
from phasegate.models import Input
from phasegate.monitoring.drift.calibration import calibrate
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profiling import make_profile
from phasegate.monitoring.reference import CALIBRATION, PROFILE, SAMPLE, registered_reference
from phasegate.registry.models import connect
from phasegate.registry.tracking import tracked_run

pytestmark = pytest.mark.usefixtures("mlflow")

SNAPSHOT = "5" * 64


def judgement(gate: str, subject: str, outcome: Outcome = Outcome.PASS) -> Judgement:
    check = Check("recall", outcome, "0.2 | 0.3", "at least 0.5", "recall is 0.2")
    return Judgement(gate, subject, "d" * 64, (check,))


def verdict(folder: Path, judged: Judgement) -> Verdict:
    folder.mkdir(parents=True)
    (folder / "verdict.json").write_bytes(judged.to_json())
    return Verdict(
        gate=judged.gate,
        outcome=judged.outcome.value,
        subject_digest=judged.subject_digest,
        data_digest=judged.data_digest,
    ).stored_at(folder, "test")


def reference(folder: Path, model: TrainedModel, rows: int = 100) -> ReferenceProfile:
    """A small reference of a model."""
    folder.mkdir()
    scores, table = np.linspace(0, 1, rows), pa.table({"amount": np.arange(rows) / 7})
    profile = make_profile(
        table, [Input("amount", "numeric")], name="fraud", model_digest=model.digest,
        features_digest=model.features_digest, threshold=0.5, scores=scores,
        decisions=scores >= 0.5, labels=(scores > 0.4).astype(int), times=None,
    )  # fmt: skip
    (folder / PROFILE).write_bytes(profile.content)
    (folder / CALIBRATION).write_bytes(calibrate(profile, {}, DriftRules(), seed=1).content)
    pq.write_table(table, folder / SAMPLE)
    return ReferenceProfile(
        model_digest=model.digest,
        features_digest=model.features_digest,
        profile_digest=profile.digest,
        rows=rows,
        features=1,
    ).stored_at(folder, "test")


@pytest.fixture
def approved(request: pytest.FixtureRequest, tmp_path: Path) -> dict:
    """Inputs of `register` that it accepts; the model's bytes are the test's name."""
    model = tmp_path / "model"
    model.mkdir()
    for name in TrainedModel.FILES:
        (model / name).write_text(request.node.name)
    with tracked_run("inputs", "training") as run:
        pass
    trained = TrainedModel(
        name="fraud",
        threshold=0.5,
        rows=10,
        snapshot_digest=SNAPSHOT,
        features_digest="f" * 64,
        definitions_digest="e" * 64,
        run_id=run.run_id,
    ).stored_at(model, "test")
    provenance = tmp_path / "provenance"
    provenance.mkdir()
    for name in Provenance.FILES:
        (provenance / name).write_text("{}")
    return {
        "model": trained,
        "provenance": Provenance(
            model_digest=trained.digest, snapshot_digest=SNAPSHOT, git_commit="abc"
        ).stored_at(provenance, "test"),
        "data_verdict": verdict(tmp_path / "data", judgement("validate", SNAPSHOT)),
        "evaluation_verdict": verdict(
            tmp_path / "evaluation", judgement("evaluate", trained.digest)
        ),
        "serving_verdict": verdict(
            tmp_path / "serving", judgement("validate_serving", trained.digest)
        ),
        "reference": reference(tmp_path / "reference", trained),
    }


def test_an_approved_model_becomes_the_champion_with_its_card(
    run_component, approved: dict, tmp_path: Path
) -> None:
    ran = run_component(
        register, inputs=approved, parameters={"name": "approved"}, outputs=("registered",)
    )
    assert ran.exit_code == 0
    assert ran.metadata["registered"]["alias"] == "champion"
    registration = json.loads((ran.folders["registered"] / "registration.json").read_text())
    assert registration["version"] == 1

    registry = connect()
    champion = registry.champion("approved")
    assert champion.model_digest == approved["model"].digest
    assert champion.run_id == approved["model"].run_id
    assert champion.tags["evaluation_verdict"] == approved["evaluation_verdict"].digest
    found = registered_reference(registry, champion, tmp_path / "downloaded")
    assert found.profile.digest == approved["reference"].profile_digest
    assert found.profile.model_digest == champion.model_digest
    assert found.sample == tmp_path / "downloaded" / "profile" / SAMPLE
    described = MlflowClient().get_model_version("approved", "1").description
    assert "| recall | PASS | 0.2 \\| 0.3 | at least 0.5 |" in described


def _refused(run_component, capsys, inputs: dict) -> str:
    """Runs `register`, which must refuse; its message. Nothing is left in the registry."""
    ran = run_component(
        register, inputs=inputs, parameters={"name": "refused"}, outputs=("registered",)
    )
    assert ran.exit_code == 2
    assert "registered" not in ran.metadata
    assert connect().versions("refused") == []
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize("outcome", [Outcome.BLOCK, Outcome.INCONCLUSIVE])
@pytest.mark.parametrize("which", ["data", "evaluation", "serving"])
def test_a_verdict_that_is_not_pass_is_refused(
    run_component, approved: dict, tmp_path: Path, capsys, outcome: Outcome, which: str
) -> None:
    key = f"{which}_verdict"
    judged = dataclasses.replace(
        approved[key].judgement(), checks=judgement("", "", outcome).checks
    )
    inputs = {**approved, key: verdict(tmp_path / "other", judged)}
    assert f"says {outcome}: recall is 0.2" in _refused(run_component, capsys, inputs)


def test_a_verdict_without_checks_is_refused(
    run_component, approved: dict, tmp_path: Path, capsys
) -> None:
    judged = Judgement("evaluate", approved["model"].digest, "d" * 64, ())
    inputs = {**approved, "evaluation_verdict": verdict(tmp_path / "other", judged)}
    assert "nothing was checked" in _refused(run_component, capsys, inputs)


def test_a_pass_in_the_metadata_alone_is_not_believed(
    run_component, approved: dict, tmp_path: Path, capsys
) -> None:
    judged = judgement("evaluate", approved["model"].digest, Outcome.BLOCK)
    forged = dataclasses.replace(verdict(tmp_path / "other", judged), outcome="PASS")
    inputs = {**approved, "evaluation_verdict": forged}
    assert "'evaluate' says BLOCK" in _refused(run_component, capsys, inputs)


@pytest.mark.parametrize("which", ["data", "evaluation", "serving"])
def test_a_verdict_on_something_else_is_refused(
    run_component, approved: dict, tmp_path: Path, capsys, which: str
) -> None:
    key = f"{which}_verdict"
    judged = dataclasses.replace(approved[key].judgement(), subject_digest="9" * 64)
    inputs = {**approved, key: verdict(tmp_path / "other", judged)}
    assert "judged 999999999999" in _refused(run_component, capsys, inputs)


def test_verdicts_of_swapped_gates_are_refused(run_component, approved: dict, capsys) -> None:
    inputs = {**approved, "serving_verdict": approved["evaluation_verdict"]}
    message = _refused(run_component, capsys, inputs)
    assert "expected the verdict of 'validate_serving'" in message


def test_a_model_swapped_on_disk_after_its_verdicts_is_refused(
    run_component, approved: dict, capsys
) -> None:
    (approved["model"].path / "model.ubj").write_text("swapped")
    assert "changed after they were written" in _refused(run_component, capsys, approved)


def test_a_model_swapped_together_with_its_metadata_is_refused(
    run_component, approved: dict, capsys
) -> None:
    model = approved["model"]
    (model.path / "model.ubj").write_text("swapped")
    inputs = {**approved, "model": model.stored_at(model.path, "test")}
    assert "'evaluate' judged" in _refused(run_component, capsys, inputs)


def test_a_provenance_of_another_model_is_refused(run_component, approved: dict, capsys) -> None:
    other = dataclasses.replace(approved["provenance"], model_digest="8" * 64)
    message = _refused(run_component, capsys, {**approved, "provenance": other})
    assert "the provenance tells of model 888888888888" in message


def test_a_block_is_printed_and_kept(run_component, tmp_path: Path, capsys) -> None:
    judged = judgement("evaluate", "a" * 64, Outcome.BLOCK)
    blocked = verdict(tmp_path / "blocked", judged)
    ran = run_component(record_block, inputs={"verdict": blocked}, parameters={"name": "stopped"})
    assert ran.exit_code == 0
    assert "evaluate says BLOCK on aaaaaaaaaaaa\nrecall is 0.2" in capsys.readouterr().out
    client = MlflowClient()
    [run] = client.search_runs([client.get_experiment_by_name("stopped").experiment_id])
    assert run.data.tags["blocked_by"] == "evaluate"
    assert run.data.tags["reasons"] == "recall is 0.2"
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["verdict.json"]


def test_a_reference_of_another_model_is_refused(
    run_component, approved: dict, tmp_path: Path, capsys
) -> None:
    other = dataclasses.replace(approved["model"], digest="8" * 64)
    foreign = reference(tmp_path / "foreign", other)
    message = _refused(run_component, capsys, {**approved, "reference": foreign})
    assert "the reference is of model 888888888888" in message
    # Nor is it believed when its metadata claim this model.
    forged = dataclasses.replace(foreign, model_digest=approved["model"].digest)
    message = _refused(run_component, capsys, {**approved, "reference": forged})
    assert "the reference is of model 888888888888" in message


def test_a_version_without_a_reference_says_how_to_get_one(
    run_component, approved: dict, tmp_path: Path
) -> None:
    registry, model = connect(), approved["model"]
    source = registry.upload(
        model.run_id,
        model.digest,
        {"model": model.path, "provenance": approved["provenance"].path},
    )
    old = registry.register(
        "old", model.run_id, model.digest, source=source, tags={}, description="of long ago"
    )
    with pytest.raises(BadInput, match=r"old/1.*without a reference.*un the training"):
        registered_reference(registry, old, tmp_path / "downloaded")

    ran = run_component(
        register, inputs=approved, parameters={"name": "old"}, outputs=("registered",)
    )
    assert ran.exit_code == 0
    [renewed] = registry.versions("old")
    found = registered_reference(registry, renewed, tmp_path / "downloaded")
    assert found.profile.digest == renewed.tags["profile_digest"]


def test_a_reference_that_changed_on_the_server_is_refused(
    run_component, approved: dict, tmp_path: Path
) -> None:
    run_component(register, inputs=approved, parameters={"name": "swap"}, outputs=("registered",))
    registry = connect()
    other = reference(tmp_path / "other", approved["model"], rows=50)
    registry.upload(approved["model"].run_id, approved["model"].digest, {"profile": other.path})
    with pytest.raises(BadInput, match=r"the profile's digest is"):
        registered_reference(registry, registry.champion("swap"), tmp_path / "downloaded")
