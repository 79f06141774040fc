"""``phasegate submit`` as a process that is interrupted, or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.kubeflow.conftest import ROOT
from tests.kubeflow.fake import FakeKubeflow
from tests.waiting import SECONDS, until

PROJECT = str(ROOT / "examples" / "card-fraud.yaml")
STORE = ("--store", "gs://bucket/store")
PASSED = {"ingest": "SUCCEEDED", "validate": "SUCCEEDED", "register": "SUCCEEDED"}


def _start(fake: FakeKubeflow, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "phasegate.cli", "submit", PROJECT, *STORE, *arguments]
    return subprocess.Popen(
        [*command, "--endpoint", fake.url, "--every", "0.05"],
        cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_ctrl_c_stops_following_and_not_the_run(fake: FakeKubeflow) -> None:
    process = _start(fake)
    until(lambda: any(one.operation == "run_service_get_run" for one in fake.requests))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert "stopped following: the run goes on at" in said
    (made,) = fake.runs
    assert made["state"] == "PENDING"
    assert f"--run-name {made['display_name']}" in said
    assert not any("terminate" in one.path or one.method == "DELETE" for one in fake.requests)
    again = _start(fake, "--run-name", made["display_name"])
    looks = len(fake.requests)
    until(lambda: "run_service_get_run" in [one.operation for one in fake.requests[looks:]])
    fake.advance(made["run_id"], "SUCCEEDED", PASSED)
    _, said = again.communicate(timeout=SECONDS)
    assert again.returncode == 0
    assert "there already" in said
    assert len(fake.runs) == 1


def test_a_submit_that_is_killed_between_upload_and_run_makes_no_second_version(
    fake: FakeKubeflow,
) -> None:
    fake.fail("POST", "/runs$", status=503, delay=3, times=None)  # it is on its way, and not there
    process = _start(fake)
    until(lambda: any("experiments" in one.path for one in fake.requests))
    until(lambda: len(fake.experiments) == 2)
    process.kill()
    process.communicate(timeout=SECONDS)
    assert (len(fake.versions), fake.runs) == (1, [])
    fake.heal()
    again = _start(fake, "--no-wait")
    _, said = again.communicate(timeout=SECONDS)
    assert again.returncode == 0
    assert (len(fake.versions), len(fake.runs)) == (1, 1)
    assert "there already" in said
