"""What stands before a change of traffic: edits by hand, and models that have to show themselves.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from phasegate.errors import BadInput
from phasegate.traffic.kserve.keeping import CORRECT, DRIFT, editors, respects_edits
from phasegate.traffic.kserve.shares import Shares, difference
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan, effective


def edits(route: Mapping[str, Any], found: Shares, wanted: Shares) -> str:
    """How a route does something else than planned, and by whom; empty where it does not."""
    told = difference(found, wanted)
    by = ", ".join(editors(route))
    return f"the route was edited{f' by {by}' if by else ''}: {told}" if told else ""


def respect(route: Mapping[str, Any], plan: TrafficPlan, told: str) -> None:
    """Leave a route alone that was edited by hand, where it asks for that.

    A plan that takes the challenger away is carried out all the same: respect is for who tries
    something, and must not stand in the way of a rollback.

    Args:
        route: as it is.
        plan: that would be carried out.
        told: how the route does something else than planned, from `edits`.

    Raises:
        BadInput: it is left alone.
    """
    if not told or plan.killed or plan.challenger is None or not respects_edits(route):
        return
    about = route["metadata"]
    raise BadInput(
        f"{told}; left alone, as its annotation {DRIFT} says",
        where=f"HTTPRoute {about['namespace']}/{about['name']}",
        fix=f"undo that, or set the annotation to {CORRECT}",
    )


def gaining(
    plan: TrafficPlan,
    previous: TrafficPlan | None,
    found: Shares,
    service: Callable[[Backend], str],
) -> list[Backend]:
    """Backends that a plan gives more than they have now, and that must show that they answer.

    Who was the champion already, and answers, may get everything at any time: that is the way back.

    Args:
        plan: the new one.
        previous: the one that is kept.
        found: where requests go now.
        service: of a backend.
    """
    heeded = effective(plan)
    wanted = [(plan.champion, WHOLE - heeded.weight, 0)]
    if plan.challenger is not None:
        wanted.append((plan.challenger, heeded.weight, heeded.mirror))
    result = []
    for backend, weight, mirror in wanted:
        name = service(backend)
        have = min(found.sticky.get(name, 0), found.drawn.get(name, 0))
        copies = min(part.get(name, 0) for part in found.copied)
        if previous is not None and backend == previous.champion == plan.champion and have:
            continue
        if weight > have or mirror > copies:
            result.append(backend)
    return result
