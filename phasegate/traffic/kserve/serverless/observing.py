"""The state of traffic, from what Knative routes, whatever a plan says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phasegate.digests import digest_json
from phasegate.errors import BadInput
from phasegate.traffic.kserve.serverless.keeping import Kept
from phasegate.traffic.kserve.serverless.replayed import MirrorCounts
from phasegate.traffic.kserve.serverless.standing import Standing
from phasegate.traffic.plan import Backend, effective
from phasegate.traffic.state import BackendState, MirrorState, TrafficState

Counted = tuple[int, int, int, int]  # requests, answers, errors, active


def traffic_state(
    kept: Kept,
    standing: Standing,
    backend: Callable[[str], Backend],
    counted: Callable[[str], Counted],
    replayed: Callable[[str, str], MirrorCounts],
) -> TrafficState:
    """What traffic is like.

    Args:
        kept: the plan that is kept.
        standing: of the InferenceService.
        backend: of a slot.
        counted: what a slot's pods have counted.
        replayed: what became of copies, for champion and challenger.

    Raises:
        BadInput: no model answers, and none is planned to.
    """
    shares = standing.shares()
    champion, challenger = who(kept, shares)
    if champion is None:
        raise BadInput(
            "no model answers yet",
            where=f"InferenceService {standing.name}",
            fix="deploy one, and start traffic with a plan",
        )
    mirror = None
    if challenger is not None:
        share = effective(kept.plan).mirror if kept.plan and kept.plan.challenger else 0
        copies, answers, lost = replayed(champion, challenger)
        mirror = MirrorState(share, copies, answers, lost, active=0)

    def state(role: str, slot: str) -> BackendState:
        requests, answers, errors, active = counted(slot)
        return BackendState(
            role, backend(slot), shares.get(slot, 0), standing.serving(slot) is not None,
            requests, answers, errors, active,
        )  # fmt: skip

    return TrafficState(
        version=digest_json(
            {"shares": shares, "mirror": mirror.share if mirror else 0, "killed": kept.killed}
        )[:16],
        killed=kept.killed,
        champion=state("champion", champion),
        challenger=state("challenger", challenger) if challenger else None,
        mirror=mirror,
        fallbacks=0,  # Knative asks nobody else when a revision fails
    )


def who(kept: Kept, shares: Mapping[str, int]) -> tuple[str | None, str | None]:
    """Slots of champion and challenger: those of the plan, unless others are routed to."""
    planned = kept.plan.champion.name if kept.plan else None
    rival = kept.plan.challenger.name if kept.plan and kept.plan.challenger else None
    largest_first = sorted(shares, key=lambda slot: (-shares[slot], slot))
    champion = planned if planned in shares else None
    if champion is None:
        champion = next((slot for slot in largest_first if slot != rival), planned)
    if rival is None:
        rival = next((slot for slot in largest_first if slot != champion), None)
    return champion, rival
