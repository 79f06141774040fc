"""What an image is made of: the project's code at a commit, and the lock of an environment."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from phasegate.digests import digest_file, digest_files
from phasegate.errors import BadInput

RECIPE = ("Dockerfile", ".dockerignore")
CODE = ("components", "images", "phasegate", "pipelines")
UNKNOWN = "unknown"

_SCP_ADDRESS = re.compile(r"^[\w.-]+@([\w.-]+):(?!/)(.+)$")
_URL = re.compile(r"^(?:https?|ssh|git)://(?:[^/@]*@)?([^/:]+)(?::\d+)?/(.+)$")


@dataclass(frozen=True, slots=True)
class Context:
    """The folder that an engine builds from.

    Attributes:
        root: the checkout.
        commit: its git commit, with ``+dirty`` for uncommitted changes, or ``unknown``.
        committed: seconds since 1970 of that commit; 0 where it is unknown.
        source: https address of the repository, without credentials; empty where it has none.
    """

    root: Path
    commit: str
    committed: int
    source: str

    def lock(self, environment: str) -> Path:
        """The hashed lock of an environment.

        Raises:
            BadInput: when there is none.
        """
        path = self.root / "requirements" / f"{environment}.txt"
        if not path.is_file():
            known = ", ".join(sorted(lock.stem for lock in path.parent.glob("*.txt")))
            raise BadInput(f"there is no environment '{environment}'", expected=f"one of {known}")
        return path

    def lock_digest(self, environment: str) -> str:
        """Hex sha256 of an environment's lock."""
        return digest_file(self.lock(environment))

    def code_digest(self) -> str:
        """Hex sha256 over all that an image is made of besides its base and its lock."""
        return digest_files(self.root, self._files())

    def _files(self) -> list[str]:
        paths = [self.root / name for name in RECIPE]
        for folder in CODE:
            paths += (self.root / folder).rglob("*")
        return [
            path.relative_to(self.root).as_posix()
            for path in paths
            if path.is_file() and "__pycache__" not in path.parts
        ]


def observe_context(root: Path) -> Context:
    """The checkout as it is now."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Context(root, UNKNOWN, 0, "")
    dirty = "+dirty" if _git(root, "status", "--porcelain") else ""
    committed = int(_git(root, "log", "-1", "--format=%ct") or 0)
    return Context(
        root, commit + dirty, committed, web_address(_git(root, "remote", "get-url", "origin"))
    )


def web_address(remote: str) -> str:
    """The https address of a git remote, without credentials; empty for a folder.

    >>> web_address("git@git.example.org:fraud/phasegate.git")
    'https://git.example.org/fraud/phasegate'
    >>> web_address("https://me:secret@git.example.org/fraud/phasegate")
    'https://git.example.org/fraud/phasegate'
    >>> web_address("/srv/git/phasegate")
    ''
    """
    match = _URL.match(remote) or _SCP_ADDRESS.match(remote)
    return f"https://{match[1]}/{match[2].removesuffix('.git')}" if match else ""


def _git(root: Path, *arguments: str) -> str:
    if not (root / ".git").exists():  # a repository further up would not be the code's own
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
