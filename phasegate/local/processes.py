"""Processes that end with the command that started them, however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from phasegate.local.environments import ROOT

STOP_SECONDS = 10.0


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


def order(
    process: subprocess.Popen[str], arguments: Sequence[str], variables: Mapping[str, str]
) -> None:
    """Let a waiting interpreter run its module with arguments and environment variables."""
    request = json.dumps({"arguments": list(arguments), "environment": dict(variables)})
    assert process.stdin
    # One that died while importing has nobody to read this; its output and exit code say why.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(request + "\n")
        process.stdin.flush()


def stop_group(process: subprocess.Popen[str]) -> None:
    """End a process and all that it started, politely first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            break
    for stream in (process.stdin, process.stdout):
        if stream:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
