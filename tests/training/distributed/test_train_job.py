"""A TrainJob on a fake Kubernetes API: pods are processes, the store an emulated bucket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, connect
from phasegate.kubernetes.kinds import TRAIN_JOB, Kind
from phasegate.local.environments import ROOT
from phasegate.progress import Progress, no_progress
from phasegate.training.distributed.train_job import RUNTIME, TrainJobs, train_job
from phasegate.training.train import train_model
from tests.kubernetes.fake import FakeApi
from tests.store.emulator import storage_emulator
from tests.training.distributed.trainer import CRDS, Trainer
from tests.training.examples import features, plan
from tests.waiting import until

SPACE = "kubeflow"
MANIFESTS = ROOT / "kserve_manifests" / "optional" / "training"
TRAINING_RUNTIME = Kind("trainer.kubeflow.org", "v1alpha1", "trainingruntimes", "TrainingRuntime")
COMPLETE = {
    "type": "Complete",
    "status": "True",
    "reason": "JobsCompleted",
    "message": "done",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
JOB = "a1" * 32


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi.start() as api:
        api.install(*sorted(CRDS.iterdir()))
        api.namespace(SPACE)
        yield api


@pytest.fixture
def cluster(api: FakeApi, tmp_path: Path) -> Cluster:
    return connect(api.kubeconfig(tmp_path / "kubeconfig"), retry_seconds=2)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with storage_emulator("shards") as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", address)
        patch.setenv("GOOGLE_CLOUD_PROJECT", "test")
        yield "gs://shards/phasegate"


def concluding(api: FakeApi, condition: dict[str, str]) -> Progress:
    """Lets the job end once the step watches it."""

    def conclude(_share: float, _message: str) -> None:
        before = len(api.calls)
        threading.Thread(target=work, args=(before,), daemon=True).start()

    def work(before: int) -> None:
        until(lambda: any(call.verb == "watch" for call in api.calls[before:]))
        (job,) = api.objects("TrainJob", SPACE)
        api.status("TrainJob", SPACE, job["metadata"]["name"], {"conditions": [condition]})

    return conclude


def launcher_of(cluster: Cluster, store: str = "gs://b/p", seconds: float = 60) -> TrainJobs:
    return TrainJobs(cluster, SPACE, store, seconds=seconds)


def test_the_manifest_is_accepted_and_says_what_workers_run(cluster: Cluster) -> None:
    manifest = train_job(SPACE, "gs://b/p", JOB, 3, "registry/core@sha256:00")

    applied = cluster.apply(TRAIN_JOB, manifest)

    assert applied["metadata"]["name"] == "phasegate-train-a1a1a1a1a1a1a1a1"
    assert applied["spec"]["runtimeRef"]["name"] == RUNTIME
    assert applied["spec"]["trainer"] == {
        "numNodes": 3,
        "image": "registry/core@sha256:00",
        "command": ["python", "-m", "phasegate.training.distributed"],
        "args": ["--store=gs://b/p", f"--job={JOB}"],
    }


def test_the_runtime_is_accepted_and_is_the_one_that_jobs_name(cluster: Cluster) -> None:
    runtime = yaml.safe_load((MANIFESTS / "runtime.yaml").read_text())

    cluster.apply(TRAINING_RUNTIME, runtime | {"metadata": {"name": RUNTIME, "namespace": SPACE}})

    assert runtime["metadata"]["name"] == RUNTIME
    assert runtime["spec"]["mlPolicy"]["xgboost"] == {}
    (job,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    spec = job["template"]["spec"]
    assert spec["backoffLimit"] == 0
    (container,) = spec["template"]["spec"]["containers"]
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    (account,) = yaml.safe_load_all((MANIFESTS / "service_account.yaml").read_text())
    assert spec["template"]["spec"]["serviceAccountName"] == account["metadata"]["name"]


def test_what_the_step_asks_the_cluster_is_what_its_role_grants(
    api: FakeApi, cluster: Cluster
) -> None:
    failed = COMPLETE | {"type": "Failed", "reason": "FailedJobs"}
    for condition in (COMPLETE, failed):
        try:
            launcher_of(cluster).run("gs://b/p", JOB, 2, concluding(api, condition))
        except Unavailable:
            assert condition is failed

    role, _ = yaml.safe_load_all((MANIFESTS / "role.yaml").read_text())
    granted = {
        (resource, verb)
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    asked = {(call.resource.plural, call.verb) for call in api.calls}
    assert asked <= granted
    # A server-side apply of an object that is not there needs leave to create it.
    assert granted - asked == {("trainjobs", "create")}


def test_a_step_that_is_tried_again_waits_for_the_job_that_runs(
    api: FakeApi, cluster: Cluster
) -> None:
    made = cluster.apply(TRAIN_JOB, train_job(SPACE, "gs://b/p", JOB, 2))

    launcher_of(cluster).run("gs://b/p", JOB, 2, concluding(api, COMPLETE))

    assert not [call for call in api.calls if call.verb == "patch"][1:]
    assert made["metadata"]["name"]
    assert cluster.get(TRAIN_JOB, SPACE, made["metadata"]["name"]) is None


def test_a_job_that_failed_earlier_is_made_anew(api: FakeApi, cluster: Cluster) -> None:
    first = cluster.apply(TRAIN_JOB, train_job(SPACE, "gs://b/p", JOB, 2))
    name = first["metadata"]["name"]
    api.status("TrainJob", SPACE, name, {"conditions": [COMPLETE | {"type": "Failed"}]})
    seen: list[str] = []

    def progress(_share: float, _message: str) -> None:
        seen.append(api.object("TrainJob", SPACE, name)["metadata"]["uid"])
        api.status("TrainJob", SPACE, name, {"conditions": [COMPLETE]})

    launcher_of(cluster).run("gs://b/p", JOB, 2, progress)

    assert seen != [first["metadata"]["uid"]]


def test_a_job_that_does_not_end_is_said_so(cluster: Cluster) -> None:
    with pytest.raises(Unavailable, match="TrainJob phasegate-train-a1a1a1a1a1a1a1a1 has ended"):
        launcher_of(cluster, seconds=0.5).run("gs://b/p", JOB, 2, no_progress)


def test_a_cluster_without_kubeflow_trainer_says_so(api: FakeApi, cluster: Cluster) -> None:
    for kind in ("TrainJob", "TrainingRuntime"):
        api.uninstall(kind)

    with pytest.raises(BadInput, match=r"the cluster has no trainer\.kubeflow\.org API"):
        launcher_of(cluster).run("gs://b/p", JOB, 2, no_progress)


def test_pods_train_the_model_that_processes_train_and_a_second_try_finds_the_result(
    api: FakeApi, cluster: Cluster, bucket: str
) -> None:
    launcher = launcher_of(cluster, bucket)
    with Trainer(api, SPACE) as trainer:
        by_pods = train_model(features(), plan(workers=2), launcher=launcher)
        again = train_model(features(), plan(workers=2), launcher=launcher)

    assert len(trainer.ran) == 1
    assert not api.objects("TrainJob", SPACE)
    assert by_pods.model.digest == again.model.digest
    assert by_pods.model.digest == train_model(features(), plan(workers=2)).model.digest


def test_a_pod_that_is_killed_ends_the_job_with_one_message_and_the_next_try_starts_anew(
    api: FakeApi, cluster: Cluster, bucket: str
) -> None:
    other = plan(workers=2, seed=11)
    launcher = launcher_of(cluster, bucket)
    with Trainer(api, SPACE) as trainer:

        def progress(_share: float, message: str) -> None:
            if message.startswith("waiting"):
                threading.Thread(target=kill).start()

        def kill() -> None:
            until(lambda: trainer.ran)
            trainer.kill(1)

        with pytest.raises(Unavailable) as caught:
            train_model(features(), other, launcher=launcher, progress=progress)
        assert not api.objects("TrainJob", SPACE)

        train_model(features(), other, launcher=launcher)

    assert len(set(trainer.ran)) == 1
    assert len(trainer.ran) == 2
    assert "worker 1 of 2 ended with exit code 137" in str(caught.value)
    assert "\n" not in str(caught.value)
