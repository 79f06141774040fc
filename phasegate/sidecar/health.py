"""What is wrong with the sidecar now, if anything."""

from __future__ import annotations

from collections.abc import Mapping

from phasegate.sidecar.metrics import Metrics


class Health:
    """Things that can go wrong, each with the sentence that says how. Any thread may tell.

    Args:
        metrics: shows the same.

    Attributes:
        alive: whether spools are looked at; without that the process is of no use.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._wrong: dict[str, str] = {}
        self.alive = True

    def tell(self, what: str, wrong: str | None) -> None:
        """Say what is wrong with one thing, or None when nothing is."""
        self._metrics.degraded.labels(what).set(wrong is not None)
        if wrong is None:
            self._wrong.pop(what, None)
        else:
            self._wrong[what] = wrong

    @property
    def wrong(self) -> Mapping[str, str]:
        """What is wrong now, by thing."""
        return dict(self._wrong)
