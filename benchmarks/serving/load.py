"""Load on a server: bodies posted by wrk from a core of its own, for a bounded time."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.processor import LOAD_CORE, pinned
from benchmarks.serving.wrk_output import Measured, parse
from phasegate.errors import BadInput

SCRIPT = Path(__file__).with_name("post.lua")


@dataclass(frozen=True)
class Load:
    """How requests are sent.

    Attributes:
        seconds: length of one run, whole seconds.
        connections: requests in flight.
        pause: mean milliseconds that a connection waits before its next request; 0 is none, so
            that the server is never idle.
    """

    seconds: int = 5
    connections: int = 8
    pause: int = 0

    def run(self, url: str, bodies: Path) -> Measured:
        """Post the bodies of a file, one a line, again and again.

        Raises:
            BadInput: when wrk is not installed.
            ValueError: when wrk measured nothing.
        """
        command = [
            _wrk(), "--threads", "1", "--connections", str(self.connections),
            "--duration", f"{self.seconds}s", "--timeout", "10s", "--script", str(SCRIPT),
            url, "--", str(bodies), *([str(self.pause)] if self.pause else []),
        ]  # fmt: skip
        with pinned(LOAD_CORE):
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=self.seconds + 30
            )
        return parse(done.stdout or done.stderr)


def write_bodies(path: Path, bodies: Sequence[bytes]) -> Path:
    """Write request bodies, none of which holds a line break, one a line."""
    path.write_bytes(b"\n".join(bodies) + b"\n")
    return path


def _wrk() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise BadInput(
            "there is no wrk, which makes the load", fix="Install it: apt-get install wrk"
        )
    return found
