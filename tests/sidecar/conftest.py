from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from phasegate.local.environments import environment
from phasegate.sidecar.process import SidecarProcess

Start = Callable[..., SidecarProcess]


@pytest.fixture
def sidecar(tmp_path: Path) -> Start:
    """Makes a sidecar for the folders ``spool`` and ``store``, in the sidecar's environment."""
    made = 0

    def make(*options: str, store: str = "", interval: float = 0.05) -> SidecarProcess:
        nonlocal made
        made += 1
        return SidecarProcess(
            [tmp_path / "spool"],
            store or str(tmp_path / "store"),
            state=tmp_path / "state",
            log=tmp_path / f"sidecar-{made}.log",
            python=environment("sidecar").python,
            options=["--interval", str(interval), *options],
        )

    return make
