"""What Envoy's counters say about the plan that it carries out."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

# Envoy's counters of copies that have no answer, by what became of them.
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
    names = [cluster_name(CHAMPION, plan.champion)]
    if plan.challenger is not None:
        names += [cluster_name(kind, plan.challenger) for kind in (CHALLENGER, SHADOW, LARGE)]
        names.append(cluster_name(CANARY, plan.challenger, plan.champion))
    return rf"^cluster\.({'|'.join(map(re.escape, names))})\.upstream_(rq|cx)_"


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
    champion = _backend(CHAMPION, plan.champion, WHOLE - shares.weight, hosts, counters, WATCH)
    if plan.challenger is None:
        return TrafficState(version, killed, champion, None, None, fallbacks=0)
    challenger = _backend(CHALLENGER, plan.challenger, shares.weight, hosts, counters, CHALLENGER)
    canary = _Counters(cluster_name(CANARY, plan.challenger, plan.champion), counters)
    return TrafficState(
        version,
        killed,
        champion,
        challenger,
        _mirror(plan.challenger, shares.mirror, counters),
        fallbacks=max(canary("rq_completed") - challenger.answers, 0),
    )


class _Counters:
    """Envoy's counters of one cluster; one that was never counted is 0."""

    def __init__(self, cluster: str, counters: Mapping[str, str]) -> None:
        self._prefix, self._counters = f"cluster.{cluster}.upstream_", counters

    def __call__(self, *names: str) -> int:
        return sum(int(self._counters.get(self._prefix + name, 0)) for name in names)


def _backend(
    role: str,
    backend: Backend,
    share: int,
    hosts: Mapping[str, Host],
    counters: Mapping[str, str],
    checked: str,
) -> BackendState:
    """A backend in a role; ``checked`` is the kind of cluster that checks its health."""
    name = cluster_name(role, backend)
    count = _Counters(name, counters)
    answers, active = hosts[name].answers, count("rq_active", "rq_pending_active")
    # A request that finds no connection is counted apart from those that are sent.
    requests = count("rq_total", "rq_pending_active", *_LOST["connection"][:1], *_LOST["limit"])
    return BackendState(
        role=role,
        backend=backend,
        share=share,
        healthy=hosts[cluster_name(checked, backend)].healthy,
        requests=requests,
        answers=answers,
        errors=max(requests - answers - active, 0),
        active=active,
    )


def _mirror(backend: Backend, share: int, counters: Mapping[str, str]) -> MirrorState:
    counts = [_Counters(cluster_name(kind, backend), counters) for kind in (SHADOW, LARGE)]
    active = sum(count("rq_active", "rq_pending_active") for count in counts)
    lost = {reason: sum(count(*names) for count in counts) for reason, names in _LOST.items()}
    copies = sum(
        count(
            "rq_total",
            "rq_pending_active",
            "rq_pending_failure_eject",
            *_LOST["limit"],
            *_LOST["sick"],
        )
        for count in counts
    )
    return MirrorState(
        share=share,
        copies=copies,
        answers=max(copies - sum(lost.values()) - active, 0),
        lost=lost,
        active=active,
    )
