"""How a project wants its model served."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phasegate.monitoring.policy import MonitoringPolicy

HASH, DROP = "hash", "drop"


@dataclass(frozen=True)
class ServingSettings:
    """What model servers are told beside the model.

    Attributes:
        sensitive: column -> ``hash`` or ``drop``: personal data in the prediction log.
        takes_events: whether requests carry raw events instead of features.
        key: column of the events' ids.
        monitoring: how the sidecar watches drift.
    """

    sensitive: Mapping[str, str] = field(default_factory=dict)
    takes_events: bool = False
    key: str = ""
    monitoring: MonitoringPolicy = field(default_factory=MonitoringPolicy)

    @property
    def sidecar_environment(self) -> str:
        """Name of the environment that the sidecar runs in."""
        return "drift" if self.monitoring.statistics == "alibi-detect" else "sidecar"

    @classmethod
    def of(cls, sections: Mapping[str, Mapping[str, Any]]) -> ServingSettings:
        """The settings in a project's sections, defaults filled in."""
        from phasegate.monitoring.policy_section import monitoring_policy_of

        serving = sections["serving"]
        return cls(
            dict(serving["log"]["sensitive"]),
            serving["inputs"] == "events",
            sections["data"]["key"] or "",
            monitoring_policy_of(sections),
        )

    def options(self, folder: Path) -> list[str]:
        """Arguments of the model server; ``folder`` gets a key for hashes if it has none."""
        options = [f"--sensitive={column}={rule}" for column, rule in self.sensitive.items()]
        if HASH in self.sensitive.values():
            options.append(f"--log-key-file={_key(folder)}")
        if self.takes_events:
            options.append(f"--history={history_file(folder)}")
        return options


def history_file(folder: Path) -> Path:
    """Where the past of a served model's events is kept."""
    return folder / "history.sqlite"


def _key(folder: Path) -> Path:
    """The key's file: made once, whole, and for its owner's eyes."""
    path = folder / "log.key"
    if not path.exists():
        partial = folder / f".{path.name}.{secrets.token_hex(8)}"  # servers start side by side
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
    return path
