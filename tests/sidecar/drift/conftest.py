from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from phasegate.local.environments import environment
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.sidecar.process import SidecarProcess
from tests.sidecar.drift.streams import reference

Watch = Callable[..., SidecarProcess]


@pytest.fixture
def watching(tmp_path: Path) -> Watch:
    """Makes a sidecar that judges model `fraud`: folders ``spool``, ``store``, ``references``."""
    made = 0
    (tmp_path / "spool").mkdir()

    def make(
        *options: str, policy: MonitoringPolicy | None = None, own: str = "", env: str = "",
        references: tuple[Path, ...] | None = None,
    ) -> SidecarProcess:  # fmt: skip
        nonlocal made
        made += 1
        policy = policy or MonitoringPolicy(statistics="scipy")
        file = tmp_path / f"policy-{made}.json"
        file.write_text(json.dumps(policy.to_json()))
        if references is None:
            if not (tmp_path / "references").exists():
                reference(tmp_path / "references" / "fraud")
            references = (tmp_path / "references",)
        spool = tmp_path / f"spool{own}"
        spool.mkdir(exist_ok=True)
        return SidecarProcess(
            [spool],
            str(tmp_path / "store"),
            state=tmp_path / f"state{own}",
            log=tmp_path / f"sidecar-{made}.log",
            python=environment(
                env or ("drift" if policy.statistics == "alibi-detect" else "sidecar")
            ).python,
            options=[
                "--interval", "0.05", "--monitoring", str(file),
                *(f"--reference={one}" for one in references), *options,
            ],
        )  # fmt: skip

    return make
