"""Model servers as processes on a core of their own, ready within a ``with`` body."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.serving.model import NAME, named_tensors, one_tensor
from benchmarks.serving.processor import SERVER_CORE, pinned
from phasegate.local.environments import ROOT, environment
from phasegate.models import Model
from phasegate.network import free_port
from phasegate.serving.client import ModelClient, ServingFailure
from phasegate.serving.process import ModelServerProcess

INFER = f"/v2/models/{NAME}/infer"
_START_SECONDS, _STOP_SECONDS, _POLL_SECONDS = 120, 15, 0.1


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        name: as the table shows it.
        address: http address.
        pid: its process, for accounting.
        body: writes a matrix [rows, features] as the request that this server reads.
    """

    name: str
    address: str
    pid: int
    body: Callable[[np.ndarray], bytes]

    @property
    def url(self) -> str:
        """Where requests go."""
        return self.address + INFER

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Its answer, float64 [rows].

        Raises:
            ServingFailure: when it does not answer 200.
        """
        with ModelClient(self.address, NAME) as client:
            status, answer = client.send("POST", INFER, self.body(matrix))
        if status != 200:
            raise ServingFailure(f"{self.name} answered {status}: {answer[:500]!r}")
        return np.array(json.loads(answer)["outputs"][0]["data"], dtype=np.float64).ravel()


@contextmanager
def mlserver(folder: Path, log: Path) -> Iterator[Server]:
    """MLServer with its XGBoost runtime, in the `mlserver` environment.

    Without its pool of workers, which on one core only costs it a copy between processes, and
    without a log line for each request: the way in which it is fastest here.
    """
    repository = log.with_suffix("")
    repository.mkdir()
    port = free_port()
    settings = {
        "debug": False,
        "parallel_workers": 0,
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
    }
    (repository / "settings.json").write_text(json.dumps(settings))
    (repository / "model-settings.json").write_text(
        json.dumps(
            {
                "name": NAME,
                "implementation": "mlserver_xgboost.XGBoostModel",
                "parameters": {"uri": str(folder / "model.ubj")},
            }
        )
    )
    peer = environment("mlserver")
    peer.require_current()
    command = [str(peer.python.with_name("mlserver")), "start", str(repository)]
    with _process(command, port, log) as process:
        yield Server("MLServer", _address(port), process.pid, one_tensor)


@contextmanager
def bare_kserve(folder: Path, log: Path) -> Iterator[Server]:
    """`bare_kserve.py` in the `core` environment."""
    core = environment("core")
    core.require_current()
    port = free_port()
    module = "benchmarks.serving.bare_kserve"
    command = [str(core.python), "-m", module, str(folder / "model.ubj"), str(port)]
    with _process(command, port, log) as process:
        yield Server("bare KServe", _address(port), process.pid, one_tensor)


@contextmanager
def phasegate_server(folder: Path, log: Path) -> Iterator[Server]:
    """The predictor of this project."""
    with pinned(SERVER_CORE):
        process = ModelServerProcess(folder, Model.load(folder).digest, NAME, log=log)
        process.__enter__()
    try:
        yield Server("Phasegate", process.address, process.pid, named_tensors)
    finally:
        process.stop()


@contextmanager
def _process(command: Sequence[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output, pinned(SERVER_CORE):
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
    try:
        _await_ready(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with ModelClient(_address(port), NAME, timeout=5) as client:
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                words = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise ServingFailure(f"not ready; its last words:\n{words}")
            try:
                if client.send("GET", f"/v2/models/{NAME}/ready")[0] == 200:
                    return
            except ServingFailure:
                pass  # it does not listen yet
            time.sleep(_POLL_SECONDS)


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"
