"""A port forwarded to Kubeflow Pipelines; kubectl, which needs a cluster, is played by the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from phasegate.network import free_port
from tests.workflows.reading import GITHUB, ROOT

SCRIPT = GITHUB / "actions" / "kubeflow" / "forward.sh"
SECONDS = 60
# What kubectl would: for the named service, on the port before the colon, until it is ended.
FORWARD = """#!{python}
import os, sys
sys.path.insert(0, {root!r})
from tests.kubeflow.fake import FakeKubeflow
assert sys.argv[1:-1] == (
    "--namespace kubeflow port-forward --address 127.0.0.1 service/ml-pipeline".split()
), sys.argv
with FakeKubeflow.start(int(sys.argv[-1].removesuffix(":8888"))):
    print(os.getpid(), file=open({pid!r}, "w"), flush=True)
    __import__("signal").pause()
"""
REFUSED = "#!/bin/sh\necho 'error: services \"ml-pipeline\" is forbidden' >&2\nexit 1\n"


@contextlib.contextmanager
def _running(
    folder: Path, kubectl: str, port: int, seconds: int
) -> Iterator[subprocess.CompletedProcess[str]]:
    """The script has returned; what it has left running ends with the ``with`` body."""
    program = folder / "kubectl"
    program.write_text(kubectl)
    program.chmod(0o755)
    variables = {"PATH": f"{folder}:{os.environ['PATH']}", "RUNNER_TEMP": str(folder)}
    variables |= {"PORT": str(port), "SECONDS_TO_ANSWER": str(seconds)}
    process = subprocess.Popen(
        [str(SCRIPT)], env=variables, text=True, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=2 * SECONDS)
        yield subprocess.CompletedProcess(SCRIPT, process.returncode, output)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/apis/v2beta1/healthz", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline, "it was not opened again"
            time.sleep(0.05)


@pytest.fixture(autouse=True)
def _curl() -> None:
    if not shutil.which("curl"):
        pytest.skip("no curl on the path")


def test_it_returns_once_there_is_an_answer_and_opens_again_what_ended(tmp_path: Path) -> None:
    port, pid = free_port(), tmp_path / "pid"
    kubectl = FORWARD.format(python=sys.executable, root=str(ROOT), pid=str(pid))
    with _running(tmp_path, kubectl, port, SECONDS) as done:
        assert done.returncode == 0, done.stdout
        _await_answer(port)
        first = int(pid.read_text())
        os.kill(first, signal.SIGKILL)  # its pod was moved
        _await_answer(port)
        assert int(pid.read_text()) != first


def test_what_refuses_is_said(tmp_path: Path) -> None:
    with _running(tmp_path, REFUSED, free_port(), 1) as done:
        assert done.returncode == 1
        assert '::error::Kubeflow Pipelines does not answer: error: services "ml-pipeline"' in (
            done.stdout
        )
