"""Workers as pods of a cluster: a `TrainJob` of Kubeflow Trainer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from phasegate.errors import BadInput, ExitCode, Unavailable
from phasegate.kubernetes.cluster import Cluster, Manifest
from phasegate.kubernetes.kinds import POD, TRAIN_JOB
from phasegate.progress import Progress

RUNTIME = "phasegate-xgboost"
CONTAINER = "node"  # as Kubeflow Trainer calls that of a worker
_JOB_SET = "jobset.sigs.k8s.io/jobset-name"
_RANK = "batch.kubernetes.io/job-completion-index"
_DIGEST = "phasegate.dev/job"
_GONE_SECONDS = 300.0
_KILLED, _STOPPED = 128, 143  # and the number of a signal; SIGTERM


class TrainJobs:
    """One pod for each worker, by a `TrainJob` that is named by its inputs' digest.

    A step that is tried again while its job runs finds it by that name, and waits for it. What a
    job gives lies in the store, so a job that has ended is deleted, also one that failed.

    Args:
        cluster: that the workers run on.
        namespace: with the TrainingRuntime ``phasegate-xgboost``.
        store: that the workers can reach: ``gs://bucket/prefix``.
        image: of the workers; empty for the runtime's.
        seconds: that a job may take, waiting for room on the cluster included.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        store: str,
        *,
        image: str = "",
        seconds: float = 86_400.0,
    ) -> None:
        self._cluster, self._namespace, self._store = cluster, namespace, store
        self.image, self._seconds = image, seconds

    def store(self) -> AbstractContextManager[str]:
        """The store that was given."""
        return nullcontext(self._store)

    def run(self, store: str, job: str, workers: int, progress: Progress) -> None:
        """See `Launcher.run`."""
        manifest = train_job(self._namespace, store, job, workers, self.image)
        name = manifest["metadata"]["name"]
        found = self._cluster.get(TRAIN_JOB, self._namespace, name)
        if found is not None and (_is_ending(found) or _ended(found)):
            self._remove(name)
            found = None
        if found is None:
            self._cluster.apply(TRAIN_JOB, manifest)
        progress(0.0, f"waiting for the {workers} workers of TrainJob {self._namespace}/{name}")
        ended = self._cluster.await_(
            TRAIN_JOB,
            self._namespace,
            name,
            lambda current: current is None or bool(_ended(current)),
            self._seconds,
            f"TrainJob {name} has ended",
        )
        condition = _ended(ended)
        if condition.get("type") == "Complete":
            self._cluster.delete(TRAIN_JOB, self._namespace, name)
            return
        failure = self._failure(name, condition, workers)
        self._cluster.delete(TRAIN_JOB, self._namespace, name)
        raise failure

    def _remove(self, name: str) -> None:
        self._cluster.delete(TRAIN_JOB, self._namespace, name)
        self._cluster.await_(
            TRAIN_JOB,
            self._namespace,
            name,
            lambda current: current is None,
            _GONE_SECONDS,
            f"the earlier TrainJob {name} is gone",
        )

    def _failure(self, name: str, condition: Mapping[str, Any], workers: int) -> BadInput:
        """One message for all workers: of one that refused its input, else of the first that died.

        The condition only says that a job failed; why is in what its pods said last.
        """
        where = f"TrainJob {self._namespace}/{name}"
        if not condition:
            return Unavailable("it was deleted before it ended", where=where, fix="run it again")
        pods = self._cluster.list(POD, self._namespace, f"{_JOB_SET}={name}")
        dead = sorted(
            (
                (_likely(state["exitCode"]), state.get("finishedAt", ""), _rank(pod), state)
                for pod in pods
                if (state := _terminated(pod)) and state.get("exitCode")
            ),
            key=lambda one: one[:3],
        )
        for *_, state in dead:
            if state["exitCode"] == ExitCode.BAD_INPUT:
                return BadInput(_words(state) or "a worker refused its input")
        what = " ".join(str(condition.get("message") or condition.get("reason") or "").split())
        if dead:
            *_, rank, state = dead[0]
            how = f"exit code {state['exitCode']} ({state.get('reason') or 'Error'})"
            words = f": {_words(state)}" if _words(state) else ""
            what = f"worker {rank} of {workers} ended with {how}{words}"
        return Unavailable(
            f"{what}; nothing was written",
            where=where,
            fix="run it again; where memory ran out (OOMKilled), raise the runtime's limits or"
            " training.workers",
        )


def train_job(namespace: str, store: str, job: str, workers: int, image: str = "") -> Manifest:
    """The manifest of a job.

    Kubeflow Trainer's XGBoost policy, which the runtime names, gives each pod the variables that
    `Place.of` reads.

    Args:
        store: where the job is.
        job: its digest, of which the name has the first digits.
        image: of the workers; empty for the runtime's.
    """
    trainer: Manifest = {
        "numNodes": workers,
        "command": ["python", "-m", "phasegate.training.distributed"],
        "args": [f"--store={store}", f"--job={job}"],
    }
    return {
        "metadata": {
            "namespace": namespace,
            "name": f"phasegate-train-{job[:16]}",
            "labels": {"app.kubernetes.io/part-of": "phasegate"},
            "annotations": {_DIGEST: job},
        },
        "spec": {
            "runtimeRef": {
                "apiGroup": TRAIN_JOB.group,
                "kind": "TrainingRuntime",
                "name": RUNTIME,
            },
            "trainer": trainer | ({"image": image} if image else {}),
        },
    }


def _ended(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The condition that a job ended with; empty while it runs, or waits."""
    conditions = (job.get("status") or {}).get("conditions") or ()
    for one in conditions:
        if one["type"] in ("Complete", "Failed") and one["status"] == "True":
            return one
    return {}


def _is_ending(job: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in job["metadata"]


def _terminated(pod: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """How a worker's container ended."""
    for one in (pod.get("status") or {}).get("containerStatuses") or ():
        if one["name"] == CONTAINER:
            return (one.get("state") or {}).get("terminated")
    return None


def _likely(exit_code: int) -> int:
    """Lower is more likely the one that others failed, or were stopped, because of."""
    if exit_code == _STOPPED:
        return 2
    return 0 if exit_code > _KILLED else 1


def _rank(pod: Mapping[str, Any]) -> str:
    about = pod["metadata"]
    named = {**(about.get("annotations") or {}), **(about.get("labels") or {})}
    return named.get(_RANK, about["name"])


def _words(state: Mapping[str, Any]) -> str:
    """What the worker said last: the runtime takes the end of its log for it."""
    lines = str(state.get("message") or "").strip().splitlines()
    return lines[-1].strip() if lines else ""
