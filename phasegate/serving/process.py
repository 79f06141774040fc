"""A model server as a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from phasegate.server_process import ServerProcess
from phasegate.serving.client import ModelClient, ServingFailure


class ModelServerProcess(ServerProcess):
    """`python -m phasegate.serving` for one model; see `ServerProcess`.

    Args:
        folder: model folder.
        digest: digest that the server must find there.
        name: name that the model is served under.
        log: file for the server's output.
        start_seconds: how long it may take to become ready.
        port: TCP port of loopback; 0 is any free one.
        options: further arguments of ``python -m phasegate.serving``.
        python: interpreter of the environment that models are served in; by default this one.
    """

    what = "the model server"
    failure = ServingFailure

    def __init__(
        self,
        folder: Path,
        digest: str,
        name: str,
        *,
        log: Path,
        start_seconds: float = 120,
        port: int = 0,
        options: Sequence[str] = (),
        python: Path | None = None,
    ) -> None:
        super().__init__(log=log, start_seconds=start_seconds, port=port)
        self._folder, self._digest, self._name = folder, digest, name
        self._options, self._python = options, python

    def client(self, timeout: float = 10) -> ModelClient:
        """A client of this server; ``timeout`` is in seconds for each request."""
        return ModelClient(self.address, self._name, timeout)

    def _command(self, port: int) -> list[str]:
        return [
            str(self._python or sys.executable), "-m", "phasegate.serving",
            "--model-dir", str(self._folder), "--digest", self._digest, "--name", self._name,
            "--http-port", str(port), "--until-stdin-closes", *self._options,
        ]  # fmt: skip

    def _is_ready(self) -> bool:
        # The limit keeps a server that accepts and then says nothing from holding us up.
        with self.client(timeout=5) as client:
            return client.is_ready()
