"""Drift in the sidecar, put together: references, windows, judging, alerts."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from phasegate.errors import BadInput
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.sidecar.drift.alerts import Outbox
from phasegate.sidecar.drift.counting import DriftCounting
from phasegate.sidecar.drift.detectors.process import Detectors
from phasegate.sidecar.drift.judging import Judging
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.drift.references import References
from phasegate.sidecar.drift.state import DriftState
from phasegate.sidecar.health import Health
from phasegate.sidecar.metrics import Metrics
from phasegate.store.named import NamedFiles


class DriftMonitor:
    """Counts what is sealed, and judges and alerts within the ``with`` body.

    Args:
        references: folders of references.
        policy: what is allowed.
        alerts: address of a sink of CloudEvents; None where nobody takes them.
        store: gets summaries and alerts.
        folder: for windows.
        metrics: of the sidecar.
        health: is told what is wrong.
        replicas: sidecars that watch the same models, this one included.

    Attributes:
        counting: counts what is sealed.

    Raises:
        BadInput: the sink's address is none, the policy's library is not installed, or the folder
            cannot be written.
    """

    def __init__(
        self,
        references: Sequence[Path],
        policy: MonitoringPolicy,
        alerts: str | None,
        store: NamedFiles,
        folder: Path,
        metrics: Metrics,
        health: Health,
        replicas: int = 1,
    ) -> None:
        _require(policy)
        shown = DriftMetrics(metrics)
        self._state = DriftState(folder / "windows.sqlite")
        if self._state.put_aside:
            health.tell("windows", f"damaged ones were put aside: {self._state.put_aside}")
        known = References(references, health, shown)
        self._outbox = Outbox(alerts, self._state, shown, health) if alerts else None
        self._judging = Judging(
            known, self._state, store, policy.drift, Detectors(policy.statistics, folder),
            folder / "draft.json", shown, health, self._outbox.ready if self._outbox else None,
            replicas,
        )  # fmt: skip
        self.counting = DriftCounting(
            known, self._state, policy.drift, shown, health, self._judging.wake,
            is_alone=replicas == 1,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self.counting.load()
        self._judging.start()
        if self._outbox:
            self._outbox.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave what is unfinished to the next process."""
        self._judging.stop()
        if self._outbox:
            self._outbox.stop()
        self._state.close()


def read_policy(file: Path | None) -> MonitoringPolicy:
    """The policy of a JSON file; the defaults without one.

    Raises:
        BadInput: it cannot be read, or is none.
    """
    if file is None:
        return MonitoringPolicy()
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"the policy cannot be read ({error})", where=str(file)) from error
    return MonitoringPolicy.from_json(value, str(file))


def _require(policy: MonitoringPolicy) -> None:
    # Found, not imported: importing it takes seconds, and it may not be needed for a day.
    if policy.statistics == "alibi-detect" and importlib.util.find_spec("alibi_detect") is None:
        raise BadInput(
            "alibi-detect is not installed here",
            where="statistics",
            fix="run the sidecar in the environment `drift`, or set statistics: scipy",
        )
