"""A server as a process of its own: started on a free port, awaited, and always stopped."""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

import phasegate
from phasegate.errors import ExitCode
from phasegate.network import free_port

_POLL_SECONDS = 0.05
_STOP_SECONDS = 15


class ServerFailure(Exception):
    """A server did not start, did not answer, or answered something else than asked."""


class ServerProcess(ABC):
    """A Python server of this project on loopback, ready within the ``with`` body.

    It is stopped when the body ends, and ends by itself when this process dies: its standard
    input closes. A subclass says what is run and when it is ready.

    Args:
        log: file for the server's output.
        start_seconds: how long it may take to become ready.
        port: TCP port of loopback; 0 is any free one.

    Attributes:
        address: http address, once started.
        started_in: seconds from start to ready.
        what: what the server is, for messages.
        failure: what is raised when it does not start.
    """

    what = "the server"
    failure: type[Exception] = ServerFailure

    def __init__(self, *, log: Path, start_seconds: float, port: int = 0) -> None:
        self._log, self._start_seconds, self._port = log, start_seconds, port
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""
        self.started_in = 0.0

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """The command that serves on a port of loopback until its standard input closes."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether the server says so now; asks for a few seconds at most."""

    def __enter__(self) -> Self:
        """Start the server and wait until it is ready.

        Raises:
            Exception: `failure`, when it ends or is not ready in time; with its last log lines.
        """
        port = self._port or free_port()
        self.address = f"http://127.0.0.1:{port}"
        started = time.monotonic()
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command(port),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for who started it, who then stops it in order
            )
        try:
            self._await_ready(started + self._start_seconds)
        except BaseException:
            self.stop()
            raise
        self.started_in = time.monotonic() - started
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._process is not None, "not started"
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code, or None while it runs."""
        assert self._process is not None, "not started"
        return self._process.poll()

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

    def _await_ready(self, deadline: float) -> None:
        assert self._process is not None
        while True:
            code = self._process.poll()
            if code == ExitCode.BAD_INPUT:
                raise self.failure(f"{self.what} ended with exit code 2: {self.last_lines(1)}")
            if code is not None:
                raise self._failed(f"{self.what} ended with exit code {code}")
            if self._is_ready():
                return
            if time.monotonic() > deadline:
                raise self._failed(f"not ready after {self._start_seconds:g} seconds")
            time.sleep(_POLL_SECONDS)

    def _failed(self, what: str) -> Exception:
        return self.failure(f"{what}; its last words:\n{self.last_lines()}")


def _environment() -> dict[str, str]:
    """This process's environment, in which this same phasegate can be imported."""
    root = str(Path(phasegate.__file__).parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
