"""The model servers that are measured, each a process on a core of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from benchmarks.serving.model import NAME, named_tensors, one_tensor
from benchmarks.serving.processor import SERVER_CORE, pinned
from phasegate.local.environments import environment
from phasegate.models import Model
from phasegate.network import free_port
from phasegate.server_process import ServerProcess
from phasegate.serving.client import ModelClient, ServingFailure
from phasegate.traffic.plan import Backend

INFER = f"/v2/models/{NAME}/infer"


class Server(ServerProcess):
    """A server of the model in a folder.

    Args:
        model: model folder.
        folder: for the server's own files; made.
        core: that it runs on.

    Attributes:
        title: as tables show it.
        body: writes a matrix [rows, features] as a request to this server.
    """

    title = ""
    failure = ServingFailure
    body: Callable[[np.ndarray], bytes] = staticmethod(one_tensor)

    def __init__(self, model: Path, folder: Path, core: int = SERVER_CORE) -> None:
        folder.mkdir()
        super().__init__(log=folder / "server.log", start_seconds=120)
        self.what = self.title
        self._model, self._folder, self._core = model, folder, core

    def __enter__(self) -> Self:
        with pinned(self._core):
            return super().__enter__()

    @property
    def url(self) -> str:
        """Where requests go."""
        return self.address + INFER

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Its answer for a matrix [rows, features], float64 [rows].

        Raises:
            ServingFailure: when it does not answer 200.
        """
        with ModelClient(self.address, NAME) as client:
            status, answer = client.send("POST", INFER, self.body(matrix))
        if status != 200:
            raise ServingFailure(f"{self.title} answered {status}: {answer[:500]!r}")
        return np.array(json.loads(answer)["outputs"][0]["data"], dtype=np.float64).ravel()

    def counter(self, name: str) -> float:
        """Sum of one of its Prometheus counters over all labels."""
        with ModelClient(self.address, NAME) as client:
            _, text = client.send("GET", "/metrics")
        lines = (line for line in text.decode().splitlines() if line.startswith(name))
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def _is_ready(self) -> bool:
        with ModelClient(self.address, NAME, timeout=5) as client:
            try:
                return client.send("GET", f"/v2/models/{NAME}/ready")[0] == 200
            except ServingFailure:
                return False


class MLServer(Server):
    """MLServer with its XGBoost runtime, as it is fastest on one core.

    That is without its pool of workers, which would only copy between two processes, and without
    a line of log for each request.
    """

    title = "MLServer"

    def _command(self, port: int) -> list[str]:
        peer = environment("mlserver")
        peer.require_current()
        settings = {
            "debug": False, "parallel_workers": 0, "host": "127.0.0.1",
            "http_port": port, "grpc_port": free_port(), "metrics_port": free_port(),
        }  # fmt: skip
        model = {
            "name": NAME,
            "implementation": "mlserver_xgboost.XGBoostModel",
            "parameters": {"uri": str(self._model / "model.ubj")},
        }
        (self._folder / "settings.json").write_text(json.dumps(settings))
        (self._folder / "model-settings.json").write_text(json.dumps(model))
        return [str(peer.python.with_name("mlserver")), "start", str(self._folder)]


class BareKServe(Server):
    """`bare_kserve.py`: KServe's ModelServer as it comes."""

    title = "bare KServe"

    def _command(self, port: int) -> list[str]:
        core = environment("core")
        core.require_current()
        module = "benchmarks.serving.bare_kserve"
        return [str(core.python), "-m", module, str(self._model / "model.ubj"), str(port)]


class Phasegate(Server):
    """The predictor of this project, with its prediction log.

    Args:
        spool: folder of the log, shared by all servers of a model; None is one of its own.
    """

    title = "Phasegate"
    options: Sequence[str] = ()

    def __init__(
        self, model: Path, folder: Path, core: int = SERVER_CORE, spool: Path | None = None
    ) -> None:
        super().__init__(model, folder, core)
        self._spool = spool or folder / "spool"

    @property
    def backend(self) -> Backend:
        """What a proxy knows it by."""
        return Backend(self._folder.name, self.address.removeprefix("http://"), NAME)

    def _command(self, port: int) -> list[str]:
        return [
            sys.executable, "-m", "phasegate.serving",
            "--model-dir", str(self._model), "--digest", Model.load(self._model).digest,
            "--name", NAME, "--http-port", str(port), "--until-stdin-closes", *self._log_options(),
            *self.options,
        ]  # fmt: skip

    def _log_options(self) -> list[str]:
        return ["--spool", str(self._spool), "--project-version", "benchmark/1"]


class PhasegateNamed(Phasegate):
    """The same, asked with one named tensor for each feature."""

    title = "Phasegate, named tensors"
    body = staticmethod(named_tensors)


class PhasegateStandard(Phasegate):
    """The same through KServe's own route."""

    title = "Phasegate, KServe's route"
    options = ("--standard-route",)


class PhasegateUnlogged(Phasegate):
    """The same without a prediction log."""

    title = "Phasegate, no log"

    def _log_options(self) -> list[str]:
        return []
