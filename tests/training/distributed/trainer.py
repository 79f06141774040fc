"""Kubeflow Trainer's part on a fake cluster: pods of TrainJobs, as processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from phasegate.local.environments import ROOT
from phasegate.network import free_port
from tests.kubernetes.fake import FakeApi

CRDS = Path(__file__).parent / "crds"
_POLL_SECONDS = 0.05
_LAST_WORDS = 2048


class Trainer:
    """Runs the command of each TrainJob in as many processes as it has nodes.

    As Kubeflow Trainer 2.3 with the XGBoost policy of our runtime: the four variables, no second
    try, and a condition at the end. A pod's termination message is the end of its log.

    Args:
        api: with the CRDs of this folder.
        namespace: whose jobs are run.
    """

    def __init__(self, api: FakeApi, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._running: dict[str, list[subprocess.Popen[bytes]]] = {}
        self._folder = tempfile.TemporaryDirectory()
        self.ran: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        for uid in list(self._running):
            self._end(uid)
        self._folder.cleanup()

    def kill(self, rank: int) -> None:
        """Kill a worker of the job that runs, as a node that runs out of memory does."""
        (processes,) = self._running.values()
        os.kill(processes[rank].pid, signal.SIGKILL)

    def _work(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            jobs = {
                job["metadata"]["uid"]: job
                for job in self._api.objects("TrainJob", self._namespace)
            }
            for uid in set(self._running) - set(jobs):
                self._end(uid)
            for uid, job in jobs.items():
                if uid in self._running:
                    self._look(uid, job)
                elif not (job.get("status") or {}).get("conditions"):
                    self._start(uid, job)

    def _start(self, uid: str, job: Mapping[str, Any]) -> None:
        name, trainer = job["metadata"]["name"], job["spec"]["trainer"]
        assert job["spec"]["runtimeRef"]["name"] == "phasegate-xgboost"
        assert trainer["command"][0] == "python"
        port = free_port()
        self._running[uid] = [
            self._process(uid, rank, trainer, port) for rank in range(trainer["numNodes"])
        ]
        self.ran.append(name)

    def _process(
        self, uid: str, rank: int, trainer: Mapping[str, Any], port: int
    ) -> subprocess.Popen[bytes]:
        with self._log(uid, rank).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *trainer["command"][1:], *trainer["args"]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "TMPDIR": self._folder.name,
                    "DMLC_TRACKER_URI": "localhost",
                    "DMLC_TRACKER_PORT": str(port),
                    "DMLC_TASK_ID": str(rank),
                    "DMLC_NUM_WORKER": str(trainer["numNodes"]),
                },
            )

    def _look(self, uid: str, job: Mapping[str, Any]) -> None:
        codes = [process.poll() for process in self._running[uid]]
        if all(code == 0 for code in codes):
            self._conclude(uid, job, "Complete", "JobsCompleted", "jobset completed successfully")
        elif any(code not in (None, 0) for code in codes):
            for rank, code in enumerate(codes):
                if code:  # the others' pods are deleted with their JobSet
                    self._pod(uid, job, rank, 128 - code if code < 0 else code)
            message = "jobset failed due to one or more job failures"
            self._conclude(uid, job, "Failed", "FailedJobs", message)

    def _conclude(
        self, uid: str, job: Mapping[str, Any], kind: str, reason: str, message: str
    ) -> None:
        condition = {
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": _now(),
        }
        name = job["metadata"]["name"]
        self._end(uid)
        self._api.status("TrainJob", self._namespace, name, {"conditions": [condition]})

    def _pod(self, uid: str, job: Mapping[str, Any], rank: int, code: int) -> None:
        name = f"{job['metadata']['name']}-node-0-{rank}"
        words = self._log(uid, rank).read_text(errors="replace")[-_LAST_WORDS:]
        self._api.put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": name,
                    "namespace": self._namespace,
                    "labels": {
                        "jobset.sigs.k8s.io/jobset-name": job["metadata"]["name"],
                        "batch.kubernetes.io/job-completion-index": str(rank),
                    },
                },
                "spec": {"containers": [{"name": "node", "image": "core"}]},
            }
        )
        state = {"exitCode": code, "reason": "Error", "message": words, "finishedAt": _now()}
        status = {"name": "node", "state": {"terminated": state}}
        self._api.status("Pod", self._namespace, name, {"containerStatuses": [status]})

    def _log(self, uid: str, rank: int) -> Path:
        return Path(self._folder.name) / f"{uid}-{rank}.log"

    def _end(self, uid: str) -> None:
        for process in self._running.pop(uid, []):
            process.kill()
            process.wait()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
