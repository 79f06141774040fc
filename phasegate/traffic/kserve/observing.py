"""The state of traffic through a gateway: from the route as it is, and from the pods' counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from phasegate.traffic.kserve.counts import Base, Counted, Pages, Tally, read_page
from phasegate.traffic.kserve.keeping import Kept
from phasegate.traffic.kserve.shares import Shares
from phasegate.traffic.kserve.slots import predictor
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan, effective
from phasegate.traffic.state import BackendState, MirrorState, TrafficState

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"


def traffic_state(
    kept: Kept,
    plan: TrafficPlan,
    found: Shares,
    *,
    version: str,
    drift: str,
    service: Callable[[Backend], str],
    healthy: Callable[[Backend], bool],
    counted: Callable[[Backend, str, Base], Counted],
) -> TrafficState:
    """What traffic is like.

    Args:
        kept: on the route.
        plan: the one that is kept, or with the challenger that the route really has.
        found: where the route's rules send requests.
        version: of the rules.
        drift: how they are not as planned, in words.
        service: of a backend.
        healthy: whether a backend has a pod that answers.
        counted: what pods say of a backend in a role, beyond what they had counted before.
    """
    heeded = effective(plan)

    def state(role: str, backend: Backend, planned: int) -> BackendState:
        count = counted(backend, role, base_of(kept.counts, role))
        return BackendState(
            role=role,
            backend=backend,
            share=found.of(service(backend), planned),
            healthy=healthy(backend),
            requests=count.requests,
            answers=count.requests - count.errors,
            errors=count.errors,
            active=0,  # a predictor counts a request when it has answered it
        )

    champion = state(CHAMPION, plan.champion, WHOLE - heeded.weight)
    if plan.challenger is None:
        return TrafficState(version, kept.killed, champion, None, None, 0, drift)
    copies = counted(plan.challenger, SHADOW, base_of(kept.counts, SHADOW))
    mirror = MirrorState(
        share=found.copies_for(service(plan.challenger), heeded.mirror),
        copies=copies.requests,
        answers=copies.requests,
        lost={},  # what did not arrive is in no pod's count
        active=0,
    )
    challenger = state(CHALLENGER, plan.challenger, heeded.weight)
    return TrafficState(version, kept.killed, champion, challenger, mirror, 0, drift)


class Pods:
    """What the pods of backends have counted, as far as they can be reached.

    Args:
        pages: reads the pods' metrics.
        service: of a backend.
    """

    def __init__(self, pages: Pages, service: Callable[[Backend], str]) -> None:
        self._pages, self._service = pages, service
        self._tally = Tally()

    def look(self, *backends: Backend | None) -> None:
        """Read the pods of some backends."""
        for backend in backends:
            if backend is None:
                continue
            pages = self._pages(self._service(backend))
            read = {
                pod: read_page(page, backend.model, backend.name) for pod, page in pages.items()
            }
            for role in (CHAMPION, CHALLENGER, SHADOW):
                counts = {pod: one.get(role, Counted()) for pod, one in read.items()}
                self._tally.see(backend.name, role, counts)

    def counted(self, backend: Backend, role: str, base: Base) -> Counted:
        """What was last seen of a backend in a role, less what had been counted before."""
        return self._tally.total(backend.name, role, base)

    def since(self, counts: Mapping[str, Any], plan: TrafficPlan) -> Mapping[str, Any]:
        """What to keep on the route so that counts begin with this plan's pair.

        Args:
            counts: what is kept there now; stays where the pair is the same.
        """
        challenger = plan.challenger
        pair = f"{plan.champion.name}/{challenger.name if challenger else ''}"
        wanted: dict[str, tuple[str, Backend]] = {CHAMPION: (plan.champion.name, plan.champion)}
        if challenger is not None:
            wanted |= {CHALLENGER: (pair, challenger), SHADOW: (pair, challenger)}
        new = {role for role, (of, _) in wanted.items() if (counts.get(role) or {}).get("of") != of}
        self.look(*{wanted[role][1] for role in new})
        return {
            role: {"of": of, "pods": self._tally.base(backend.name, role)}
            if role in new
            else counts[role]
            for role, (of, backend) in wanted.items()
        }


def with_real_challenger(
    plan: TrafficPlan,
    found: Shares,
    slots: Mapping[str, Mapping[str, Any] | None],
    service: Callable[[Backend], str],
    backend_in: Callable[[str, Mapping[str, Any] | None], Backend],
) -> TrafficPlan:
    """The plan with the other slot as its challenger, where a route really gives that something."""
    if plan.challenger is not None:
        return plan
    others = found.services() - {service(plan.champion)}
    for slot, manifest in slots.items():
        if predictor(slot) in others:
            return replace(plan, challenger=backend_in(slot, manifest))
    return plan


def base_of(counts: Mapping[str, Any], role: str) -> dict[str, tuple[int, int]]:
    """What pods had counted in a role when the pair began."""
    pods = (counts.get(role) or {}).get("pods") or {}
    return {pod: (int(both[0]), int(both[1])) for pod, both in pods.items()}
