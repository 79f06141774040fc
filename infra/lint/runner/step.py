"""A step of the checks, and what became of it."""

from __future__ import annotations

import enum
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENT = REPOSITORY / ".venv" / "infra" / "bin"


class Status(enum.StrEnum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "did not run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step.

    Attributes:
        status: passed, failed, or not run.
        detail: what was looked at, what is wrong, or why it did not run; a few words.
        output: what a reader needs to mend it.
    """

    status: Status
    detail: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One check.

    Attributes:
        name: of one word.
        what: is checked; a few words.
        always: whether nothing excuses that it does not run.
        run: the check.
    """

    name: str
    what: str
    always: bool
    run: Callable[[], Outcome]


def passed(detail: str, output: str = "") -> Outcome:
    """The step found nothing."""
    return Outcome(Status.PASSED, detail, output)


def failed(detail: str, output: str = "") -> Outcome:
    """The step found something."""
    return Outcome(Status.FAILED, detail, output)


def not_run(why: str) -> Outcome:
    """The step could not run."""
    return Outcome(Status.NOT_RUN, why)


def tool(name: str) -> str | None:
    """A program of the environment ``infra``, or on PATH; None where there is none."""
    environments = os.environ.get("PHASEGATE_ENVIRONMENTS")
    folders = [Path(environments) / "infra" / "bin"] if environments else [ENVIRONMENT]
    for folder in (*folders, Path(sys.executable).parent):
        if (folder / name).is_file():
            return str(folder / name)
    return shutil.which(name)


def call(
    command: Sequence[str],
    *,
    place: Path = REPOSITORY,
    seconds: float = 600,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Exit code and output of a program; one that takes too long ends with 124."""
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return 124, f"it took over {seconds:.0f} s"
    return done.returncode, done.stdout.strip()
