"""A predictor in a pod: what comes with the model comes from the environment; or there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phasegate.models import Model
from phasegate.network import free_port
from tests.serving.test_process import ROW
from tests.waiting import until

DIGEST, NAME = "PHASEGATE_MODEL_DIGEST", "PHASEGATE_MODEL_NAME"


def start(folder: Path, port: int, *options: str, **variables: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "phasegate.serving", "--model-dir", str(folder)]
    return subprocess.Popen(
        [*command, "--http-port", str(port), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, DIGEST: "", NAME: "", **variables},
    )


@contextmanager
def predictor(folder: Path, *options: str, **variables: str) -> Iterator[str]:
    """Address of a predictor that listens; it must end with 0 at SIGTERM."""
    port = free_port()
    process = start(folder, port, *options, **variables)
    try:
        until(lambda: process.poll() is not None or ask(port, "/v2/health/live")[0] == 200)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(port: int | str, path: str, body: object = None) -> tuple[int, str]:
    """Status and body of an answer; 0 when there is none."""
    address = port if isinstance(port, str) else f"http://127.0.0.1:{port}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"{address}{path}", data, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.mark.parametrize("there", [False, True])
def test_a_slot_without_a_model_is_alive_not_ready_and_cheap(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "models"
    if there:
        folder.mkdir()  # the volume is mounted, and nobody has filled it
    with predictor(folder, "--spool", str(tmp_path / "spool")) as address:
        assert ask(address, "/v2/health/live") == (200, '{"live": true}')
        for path, body in (
            ("/v2/health/ready", None),
            ("/v2/models/fraud/ready", None),
            ("/v1/models/fraud:predict", {"instances": [ROW] * 10_000}),
        ):
            assert ask(address, path, body) == (503, '{"error": "no model in this slot yet"}')
        status, metrics = ask(address, "/metrics")
        assert status == 200
        (memory,) = (
            float(line.split()[1])
            for line in metrics.splitlines()
            if line.startswith("process_resident_memory_bytes")
        )
        assert memory < 60e6  # a predictor with a model takes several times as much
    assert not (tmp_path / "spool").exists()


def test_digest_and_name_come_from_the_pods_environment(model_folder: Path, model: Model) -> None:
    with predictor(model_folder, **{DIGEST: model.digest, NAME: "fraud"}) as address:
        until(lambda: ask(address, "/v2/health/ready")[0] == 200)
        status, body = ask(address, "/v1/models/fraud:predict", {"instances": [ROW]})
        assert status == 200
        assert json.loads(body)["model_digest"] == model.digest


def test_an_option_goes_before_the_environment(model_folder: Path, model: Model) -> None:
    options = ("--digest", model.digest, "--name", "mine")
    with predictor(model_folder, *options, **{DIGEST: "0" * 64, NAME: "other"}) as address:
        assert ask(address, "/v2/models/mine/ready")[0] == 200


@pytest.mark.parametrize(
    ("has_model", "variables", "message"),
    [
        (True, {NAME: "fraud"}, "its digest is not told; expected --digest or PHASEGATE_MODEL_"),
        (True, {DIGEST: "0" * 64}, "its name is not told; expected --name or PHASEGATE_MODEL_"),
        (True, {DIGEST: "0" * 64, NAME: "fraud"}, "the model's digest is "),
        (False, {DIGEST: "0" * 64, NAME: "fraud"}, "cannot be read (No such file or directory)"),
    ],
)
def test_a_model_that_is_not_the_one_that_was_asked_for_is_no_idle_slot(
    model_folder: Path, tmp_path: Path, has_model: bool, variables: dict[str, str], message: str
) -> None:
    folder = model_folder if has_model else tmp_path / "absent"
    process = start(folder, free_port(), **variables)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert message in output
    assert "Traceback" not in output


def test_a_slot_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with predictor(tmp_path / "absent") as address:
        process = start(tmp_path / "absent", int(address.rpartition(":")[2]))
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "cannot listen there" in output
