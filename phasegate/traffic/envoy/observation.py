"""What Envoy's counters say about the plan that it carries out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from phasegate.traffic.envoy.admin import Host
from phasegate.traffic.envoy.clusters import (
    CANARY,
    CHALLENGER,
    CHAMPION,
    LARGE,
    SHADOW,
    WATCH,
    cluster_name,
)
from phasegate.traffic.envoy.xds import METADATA
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan, effective
from phasegate.traffic.state import BackendState, MirrorState, TrafficState

# Requests that Envoy counts apart from those that it sent: no connection, or too many waited.
_UNSENT = ("rq_pending_failure_eject", "rq_pending_overflow")
_ACTIVE = ("rq_active", "rq_pending_active")
# Copies that have no answer, by what became of them.
_LOST = {
    "limit": ("rq_pending_overflow",),
    "sick": ("cx_none_healthy",),
    "connection": (
        "rq_pending_failure_eject",
        "cx_destroy_remote_with_active_rq",
        "cx_protocol_error",
    ),
    "late": ("rq_max_duration_reached", "rq_timeout"),
}


def plan_in_force(routes: Mapping[str, Any]) -> TrafficPlan:
    """The plan that a route configuration was made from; it carries it along."""
    metadata = routes["route_config"]["metadata"]["filter_metadata"]
    return TrafficPlan.from_json(metadata[METADATA], "Envoy's routes")


def counter_pattern(plan: TrafficPlan) -> str:
    """Names of the counters that `traffic_state` reads, as a regular expression."""
    kinds = [CHAMPION]
    if plan.challenger is not None:
        kinds += [CANARY, CHALLENGER, SHADOW, LARGE]
    names = "|".join(re.escape(cluster_name(kind, plan)) for kind in kinds)
    return rf"^cluster\.({names})\.upstream_(rq|cx)_"


def traffic_state(
    plan: TrafficPlan,
    version: str,
    killed: bool,
    hosts: Mapping[str, Host],
    counters: Mapping[str, str],
) -> TrafficState:
    """The state of a plan in force.

    Args:
        plan: the plan in force.
        version: of its routes.
        killed: whether Envoy's kill switch is pulled.
        hosts: of Envoy's clusters.
        counters: those of `counter_pattern`.
    """
    shares = effective(plan.kill() if killed else plan)

    def backend(role: str, backend: Backend, share: int, checked: str) -> BackendState:
        name = cluster_name(role, plan)
        return _backend(
            _Counters(name, counters),
            hosts[name].answers,
            role=role,
            backend=backend,
            share=share,
            healthy=hosts[cluster_name(checked, plan)].healthy,
        )

    champion = backend(CHAMPION, plan.champion, WHOLE - shares.weight, checked=WATCH)
    if plan.challenger is None:
        return TrafficState(version, killed, champion, None, None, fallbacks=0)
    challenger = backend(CHALLENGER, plan.challenger, shares.weight, checked=CHALLENGER)
    copies = [_Counters(cluster_name(kind, plan), counters) for kind in (SHADOW, LARGE)]
    canary = _Counters(cluster_name(CANARY, plan), counters)
    return TrafficState(
        version,
        killed,
        champion,
        challenger,
        _mirror(copies, shares.mirror),
        fallbacks=max(canary("rq_completed") - challenger.answers, 0),
    )


class _Counters:
    """Envoy's counters of one cluster; one that was never counted is 0."""

    def __init__(self, cluster: str, counters: Mapping[str, str]) -> None:
        self._prefix, self._counters = f"cluster.{cluster}.upstream_", counters

    def __call__(self, *names: str) -> int:
        return sum(int(self._counters.get(self._prefix + name, 0)) for name in names)


def _backend(count: _Counters, answers: int, **what: Any) -> BackendState:
    active = count(*_ACTIVE)
    requests = count("rq_total", "rq_pending_active", *_UNSENT)
    return BackendState(
        **what,
        requests=requests,
        answers=answers,
        errors=max(requests - answers - active, 0),
        active=active,
    )


def _mirror(counts: Sequence[_Counters], share: int) -> MirrorState:
    def total(*names: str) -> int:
        return sum(count(*names) for count in counts)

    lost = {reason: total(*names) for reason, names in _LOST.items()}
    copies = total("rq_total", "rq_pending_active", *_UNSENT, *_LOST["sick"])
    active = total(*_ACTIVE)
    return MirrorState(
        share=share,
        copies=copies,
        answers=max(copies - sum(lost.values()) - active, 0),
        lost=lost,
        active=active,
    )
