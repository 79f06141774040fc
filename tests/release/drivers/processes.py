"""Drivers in processes of their own: ``python -m tests.release.drivers.processes``.

Reads one JSON command a line: ``{"setting": ..., "now": ..., "crash": n, "drivers": m}``. Steps in
m forked processes at once, each of which dies before its n-th effect; 0 lets it live. Answers with
their exit codes: 77 for one that was killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from phasegate.release.drivers.step import step
from tests.release.drivers.worlds import Setting, crashing, world_of

KILLED = 77


class Drivers:
    """The process that forks drivers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def step(
        self, setting: Setting, now: datetime, *, crash: int = 0, drivers: int = 1
    ) -> list[int]:
        """Exit codes of so many drivers that stepped at once."""
        command: dict[str, Any] = {
            "setting": setting.to_json(),
            "now": now.isoformat(),
            "crash": crash,
            "drivers": drivers,
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def started() -> Iterator[Drivers]:
    """The process, for the time of the context."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Drivers(process)
    finally:
        process.communicate(timeout=30)


def _drive(command: dict[str, Any], number: int) -> int:
    try:
        setting = Setting(**command["setting"]).with_(actor=f"driver-{number}")
        world = world_of(setting)
        if command["crash"]:
            world = crashing(world, command["crash"])
        step(world, datetime.fromisoformat(command["now"]))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _fork(command: dict[str, Any], number: int) -> int:
    child = os.fork()
    if not child:
        os._exit(_drive(command, number))
    return child


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        children = [_fork(asked, number) for number in range(asked["drivers"])]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes), flush=True)
