"""The sidecar as a process of its own."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from phasegate.server_process import ServerProcess


class SidecarProcess(ServerProcess):
    """`python -m phasegate.sidecar`; see `ServerProcess`.

    Args:
        spools: folders that it empties.
        store: address of the store that gets what is sealed.
        state: folder for events that wait.
        log: file for the sidecar's output.
        python: interpreter of the sidecar's environment.
        options: further arguments of ``python -m phasegate.sidecar``.
        start_seconds: how long it may take to become ready.
        port: TCP port of loopback; 0 is any free one.
    """

    what = "the sidecar"

    def __init__(
        self,
        spools: Sequence[Path],
        store: str,
        *,
        state: Path,
        log: Path,
        python: Path,
        options: Sequence[str] = (),
        start_seconds: float = 60,
        port: int = 0,
    ) -> None:
        super().__init__(log=log, start_seconds=start_seconds, port=port)
        self._spools, self._store, self._state = spools, store, state
        self._python, self._options = python, options

    def complaints(self) -> list[str]:
        """What keeps it from its work now, as it says itself; nothing while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=1) as answer:
                reasons = json.load(answer).get("reasons", {})
        except (OSError, ValueError):
            return []
        return sorted(str(reason) for reason in reasons.values())

    def _command(self, port: int) -> list[str]:
        spools = [option for folder in self._spools for option in ("--spool", str(folder))]
        return [
            str(self._python), "-m", "phasegate.sidecar", *spools,
            "--store", self._store, "--state", str(self._state), "--http-port", str(port),
            "--until-stdin-closes", *self._options,
        ]  # fmt: skip

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
