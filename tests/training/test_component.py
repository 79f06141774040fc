from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.train.__main__ import main
from phasegate.contracts import Artifact, DataSnapshot, FeatureSet
from phasegate.features.compute import compute_features
from phasegate.models import Model
from phasegate.provenance import read_record
from phasegate.snapshots import write_manifest

from .examples import plan, sections, snapshot

OUTPUTS = ("model", "provenance", "metrics", "page")


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock.txt").write_text("xgboost-cpu==3.2.0 --hash=sha256:aaaa\n")
    monkeypatch.setenv("PHASEGATE_LOCK", str(tmp_path / "lock.txt"))


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Artifact]:
    data, folder = snapshot(tmp_path), tmp_path / "inputs"
    write_manifest(data.manifest, folder / "snapshot")
    (folder / "features").mkdir()
    computed = compute_features(
        data.local_parts(),
        plan().definitions,
        folder / "features" / "features.parquet",
        threads=1,
    )
    features = FeatureSet(
        rows=computed.rows,
        columns=computed.columns,
        snapshot_digest=data.digest,
        definitions_digest=plan().definitions.digest,
    )
    return {
        "snapshot": DataSnapshot(**data.metadata()).stored_at(folder / "snapshot", "test"),
        "feature_set": features.stored_at(folder / "features", "test"),
    }


def parameters(changes: dict[str, Any] | None = None, **training: Any) -> dict[str, str]:
    chosen = {**sections(**training), **(changes or {})}
    return {"name": "example", **{name: json.dumps(value) for name, value in chosen.items()}}


def test_it_leaves_a_model_its_provenance_and_a_tracked_run(
    inputs: dict[str, Artifact], mlflow: str, run_component: Callable[..., Any]
) -> None:
    from mlflow import MlflowClient

    run = run_component(main, inputs=inputs, parameters=parameters(), outputs=OUTPUTS)

    assert run.exit_code == 0
    written = run.metadata["model"]
    model = Model.load(run.folders["model"], written["digest"])
    record = read_record(run.folders["provenance"])
    assert record.model_digest == model.digest == run.metadata["provenance"]["model_digest"]
    assert record.snapshot_digest == inputs["snapshot"].digest
    assert record.features_digest == inputs["feature_set"].digest
    assert run.metadata["metrics"]["validation_pr_auc"] > 0.5
    assert "Learning curves" in run.folders["page"].read_text()

    client = MlflowClient(mlflow)
    tracked = client.get_run(written["run_id"])
    rounds = client.get_metric_history(written["run_id"], "aucpr")
    assert tracked.info.status == "FINISHED"
    assert tracked.data.params["training.parameters.max_depth"] == "3"
    assert tracked.data.tags["model_digest"] == model.digest
    assert len(rounds) >= record.outcome["rounds"]
    (data,) = tracked.inputs.dataset_inputs
    assert record.snapshot_digest in data.dataset.profile
    assert "lock.txt" in {one.path for one in client.list_artifacts(written["run_id"])}


def test_without_a_tracking_server_there_is_no_training(
    inputs: dict[str, Artifact],
    run_component: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    run = run_component(main, inputs=inputs, parameters=parameters(), outputs=OUTPUTS)

    assert (run.exit_code, run.metadata) == (2, {})
    assert "MLFLOW_TRACKING_URI" in capfd.readouterr().err


def test_features_of_other_definitions_are_refused(
    inputs: dict[str, Artifact], run_component: Callable[..., Any], capfd
) -> None:
    fewer = {"features": {"numeric": ["amount"], "categorical": []}}

    run = run_component(main, inputs=inputs, parameters=parameters(fewer), outputs=OUTPUTS)

    assert (run.exit_code, run.metadata) == (2, {})
    assert "the features were computed from definitions" in capfd.readouterr().err


@pytest.mark.usefixtures("mlflow")
def test_a_parameter_that_xgboost_does_not_know_leaves_no_model(
    inputs: dict[str, Artifact], run_component: Callable[..., Any], capfd
) -> None:
    wrong = parameters(parameters={"max_dept": 3})

    run = run_component(main, inputs=inputs, parameters=wrong, outputs=OUTPUTS)

    assert (run.exit_code, run.metadata) == (2, {})
    assert not list(run.folders["model"].glob("*"))
    assert 'XGBoost does not know "max_dept"' in capfd.readouterr().err


@pytest.mark.usefixtures("mlflow")
def test_a_threshold_out_of_reach_is_said_on_the_page_and_in_the_metrics(
    inputs: dict[str, Artifact], run_component: Callable[..., Any]
) -> None:
    # One tree of one split has two scores: neither is that precise.
    harsh = parameters(
        rounds=1,
        parameters={"max_depth": 1},
        threshold={"maximize": "recall", "subject_to": {"precision": 0.999}},
    )

    run = run_component(main, inputs=inputs, parameters=harsh, outputs=OUTPUTS)

    assert run.metadata["metrics"]["threshold_attained"] == 0
    assert "No threshold attains" in run.folders["page"].read_text()
