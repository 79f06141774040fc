"""What is kept on a route besides its rules: the plan, the kill switch, who has answered. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import MANAGER
from phasegate.traffic.plan import TrafficPlan

PLAN = "phasegate.dev/plan"
KILLED = "phasegate.dev/killed"
ANSWERED = "phasegate.dev/answered"
COUNTS = "phasegate.dev/counts"
DRIFT = "phasegate.dev/drift"  # the overlay's
CORRECT, RESPECT = "correct", "respect"

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the annotations of a route say.

    Attributes:
        plan: the last one; None where there was none.
        killed: whether the kill switch is pulled, whatever the plan says.
        answered: slots whose model has answered a real request since it was deployed.
        counts: what pods had counted when the pair began: by role, then by pod.
    """

    plan: TrafficPlan | None = None
    killed: bool = False
    answered: tuple[str, ...] = ()
    counts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, route: Manifest) -> Kept:
        """What a route's annotations say.

        Raises:
            BadInput: somebody wrote something else there.
        """
        notes = annotations(route)
        about = route["metadata"]
        where = f"HTTPRoute {about['namespace']}/{about['name']}, annotation"
        plan = _json(notes.get(PLAN), f"{where} {PLAN}")
        answered = _json(notes.get(ANSWERED), f"{where} {ANSWERED}") or []
        counts = _json(notes.get(COUNTS), f"{where} {COUNTS}") or {}
        if not isinstance(answered, list) or not isinstance(counts, dict):
            raise _unreadable(f"{where} {ANSWERED} or {COUNTS}")
        return cls(
            plan=None if plan is None else TrafficPlan.from_json(plan, f"{where} {PLAN}"),
            killed=notes.get(KILLED) == "true",
            answered=tuple(map(str, answered)),
            counts=counts,
        )

    def annotations(self) -> dict[str, str]:
        """As they are written: all of them, since leaving one out does not unset it once somebody
        else has written it too.
        """
        notes = {
            PLAN: self.plan.to_json() if self.plan else None,
            ANSWERED: sorted(self.answered),
            COUNTS: self.counts,
        }
        texts = {key: canonical_json(note).decode() for key, note in notes.items()}
        return texts | {KILLED: "true" if self.killed else "false"}


def applied(route: Manifest, kept: Kept, rules: list[dict[str, Any]] | None) -> dict[str, Any]:
    """All that is ours on a route, for one server-side apply.

    The route's resourceVersion and uid are preconditions.

    Args:
        route: as read.
        rules: None gives them up.
    """
    about = route["metadata"]
    manifest: dict[str, Any] = {
        "metadata": {
            "name": about["name"],
            "namespace": about["namespace"],
            "uid": about["uid"],
            "resourceVersion": about["resourceVersion"],
            "annotations": kept.annotations(),
        }
    }
    if rules is not None:
        manifest["spec"] = {"rules": rules}
    return manifest


def is_applied(route: Manifest, manifest: Manifest) -> bool:
    """Whether a route is like that already."""
    wanted = (manifest.get("spec") or {}).get("rules")
    if ours(route) != manifest["metadata"]["annotations"]:
        return False
    return wanted == own_rules(route)


def ours(route: Manifest) -> dict[str, str]:
    """The annotations of a route that are ours."""
    notes = annotations(route)
    return {key: notes[key] for key in (PLAN, KILLED, ANSWERED, COUNTS) if key in notes}


def rules_in(route: Manifest) -> list[dict[str, Any]]:
    """The rules of a route."""
    return list((route.get("spec") or {}).get("rules") or ())


def own_rules(route: Manifest) -> list[dict[str, Any]] | None:
    """The rules of a route where we own them."""
    return rules_in(route) if MANAGER in _owners_of_rules(route) else None


def editors(route: Manifest) -> tuple[str, ...]:
    """Field managers other than ours that own the rules: who wrote them last."""
    return tuple(name for name in _owners_of_rules(route) if name != MANAGER)


def respects_edits(route: Manifest) -> bool:
    """Whether rules that were edited by hand are left alone.

    Raises:
        BadInput: the annotation says neither.
    """
    policy = annotations(route).get(DRIFT, CORRECT)
    if policy not in (CORRECT, RESPECT):
        about = route["metadata"]
        raise BadInput(
            f"{DRIFT} is '{policy}'",
            where=f"HTTPRoute {about['namespace']}/{about['name']}",
            expected=f"{CORRECT} or {RESPECT}",
        )
    return policy == RESPECT


def annotations(route: Manifest) -> Mapping[str, str]:
    """The annotations of an object."""
    return route["metadata"].get("annotations") or {}


def _owners_of_rules(route: Manifest) -> list[str]:
    return [
        entry.get("manager", "")
        for entry in route["metadata"].get("managedFields") or ()
        if "f:rules" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]


def _json(text: str | None, where: str) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise _unreadable(where) from None


def _unreadable(where: str) -> BadInput:
    return BadInput(
        "it holds something else than was written there",
        where=where,
        fix="remove the annotation, then apply the release again",
    )
