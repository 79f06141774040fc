"""A model server as a process of its own: started, awaited, and always stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import phasegate
from phasegate.network import free_port
from phasegate.serving.client import ModelClient, ServingFailure

_POLL_SECONDS = 0.05
_STOP_SECONDS = 15


class ModelServerProcess:
    """`python -m phasegate.serving` on a free loopback port, ready within the ``with`` body.

    It is stopped when the body ends, and ends by itself when this process dies.

    Args:
        folder: model folder.
        digest: digest that the server must find there.
        name: name that the model is served under.
        log: file for the server's output.
        start_seconds: how long it may take to become ready.

    Attributes:
        address: http address, once started.
        started_in: seconds from start to ready.
    """

    def __init__(
        self, folder: Path, digest: str, name: str, *, log: Path, start_seconds: float = 120
    ) -> None:
        self._folder, self._digest, self._name = folder, digest, name
        self._log, self._start_seconds = log, start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""
        self.started_in = 0.0

    def __enter__(self) -> Self:
        """Start the server and wait until it is ready.

        Raises:
            ServingFailure: when it ends, or is not ready in time; with its last log lines.
        """
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        started = time.monotonic()
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command(port),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
            )
        try:
            self._await_ready(started + self._start_seconds)
        except BaseException:
            self.stop()
            raise
        self.started_in = time.monotonic() - started
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._process is not None, "not started"
        return self._process.pid

    def client(self, timeout: float = 10) -> ModelClient:
        """A client of this server; ``timeout`` is in seconds for each request."""
        return ModelClient(self.address, self._name, timeout)

    def stop(self) -> int | None:
        """Terminate the server, kill it if it lingers, and return its exit code."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        return self._process.returncode

    def last_lines(self, count: int = 15) -> str:
        """The end of the server's log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-count:])

    def _command(self, port: int) -> list[str]:
        return [
            sys.executable, "-m", "phasegate.serving",
            "--model-dir", str(self._folder), "--digest", self._digest, "--name", self._name,
            "--http-port", str(port), "--until-stdin-closes",
        ]  # fmt: skip

    def _await_ready(self, deadline: float) -> None:
        assert self._process is not None
        while True:
            code = self._process.poll()
            if code is not None:
                raise self._failure(f"the model server ended with exit code {code}")
            # The limit keeps a server that accepts and then says nothing from holding us up.
            with self.client(timeout=5) as client:
                if client.is_ready():
                    return
            if time.monotonic() > deadline:
                raise self._failure(f"not ready after {self._start_seconds:g} seconds")
            time.sleep(_POLL_SECONDS)

    def _failure(self, what: str) -> ServingFailure:
        return ServingFailure(f"{what}; its last words:\n{self.last_lines()}")


def _environment() -> dict[str, str]:
    """This process's environment, in which this same phasegate can be imported."""
    root = str(Path(phasegate.__file__).parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
