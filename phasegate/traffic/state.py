"""What traffic is like, as the proxy that carries it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from phasegate.traffic.plan import Backend


@dataclass(frozen=True, slots=True)
class BackendState:
    """A backend as the proxy sees it.

    The champion's counts run from the moment it became that, the challenger's from the moment it
    was paired with this champion.

    Attributes:
        role: ``champion`` or ``challenger``.
        share: of the requests, in basis points.
        healthy: whether it passes its health checks and is not put aside for its errors.
        requests: sent to it, copies not counted; one that is tried twice there counts twice.
        answers: with any status below 500.
        errors: answers of 500 and above, and requests that got no answer.
        active: being answered now.
    """

    role: str
    backend: Backend
    share: int
    healthy: bool
    requests: int
    answers: int
    errors: int
    active: int


@dataclass(frozen=True, slots=True)
class MirrorState:
    """Copies of the champion's requests; counts run from when the two were paired.

    Attributes:
        share: of the champion's requests, in basis points.
        copies: made.
        answers: with any status, which the proxy threw away.
        lost: copies without an answer, by reason: ``limit`` (too many were waiting), ``sick``
            (the backend was known not to answer), ``connection`` (refused or cut), ``late``.
        active: being answered now.
    """

    share: int
    copies: int
    answers: int
    lost: Mapping[str, int]
    active: int


@dataclass(frozen=True, slots=True)
class TrafficState:
    """What the proxy does now.

    Attributes:
        version: of the routes that are in force; equal plans have equal versions.
        killed: whether the kill switch is pulled.
        champion: who answers what nobody else does.
        challenger: None when there is none.
        mirror: None when there is no challenger.
        fallbacks: requests that the champion was asked after another attempt had failed.
        drift: how somebody else made traffic differ from the plan, in words; empty where nobody
            did, or where only the plan can change it.
    """

    version: str
    killed: bool
    champion: BackendState
    challenger: BackendState | None
    mirror: MirrorState | None
    fallbacks: int
    drift: str = ""
