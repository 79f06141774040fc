"""Step processes: start one in its environment, follow it, stop it by its own handle."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from phasegate.contracts.execution import ERROR_PREFIX, PROGRESS_PREFIX
from phasegate.local.environments import Environment
from phasegate.local.processes import ForkServer, Process, order, start_waiting, stop_group
from phasegate.progress import Progress

TAIL_LINES = 12


@dataclass
class Finished:
    """How a step ended.

    Attributes:
        code: exit code; negative for a signal.
        seconds: wall-clock from the order to the end.
        error: the step's own one-line message, if it gave one.
        tail: its last log lines.
    """

    code: int
    seconds: float
    error: str | None
    tail: tuple[str, ...]


@dataclass
class StepProcess:
    """A step's interpreter: importing its libraries since `start`, running it from `run` on."""

    module: str
    environment: Environment
    _process: Process | None = None

    def start(self, server: ForkServer | None = None) -> Process:
        """Start the interpreter, or have it forked; it imports and then waits."""
        if server is None:
            self._process = start_waiting(self.environment.python, self.module, subprocess.PIPE)
        else:
            self._process = server.start(self.module)
        return self._process

    def run(
        self,
        arguments: list[str],
        variables: Mapping[str, str],
        log: Path,
        progress: Progress,
    ) -> Finished:
        """Run the module with the container's arguments and follow it to its end.

        Args:
            arguments: the container's arguments.
            variables: the container's environment.
            log: file that gets everything the step prints.
            progress: called with a fraction and a message as the step goes on.
        """
        process = self._process or self.start()
        started = time.monotonic()
        try:
            order(process, arguments, variables)
            assert process.stdout
            error, tail = _follow(process.stdout, log, progress)
            code = process.wait()
        finally:
            self.stop()
        return Finished(code, time.monotonic() - started, error, tail)

    def stop(self) -> None:
        """End the process, and all that it started, if it still runs."""
        process, self._process = self._process, None
        if process is not None:
            stop_group(process)


def _follow(output: IO[str], log: Path, progress: Progress) -> tuple[str | None, tuple[str, ...]]:
    error, tail = None, deque[str](maxlen=TAIL_LINES)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        for line in output:
            if line.startswith(PROGRESS_PREFIX):
                fraction, _, message = line.removeprefix(PROGRESS_PREFIX).partition(" ")
                progress(float(fraction), message.strip())
                continue
            text = line.removeprefix(ERROR_PREFIX)
            if text != line:
                error = text.strip()
            file.write(text)
            file.flush()
            tail.append(text.rstrip())
    return error, tuple(tail)


class WarmSteps:
    """Interpreters that import ahead of their turn, once for all steps of an environment."""

    def __init__(self) -> None:
        self._servers: dict[Path, ForkServer] = {}
        self._waiting: dict[str, StepProcess] = {}
        self._lock = threading.Lock()

    def warm(self, step: StepProcess) -> None:
        """Start a step's interpreter, unless one for its module waits already."""
        with self._lock:
            self._warm(step)

    def take(self, step: StepProcess) -> StepProcess:
        """The interpreter that waits for a step's module, or a new one."""
        with self._lock:
            self._warm(step)
            return self._waiting.pop(step.module)

    def close(self) -> None:
        """Stop the interpreters that were never used, and what they were forked from."""
        with self._lock:
            for server in self._servers.values():
                server.close()
            for step in self._waiting.values():
                step.stop()
            self._waiting.clear()
            self._servers.clear()

    def _warm(self, step: StepProcess) -> None:
        if step.module in self._waiting:
            return
        python = step.environment.python
        if python not in self._servers:
            self._servers[python] = ForkServer(python)
        step.start(self._servers[python])
        self._waiting[step.module] = step
