"""The component `evaluate`, run as Kubeflow Pipelines runs it, against a real MLflow server."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from kfp import dsl
from mlflow import MlflowClient

from components.evaluate.__main__ import main as evaluate
from phasegate.contracts import FeatureSet, Judgement, Outcome, TrainedModel
from phasegate.errors import ExitCode
from phasegate.registry.models import connect
from phasegate.registry.tracking import tracked_run
from tests.evaluation.conftest import DATA, EVALUATION, SPLIT, TRAINING, Project

pytestmark = pytest.mark.usefixtures("mlflow")

OUTPUTS = ("evaluated", "verdict", "metrics", "classification", "page")


@pytest.fixture
def judged(run_component, project: Project, feature_set: FeatureSet):
    """Runs `evaluate` on a model; sections of the project file may be changed by name."""

    def run(name: str, model: TrainedModel, *, features=None, data=None, **evaluation: Any):
        if not model.run_id:
            with tracked_run(name, "training") as tracked:
                model = dataclasses.replace(model, run_id=tracked.run_id)
        sections = {
            "data": {**DATA, **(data or {})},
            "split": SPLIT,
            "training": TRAINING,
            "evaluation": {**EVALUATION, **evaluation},
        }
        inputs = {
            "snapshot": project.snapshot,
            "feature_set": features or feature_set,
            "model": model,
        }
        return run_component(
            evaluate,
            inputs=inputs,
            parameters={"name": name, **{key: json.dumps(v) for key, v in sections.items()}},
            outputs=OUTPUTS,
            results=("outcome",),
        )

    return run


def verdict_of(ran: Any) -> Judgement:
    return Judgement.from_json((ran.folders["verdict"] / "verdict.json").read_bytes())


def evaluation_of(ran: Any) -> dict[str, Any]:
    return json.loads((ran.folders["evaluated"] / "evaluation.json").read_text())


def enthrone(name: str, model: TrainedModel, tmp_path: Path) -> None:
    """Register a model as the champion."""
    provenance = tmp_path / "provenance"
    provenance.mkdir(exist_ok=True)
    (provenance / "provenance.json").write_text("{}")
    with tracked_run(name, "training") as run:
        pass
    registry = connect()
    folders = {"model": model.path, "provenance": provenance}
    source = registry.upload(run.run_id, model.digest, folders)
    registry.register(name, run.run_id, model.digest, source=source, tags={}, description="")


def test_a_first_model_is_held_to_its_absolute_gates(judged, challenger: TrainedModel) -> None:
    ran = judged("first", challenger)
    assert ran.exit_code == 0
    assert ran.values["outcome"] == "PASS"
    judgement = verdict_of(ran)
    assert judgement.outcome is Outcome.PASS
    assert judgement.subject_digest == challenger.digest
    assert ran.metadata["verdict"]["data_digest"] == ran.metadata["evaluated"]["data_digest"]
    assert ran.metadata["evaluated"]["champion_digest"] == ""
    assert 0.6 < ran.metadata["metrics"]["roc_auc"] < 1


def test_running_twice_gives_the_same_bytes(judged, challenger: TrainedModel) -> None:
    def written() -> list[bytes]:
        ran = judged("twice", challenger)
        files = [ran.folders["evaluated"] / "evaluation.json", ran.folders["page"]]
        return [*(file.read_bytes() for file in files), verdict_of(ran).to_json()]

    assert written() == written()


def test_classification_metrics_are_written_as_kfp_itself_writes_them(
    judged, challenger: TrainedModel
) -> None:
    ran = judged("classified", challenger)
    ours = ran.metadata["classification"]
    theirs = dsl.ClassificationMetrics()
    theirs.log_confusion_matrix(
        ["negative", "positive"], [row["row"] for row in ours["confusionMatrix"]["rows"]]
    )
    points = ours["confidenceMetrics"]
    theirs.log_roc_curve(
        *(
            [point[key] for point in points]
            for key in ("falsePositiveRate", "recall", "confidenceThreshold")
        )
    )
    assert ours == theirs.metadata
    assert sum(sum(row["row"]) for row in ours["confusionMatrix"]["rows"]) == 1200


def test_the_training_run_is_told(judged, challenger: TrainedModel, mlflow: str) -> None:
    with tracked_run("told", "training") as run:
        pass
    ran = judged("told", dataclasses.replace(challenger, run_id=run.run_id))
    client = MlflowClient(mlflow)
    metrics = client.get_run(run.run_id).data.metrics
    assert metrics["test_roc_auc"] == ran.metadata["metrics"]["roc_auc"]
    assert metrics["test_roc_auc_lower"] < metrics["test_roc_auc"]
    files = {one.path for one in client.list_artifacts(run.run_id, "evaluation")}
    assert files == {"evaluation/evaluation.json", "evaluation/evaluation.html"}


def test_a_worse_challenger_is_blocked(
    judged, project: Project, challenger: TrainedModel, tmp_path: Path
) -> None:
    enthrone("worse", challenger, tmp_path)
    worse = project.train(
        tmp_path / "worse", "amount", "noise", rounds=1, parameters={"eta": 0.01, "max_depth": 1}
    )
    ran = judged("worse", worse)
    assert ran.values["outcome"] == "BLOCK"
    assert any("against champion is worse" in reason for reason in verdict_of(ran).reasons)


def test_a_champion_with_other_features_is_judged_on_the_same_rows_with_its_own(
    judged, project: Project, challenger: TrainedModel, tmp_path: Path
) -> None:
    alone = judged("other", challenger)
    own = project.train(tmp_path / "own", "is_f", "noise")
    assert own.definitions_digest != challenger.definitions_digest
    enthrone("other", own, tmp_path)
    ran = judged("other", challenger)
    assert ran.exit_code == 0
    assert ran.metadata["evaluated"]["champion_digest"] == own.digest
    assert ran.metadata["evaluated"]["data_digest"] == alone.metadata["evaluated"]["data_digest"]
    measures = {m["metric"]: m for m in evaluation_of(ran)["measures"] if not m["by"]}
    # Sex and noise say nothing about fraud here.
    assert measures["roc_auc"]["champion"]["estimate"] == pytest.approx(0.5, abs=0.06)
    assert ran.values["outcome"] == "PASS"


def test_an_unfair_challenger_is_blocked(
    judged, project: Project, challenger: TrainedModel, tmp_path: Path
) -> None:
    gate = {"metric": "demographic_parity_ratio", "min": 0.7, "by": "sex"}
    assert judged("fair", challenger, gates=[gate]).values["outcome"] == "PASS"
    # The column shifts every woman's amount towards fraud.
    unfair = project.train(tmp_path / "unfair", "biased", "noise")
    features = project.featurize(tmp_path / "features", "biased", "noise")
    ran = judged("fair", unfair, features=features, gates=[gate])
    assert ran.values["outcome"] == "BLOCK"
    assert evaluation_of(ran)["fairlearn"]["sex"]["demographic_parity_ratio"] < 0.7


def test_slices_too_small_to_judge_leave_their_gate_inconclusive(
    judged, challenger: TrainedModel
) -> None:
    gates = [{"metric": "worst_slice_recall", "min": 0.0, "by": "sex"}]
    ran = judged("small", challenger, gates=gates, minimum_slice=100_000)
    assert ran.values["outcome"] == "INCONCLUSIVE"


def test_what_the_data_call_their_columns_and_values_is_escaped_in_the_report(
    judged, challenger: TrainedModel
) -> None:
    html = judged("escaped", challenger).folders["page"].read_text()
    assert "&lt;b&gt;shop" in html
    assert "<b>shop" not in html
    assert "<script" not in html
    assert "Left out, with fewer than 100 rows: rare" in html


def test_the_entity_bootstrap_draws_entities(judged, challenger: TrainedModel) -> None:
    bootstrap = {**EVALUATION["bootstrap"], "unit": "entity"}
    ran = judged("entities", challenger, bootstrap=bootstrap)
    assert ran.values["outcome"] == "PASS"
    assert evaluation_of(ran)["bootstrap"]["unit"] == "entity"


@pytest.mark.parametrize(
    ("evaluation", "data", "message"),
    [
        ({"slices": ["nowhere"]}, {}, "there is no column 'nowhere'"),
        ({"gates": [{"metric": "worst_slice_recall", "min": 0.1}]}, {}, "does not say of what"),
        ({"gates": [{"metric": "recall", "min": 0.1, "by": "sex"}]}, {}, "Use worst_slice_recall"),
        (
            {"bootstrap": {"replicates": 100, "confidence": 0.95, "unit": "entity"}},
            {"entity": None},
            "the bootstrap draws entities",
        ),
    ],
)
def test_a_mistaken_project_file_ends_in_one_message(
    judged, challenger: TrainedModel, capfd, evaluation, data, message
) -> None:
    ran = judged("mistaken", challenger, data=data, **evaluation)
    assert ran.exit_code == ExitCode.BAD_INPUT
    assert not ran.metadata
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_features_of_another_snapshot_are_refused(
    judged, feature_set: FeatureSet, challenger: TrainedModel, capfd
) -> None:
    foreign = dataclasses.replace(feature_set, snapshot_digest="0" * 64)
    ran = judged("foreign", challenger, features=foreign)
    assert ran.exit_code == ExitCode.BAD_INPUT
    assert "snapshot_digest is 000000000000" in capfd.readouterr().err


def test_a_model_changed_after_training_is_refused(
    judged, project: Project, tmp_path: Path, capfd
) -> None:
    model = project.train(tmp_path / "changed", "amount", "noise")
    header = model.path / "model.json"
    header.write_text(header.read_text().replace('"threshold":', '"threshold":0,"was":'))
    ran = judged("changed", model)
    assert ran.exit_code == ExitCode.BAD_INPUT
    assert "changed after" in capfd.readouterr().err
