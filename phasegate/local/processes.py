"""Processes that end with the command that started them, however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from phasegate.local.environments import ROOT

STOP_SECONDS = 10.0


class Process(Protocol):
    """What is asked of a process here, however it was started."""

    stdin: IO[str] | None
    stdout: IO[str] | None

    @property
    def pid(self) -> int:
        """Its number, and that of its group."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for a signal, once it has ended."""


class ForkServer:
    """Starts processes of one environment that need not import what others have imported.

    Args:
        python: the environment's interpreter.
    """

    def __init__(self, python: Path) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [str(python), "-m", "phasegate.local.fork_server", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, module: str) -> ForkedProcess:
        """Start an interpreter that waits for its order to run a module.

        It leads a group of its own: Ctrl-C reaches the command alone, which then stops the group.
        """
        source, stdin = os.pipe()
        stdout, output = os.pipe()
        status, ended = os.pipe()
        theirs = source, output, ended
        # A server that died has nobody to read this; the process then has ended before it began.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._control, [module.encode()], theirs)
        for pipe in theirs:
            os.close(pipe)
        return ForkedProcess(stdin, stdout, status)

    def close(self) -> None:
        """End the server, in the middle of an import too; it has nothing to finish.

        Processes that it has forked are not touched, and end when their standard input is closed.
        """
        self._control.close()
        self._server.kill()
        self._server.wait()


class ForkedProcess:
    """A process that a fork server has started, or is about to.

    Args:
        stdin: file descriptor of the pipe to it.
        stdout: of the pipe with its output.
        status: of the pipe with its number and its exit code.

    Attributes:
        stdin: pipe to it.
        stdout: its output.
    """

    def __init__(self, stdin: int, stdout: int, status: int) -> None:
        self.stdin: IO[str] | None = os.fdopen(stdin, "w", encoding="utf-8", buffering=1)
        self.stdout: IO[str] | None = os.fdopen(stdout, encoding="utf-8", errors="replace")
        self._status = os.fdopen(status, "rb", buffering=0)
        self._asking = threading.Lock()
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the server has come to it, or never will."""
        return self._pid is not None or bool(select.select([self._status], [], [], 0)[0])

    def abandon(self) -> None:
        """Let one that the server has not come to find its input closed; nobody waits for it."""
        for stream in (self.stdin, self.stdout, self._status):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    @property
    def pid(self) -> int:
        """Its number, as soon as it has one.

        Raises:
            ProcessLookupError: the server died before.
        """
        with self._asking:
            if self._pid is None:
                self._pid = int(self._status.readline() or 0)
        if self._pid == 0:
            raise ProcessLookupError("the fork server ended before it started the process")
        return self._pid

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for a signal; that of a kill where the server died.

        Raises:
            TimeoutExpired: it still runs.
        """
        with contextlib.suppress(ProcessLookupError):
            self.pid  # noqa: B018  # it comes first
        with self._asking:
            if self._code is None:
                if not select.select([self._status], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("a forked process", timeout or 0)
                self._code = int(self._status.readline() or -signal.SIGKILL)
                self._status.close()
            return self._code


def start_waiting(python: Path, module: str, output: int | IO[bytes]) -> subprocess.Popen[str]:
    """Start an interpreter that imports what a module needs and waits for its order.

    It leads a group of its own: Ctrl-C reaches the command alone, which then stops the group.

    Args:
        python: the interpreter.
        module: what it will run.
        output: where standard output and error go.
    """
    return subprocess.Popen(
        [str(python), "-m", "phasegate.local.warm", module],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        bufsize=1,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def order(process: Process, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
    """Let a waiting interpreter run its module with arguments and environment variables."""
    request = json.dumps({"arguments": list(arguments), "environment": dict(variables)})
    assert process.stdin
    # One that died while importing has nobody to read this; its output and exit code say why.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(request + "\n")
        process.stdin.flush()


def stop_group(process: Process) -> None:
    """End a process and all that it started, politely first."""
    if isinstance(process, ForkedProcess) and not process.has_begun:
        process.abandon()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # also where it never began
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            break
    for stream in (process.stdin, process.stdout):
        if stream:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
