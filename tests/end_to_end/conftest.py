"""The command as users run it: real environments, real MLflow, real KServe, compiled YAML."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phasegate.local.environments import ROOT
from phasegate.registry.address import ADDRESS

COMMAND = [sys.executable, "-m", "phasegate.cli"]
LIMIT_SECONDS = 600


@dataclass(frozen=True)
class Said:
    """What a command did.

    Attributes:
        code: its exit code.
        out: standard output.
        err: standard error.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output of a command with --json."""
        return json.loads(self.out)


class Phasegate:
    """Runs the command in a folder of its own.

    Args:
        folder: the working directory.
        tracking: address of the MLflow server that a team would share; without it, each command
            that needs one starts its own.
    """

    def __init__(self, folder: Path, tracking: str | None = None) -> None:
        self.folder = folder
        self._variables = {ADDRESS: tracking} if tracking else {}

    @property
    def workspace(self) -> Path:
        """Where the command keeps runs, store and tracking data."""
        return self.folder / ".phasegate"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command; the caller ends it."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **self._variables},
        )

    def __call__(self, *arguments: str) -> Said:
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=LIMIT_SECONDS)
        finally:
            process.kill()
            process.wait()
        return Said(process.returncode, out, err)

    def project(self, name: str, text: str) -> str:
        """Write a project file; returns its name."""
        (self.folder / name).write_text(text)
        return name


@pytest.fixture(scope="module")
def phasegate(tmp_path_factory: pytest.TempPathFactory) -> Phasegate:
    """The command, with a workspace that the tests of one module share."""
    return Phasegate(tmp_path_factory.mktemp("work"))
