"""What a model was made with: code, image, lock, libraries, processor."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import phasegate
from phasegate.digests import digest_bytes, digest_file
from phasegate.errors import BadInput

ROOT = Path(phasegate.__file__).resolve().parents[1]
DECIDING_CODE = (
    "phasegate/features",
    "phasegate/models",
    "phasegate/snapshots.py",
    "phasegate/training",
)
"""The code between a snapshot and a model's bytes. A new report does not make another model."""

DISTRIBUTIONS = (
    "duckdb", "ibis-framework", "numpy", "optuna", "pyarrow", "scipy", "xgboost", "xgboost-cpu"
)  # fmt: skip
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Environment:
    """Everything but data and parameters that a model's bytes can depend on.

    Attributes:
        git_commit: commit of the code, with ``+dirty`` for uncommitted changes, or ``unknown``.
        code: digest of each source file, by its path from the root; empty for one that is gone.
        image: container image, or empty outside of one.
        lock: text of the hashed lock that the environment was built from.
        libraries: versions of Python and of the libraries that compute.
        cpu: `architecture`, and the widest `vectors` that it has.
    """

    git_commit: str
    code: Mapping[str, str]
    image: str
    lock: str
    libraries: Mapping[str, str]
    cpu: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Everything but the lock's text, of which it has the digest."""
        return {
            "git_commit": self.git_commit,
            "code": dict(self.code),
            "image": self.image,
            "lock_digest": digest_bytes(self.lock.encode()),
            "libraries": dict(self.libraries),
            "cpu": dict(self.cpu),
        }


def observe_environment(files: Iterable[str] | None = None) -> Environment:
    """The environment of this process.

    The variables ``PHASEGATE_GIT_COMMIT``, ``PHASEGATE_IMAGE`` and ``PHASEGATE_LOCK`` (a path),
    which container images set, go before what is found beside the code.

    Args:
        files: source files to digest; by default those that decide a model's bytes.

    Raises:
        BadInput: when there is no lock.
    """
    return Environment(
        git_commit=os.environ.get("PHASEGATE_GIT_COMMIT") or _git_commit(),
        code={name: _digest_or_empty(ROOT / name) for name in sorted(files or _deciding_code())},
        image=os.environ.get("PHASEGATE_IMAGE", ""),
        lock=_lock(),
        libraries=_libraries(),
        cpu={"architecture": platform.machine(), "vectors": _vectors()},
    )


def _deciding_code() -> set[str]:
    paths = set()
    for place in DECIDING_CODE:
        path = ROOT / place
        paths |= set(path.rglob("*.py")) if path.is_dir() else {path}
    return {path.relative_to(ROOT).as_posix() for path in paths}


def _digest_or_empty(path: Path) -> str:
    return digest_file(path) if path.is_file() else ""


def _git_commit() -> str:
    # A repository further up would not be the code's own.
    if not (ROOT / ".git").exists():
        return UNKNOWN
    try:
        commit = _git("rev-parse", "--verify", "HEAD")
        return f"{commit}+dirty" if _git("status", "--porcelain") else commit
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


def _lock() -> str:
    path = Path(os.environ.get("PHASEGATE_LOCK") or ROOT / "requirements" / "core.txt")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"the environment's lock cannot be read ({error.strerror})",
            where=str(path),
            fix="set PHASEGATE_LOCK to the hashed requirements that this environment has",
        ) from None


def _libraries() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _vectors() -> str:
    """The widest vector instructions, which decide how libraries round."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return UNKNOWN
    flags = {
        flag
        for line in text.splitlines()
        if line.startswith(("flags", "Features"))
        for flag in line.partition(":")[2].split()
    }
    widest = ("avx512f", "avx2", "avx", "sse4_2", "sve", "asimd")
    return next((name for name in widest if name in flags), UNKNOWN)
