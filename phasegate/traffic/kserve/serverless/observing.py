"""The state of traffic, from what Knative routes, whatever a plan says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from phasegate.digests import digest_json
from phasegate.errors import BadInput
from phasegate.traffic.kserve.counts import Counted
from phasegate.traffic.kserve.serverless.keeping import Kept
from phasegate.traffic.kserve.serverless.percent import percent_of
from phasegate.traffic.kserve.serverless.replayed import MirrorCounts
from phasegate.traffic.kserve.serverless.standing import Standing
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan, effective
from phasegate.traffic.state import BackendState, MirrorState, TrafficState


def traffic_state(
    kept: Kept,
    standing: Standing,
    backend: Callable[[str], Backend],
    counted: Callable[[str], Counted],
    replayed: Callable[[str, str], MirrorCounts],
    drift: str,
) -> TrafficState:
    """What traffic is like.

    Args:
        kept: the plan that is kept.
        standing: of the InferenceService.
        backend: of a slot.
        counted: what a slot's pods have counted.
        replayed: what became of copies, for champion and challenger.
        drift: how it is not as planned, in words.

    Raises:
        BadInput: no model answers, and none is planned to.
    """
    shares = standing.shares()
    plan = in_force(kept, standing)
    killed = kept.killed or (plan is not None and plan.killed)
    champion, challenger = who(plan, shares)
    if champion is None:
        raise BadInput(
            "no model answers yet",
            where=f"InferenceService {standing.name}",
            fix="deploy one, and start traffic with a plan",
        )
    mirror = None
    if challenger is not None:
        share = effective(plan).mirror if plan and plan.challenger else 0
        copies, answers, lost = replayed(champion, challenger)
        mirror = MirrorState(share, copies, answers, lost, active=0)

    def state(role: str, slot: str) -> BackendState:
        count = counted(slot)
        return BackendState(
            role,
            backend(slot),
            shares.get(slot, 0),
            healthy=standing.serving(slot) is not None,
            requests=count.requests,
            answers=count.requests - count.errors,
            errors=count.errors,
            active=0,  # a predictor counts a request when it has answered it
        )

    return TrafficState(
        version=digest_json(
            {"shares": shares, "mirror": mirror.share if mirror else 0, "killed": killed}
        )[:16],
        killed=killed,
        champion=state("champion", champion),
        challenger=state("challenger", challenger) if challenger else None,
        mirror=mirror,
        fallbacks=0,  # Knative asks nobody else when a revision fails
        drift=drift,
    )


def in_force(kept: Kept, standing: Standing) -> TrafficPlan | None:
    """The plan that is routed: the one before, until Knative follows the new one."""
    routed = standing.shares()
    for plan in (kept.plan, kept.before):
        if plan is not None and shares_of(plan) == routed:
            return plan
    return kept.plan


def shares_of(plan: TrafficPlan) -> dict[str, int]:
    """Basis points that a plan gives to each slot; who gets none is left out."""
    weight = effective(plan).weight
    shares = {plan.champion.name: WHOLE - weight}
    if plan.challenger is not None:
        shares[plan.challenger.name] = weight
    return {slot: share for slot, share in shares.items() if share}


def drift(kept: Kept, standing: Standing, editors: Sequence[str]) -> str:
    """How somebody else made the percentage differ from the plan; empty where nobody did."""
    if kept.plan is None or not editors:
        return ""
    try:
        wanted = percent_of(kept.plan, standing)
    except BadInput:
        return ""
    if wanted == standing.percent:
        return ""
    told = ["absent" if one is None else f"{one}" for one in (standing.percent, wanted)]
    by = ", ".join(editors)
    return f"canaryTrafficPercent was edited by {by}: {told[0]}, and the plan says {told[1]}"


def who(plan: TrafficPlan | None, shares: Mapping[str, int]) -> tuple[str | None, str | None]:
    """Slots of champion and challenger: those of the plan, unless others are routed to."""
    planned = plan.champion.name if plan else None
    rival = plan.challenger.name if plan and plan.challenger else None
    largest_first = sorted(shares, key=lambda slot: (-shares[slot], slot))
    champion = planned if planned in shares else None
    if champion is None:
        champion = next((slot for slot in largest_first if slot != rival), planned)
    if rival is None:
        rival = next((slot for slot in largest_first if slot != champion), None)
    return champion, rival
