"""The component `train` with several workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.train import workers
from components.train.__main__ import main
from phasegate.contracts import Artifact
from phasegate.errors import BadInput
from phasegate.models import Model
from phasegate.provenance import read_record
from phasegate.training.distributed.train_job import TrainJobs
from tests.kubernetes.fake import FakeApi
from tests.training.examples import plan
from tests.training.test_component import OUTPUTS, inputs, lock, parameters

__all__ = ["inputs", "lock"]


@pytest.mark.usefixtures("mlflow")
def test_provenance_says_how_many_workers_there_were_and_with_how_many_rows(
    inputs: dict[str, Artifact], run_component: Callable[..., Any]
) -> None:
    run = run_component(main, inputs=inputs, parameters=parameters(workers=2), outputs=OUTPUTS)

    record = read_record(run.folders["provenance"])
    assert run.exit_code == 0
    assert record.outcome["workers"] == 2
    sizes = record.outcome["split"]
    for name in ("train", "validation"):
        assert sum(shard[name] for shard in record.outcome["shards"]) == sizes[name]
    assert record.sections["training"]["workers"] == 2
    model = Model.load(run.folders["model"], run.metadata["model"]["digest"])
    assert model.digest == record.model_digest


@pytest.mark.usefixtures("mlflow")
def test_provenance_of_one_process_says_nothing_of_workers(
    inputs: dict[str, Artifact], run_component: Callable[..., Any]
) -> None:
    run = run_component(main, inputs=inputs, parameters=parameters(), outputs=OUTPUTS)

    assert not {"workers", "shards"} & read_record(run.folders["provenance"]).outcome.keys()


def test_workers_are_processes_here_and_pods_on_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = plan(workers=2)
    monkeypatch.delenv("KFP_POD_NAME", raising=False)
    assert workers.choose_launcher(several, "gs://bucket/place") is None

    monkeypatch.setenv("KFP_POD_NAME", "card-fraud-x7-train")
    assert workers.choose_launcher(plan(), str(tmp_path)) is None
    with pytest.raises(BadInput, match="2 workers on a cluster cannot share a folder"):
        workers.choose_launcher(several, str(tmp_path))
    monkeypatch.setattr(workers, "_NAMESPACE", tmp_path / "namespace")
    with pytest.raises(BadInput, match="no ServiceAccount token"):
        workers.choose_launcher(several, "gs://bucket/place")

    (tmp_path / "namespace").write_text("kubeflow\n")
    with FakeApi.start() as api:
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path / "kubeconfig")))
        assert isinstance(workers.choose_launcher(several, "gs://bucket/place"), TrainJobs)
