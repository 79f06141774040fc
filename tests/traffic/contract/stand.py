"""A target under test: what the contract needs to know of it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from phasegate.traffic.plan import Backend, TrafficPlan
from phasegate.traffic.target import TrafficTarget
from tests.traffic.contract.crashing import Place


@dataclass(frozen=True)
class Stand:
    """A proxy that runs, with a champion and a challenger that answer.

    Attributes:
        target: a new target object for the same proxy; each call makes one.
        plan: champion and challenger with no share, in force when a test begins.
        finest: the smallest share that the target can give, in basis points.
        refused: a plan that the target refuses for what it is, and what the message says of it.
        away: the proxy does not answer within this context, and is back after it.
        place: how another process opens the target.
        swaps: whether a challenger can become champion with the old champion as its challenger.
    """

    target: Callable[[], TrafficTarget]
    plan: TrafficPlan
    finest: int
    refused: tuple[TrafficPlan, str]
    away: Callable[[], AbstractContextManager[None]]
    place: Place
    swaps: bool = True

    @property
    def champion(self) -> Backend:
        """The champion."""
        return self.plan.champion

    @property
    def challenger(self) -> Backend:
        """The challenger."""
        assert self.plan.challenger is not None
        return self.plan.challenger
