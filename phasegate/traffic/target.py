"""Where a plan is carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from phasegate.traffic.plan import TrafficPlan
from phasegate.traffic.state import TrafficState


class TrafficTarget(Protocol):
    """A proxy that can be told a plan and asked what it does.

    A kill outlives later plans: only `revive` ends it, so that a controller that goes on
    applying what it has computed cannot undo an operator's decision.
    """

    def apply(self, plan: TrafficPlan) -> None:
        """Make traffic follow the plan; returns once it does.

        It may be called again at any time, also after a crash in the middle of a call: it looks
        at what is there and does what is missing.

        Raises:
            BadInput: when the proxy refuses it; traffic is as it was.
            Unavailable: when the proxy does not answer; the plan is kept for when it does.
        """

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        """Apply what a function makes of the plan that is kept, and nobody else in between.

        Returns:
            The new plan.

        Raises:
            BadInput: when there is no plan, or see `apply`.
            Unavailable: see `apply`.
        """

    def observe(self) -> TrafficState:
        """What traffic is like now.

        Raises:
            Unavailable: when the proxy does not answer.
        """

    def kill(self) -> None:
        """Let the champion answer everything, now, and stop copies.

        Raises:
            Unavailable: when the proxy does not answer.
        """

    def revive(self) -> None:
        """End a kill: traffic follows the last plan again.

        Raises:
            BadInput: when there is no plan, or the proxy refuses it.
            Unavailable: when the proxy does not answer.
        """
