"""Challengers that can be broken and mended while requests go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

from benchmarks.serving.model import NAME
from benchmarks.serving.processor import LOAD_CORE, pinned
from phasegate.models import Model
from phasegate.network import free_port
from phasegate.serving.process import ModelServerProcess
from phasegate.traffic.plan import Backend
from tests.traffic.upstream import Upstream, upstreams


class Breakable(Protocol):
    """A challenger."""

    @property
    def backend(self) -> Backend:
        """What the proxy knows it by."""

    def spoil(self, how: str) -> None:
        """Break it."""

    def mend(self) -> None:
        """Make it whole again."""


class RealServer:
    """A model server of this project, on the core of the load; it dies or hangs.

    Args:
        model: model folder.
        log: file for its output.
        options: further arguments of the server.
    """

    def __init__(self, model: Path, log: Path, options: Sequence[str]) -> None:
        self._model, self._log, self._options = model, log, options
        self._port = free_port()
        self.backend = Backend("real", f"127.0.0.1:{self._port}", NAME)

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    def spoil(self, how: str) -> None:
        """``killed`` or ``hung``."""
        number = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}[how]
        os.kill(self._process.pid, number)

    def mend(self) -> None:
        """Start it again, or let it go on."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)
        else:
            self._process.stop()
            self._start()

    def _start(self) -> None:
        digest = Model.load(self._model).digest
        self._process = ModelServerProcess(
            self._model, digest, NAME, log=self._log, port=self._port, options=self._options
        )
        with pinned(LOAD_CORE):
            self._process.__enter__()


class Impostor:
    """A server that says it is ready, and answers late or badly."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self.backend = Backend("impostor", f"127.0.0.1:{upstream.port}", NAME)

    def spoil(self, how: str) -> None:
        """``slow``, ``garbage`` or ``error``."""
        if how == "slow":
            self._upstream.delay = 2.0
        else:
            self._upstream.behaviour = how

    def mend(self) -> None:
        """Answer well again."""
        self._upstream.delay, self._upstream.behaviour = 0.0, "ok"


@contextmanager
def impostor() -> Iterator[Impostor]:
    """An impostor, in this process."""
    with upstreams("impostor") as (server,):
        yield Impostor(server)
