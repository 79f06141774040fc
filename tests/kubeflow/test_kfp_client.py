"""KFP's own client does its work on the fake: what it sends is taken, what it reads is there."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from phasegate.kubeflow.api import Kubeflow
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.samples import SMALL


@pytest.mark.filterwarnings("ignore")
def test_kfps_client_uploads_runs_and_schedules(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kfp import Client

        client = Client(host=fake.url)
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    pipeline = client.upload_pipeline(str(path), pipeline_name="theirs")
    assert client.get_pipeline_id("theirs") == pipeline.pipeline_id
    version = client.upload_pipeline_version(
        str(path), pipeline_version_name="second", pipeline_id=pipeline.pipeline_id
    )
    experiment = client.create_experiment("theirs")
    run = client.run_pipeline(
        experiment.experiment_id, "a", params={"text": "b"},
        pipeline_id=pipeline.pipeline_id, version_id=version.pipeline_version_id,
    )  # fmt: skip
    fake.advance(run.run_id, "SUCCEEDED")
    assert client.wait_for_run_completion(run.run_id, timeout=10).state == "SUCCEEDED"
    recurring = client.create_recurring_run(
        experiment.experiment_id, "c", cron_expression="0 0 5 * * *", params={"text": "b"},
        pipeline_id=pipeline.pipeline_id, version_id=version.pipeline_version_id,
    )  # fmt: skip
    client.disable_recurring_run(recurring.recurring_run_id)
    assert client.get_recurring_run(recurring.recurring_run_id).status == "DISABLED"
    seen = kubeflow.recurring.get(recurring.recurring_run_id)  # the same, by our own
    assert seen is not None
    assert (seen.name, seen.enabled) == ("c", False)
    assert seen.version_id == version.pipeline_version_id
    assert [one.name for one in kubeflow.runs.list(experiment_id=experiment.experiment_id)] == ["a"]
