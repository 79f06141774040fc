"""Which builder of this machine is used."""

from __future__ import annotations

import re
import shutil
import subprocess

from phasegate.errors import BadInput, Unavailable
from phasegate.images.builders import Buildah, Builder, Buildx, Classic

NAMES = ("auto", "buildx", "docker", "buildah", "podman")
_SECONDS = 60


def choose_builder(name: str = "auto") -> Builder:
    """The named builder, or the ablest that answers here.

    Raises:
        BadInput: when there is no builder of that name.
        Unavailable: when it does not answer.
    """
    if name not in NAMES:
        raise BadInput(f"there is no builder '{name}'", expected=f"one of {', '.join(NAMES)}")
    for candidate in NAMES[1:] if name == "auto" else (name,):
        if builder := _find(candidate):
            return builder
    what = "no builder of container images answers" if name == "auto" else f"{name} does not answer"
    raise Unavailable(
        what,
        fix="start Docker (docker info shows whether it runs), or install buildah or podman",
    )


def _find(name: str) -> Builder | None:
    match name:
        case "buildx":
            answer = _output(["docker", "buildx", "inspect"])
            driver = re.search(r"^Driver:\s*(\S+)", answer or "", re.MULTILINE)
            is_down = driver and driver[1] == "docker" and not engine_answers()
            return Buildx(driver[1]) if driver and not is_down else None
        case "docker":
            return Classic() if engine_answers() else None
        case _:
            return Buildah(name) if _output([name, "--version"]) else None


def engine_answers() -> bool:
    """Whether a Docker daemon answers."""
    return bool(_output(["docker", "info", "--format", "{{.ServerVersion}}"]))


def _output(command: list[str]) -> str | None:
    """What a command prints; None if it is absent, fails or hangs."""
    if not shutil.which(command[0]):
        return None
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
