"""Whether a gateway has taken a route as it is now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]

_GROUP, _KIND = "gateway.networking.k8s.io", "Gateway"
_CONDITIONS = ("Accepted", "ResolvedRefs")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the gateways of a route say of its current generation.

    Attributes:
        accepted: all of them follow it.
        refused: why one does not; empty where none has said so.
        waiting: which ones have said nothing yet.
    """

    accepted: bool
    refused: str = ""
    waiting: str = ""


def acceptance(route: Manifest) -> Acceptance:
    """What gateways say of a route; a condition of an earlier generation says nothing."""
    generation, namespace = route["metadata"]["generation"], route["metadata"]["namespace"]
    parents = (route.get("spec") or {}).get("parentRefs") or ()
    if not parents:
        return Acceptance(False, refused="the route names no Gateway (spec.parentRefs is empty)")
    statuses = (route.get("status") or {}).get("parents") or ()
    refused, waiting = [], []
    for parent in parents:
        name = _name(parent, namespace)
        found = [one for one in statuses if _same(one["parentRef"], parent, namespace)]
        if not found:
            waiting.append(name)
        for status in found:
            conditions = {one["type"]: one for one in status.get("conditions") or ()}
            for kind in _CONDITIONS:
                condition = conditions.get(kind)
                if condition is None or _generation(condition) < generation:
                    waiting.append(f"{name} ({status.get('controllerName', '')}, {kind})")
                elif condition["status"] == "False":
                    why = f"{condition.get('reason', '')}: {condition.get('message', '')}"
                    refused.append(f"{name} says {kind} is False ({why})")
                elif condition["status"] != "True":
                    waiting.append(f"{name} ({kind} is {condition['status']})")
    return Acceptance(
        accepted=not refused and not waiting,
        refused="; ".join(dict.fromkeys(refused)),
        waiting=", ".join(dict.fromkeys(waiting)),
    )


def _generation(condition: Manifest) -> int:
    return condition.get("observedGeneration") or 0


def _key(parent: Manifest, namespace: str) -> tuple[Any, ...]:
    return (
        parent.get("group", _GROUP),
        parent.get("kind", _KIND),
        parent.get("namespace") or namespace,
        parent["name"],
        parent.get("sectionName"),
        parent.get("port"),
    )


def _same(one: Manifest, other: Manifest, namespace: str) -> bool:
    return _key(one, namespace) == _key(other, namespace)


def _name(parent: Manifest, namespace: str) -> str:
    name = f"{parent.get('kind', _KIND)} {parent.get('namespace') or namespace}/{parent['name']}"
    return f"{name}:{parent['sectionName']}" if parent.get("sectionName") else name
