"""The proxy's state as evidence."""

from __future__ import annotations

from phasegate.release.evidence import Proportion, Traffic
from phasegate.traffic.state import BackendState, TrafficState


def traffic_of(state: TrafficState) -> Traffic:
    """What a release needs to know of the proxy; requests under way are not counted yet."""
    challenger, mirror = state.challenger, state.mirror
    copies = Proportion(0, 0)
    if mirror is not None:
        lost = sum(mirror.lost.values())
        copies = Proportion(lost, mirror.answers + lost)
    return Traffic(
        champion=state.champion.backend.name,
        challenger=challenger.backend.name if challenger else "",
        weight=challenger.share if challenger else 0,
        mirror=mirror.share if mirror else 0,
        killed=state.killed,
        champion_errors=_errors(state.champion),
        challenger_errors=_errors(challenger) if challenger else Proportion(0, 0),
        copies_lost=copies,
        challenger_healthy=challenger is not None and challenger.healthy,
    )


def _errors(backend: BackendState) -> Proportion:
    return Proportion(backend.errors, backend.errors + backend.answers)
