"""Routes as a gateway accepts them."""

from __future__ import annotations

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.behaviour import Behaviours
from tests.kubernetes.controllers.conditions import Object, condition, kept, set_status

CONTROLLER = "example.com/gateway"


class Gateway:
    """What a Gateway API implementation does with HTTPRoutes.

    Args:
        client: of the API.
        behaviours: whether routes are accepted.
    """

    def __init__(self, client: Client, behaviours: Behaviours) -> None:
        self._client, self._behaviours = client, behaviours

    def reconcile(self, route: Object) -> None:
        """Say for each parent whether the route is accepted, and its backends are there."""
        metadata, spec = route["metadata"], route.get("spec", {})
        refused = self._behaviours.route
        missing = sorted(self._missing(route))
        said = f"Service {', '.join(missing)} not found" if missing else "All references resolved"
        conditions = [
            condition("Accepted", not refused, refused or "Accepted", "Route is accepted")
            if not refused
            else condition("Accepted", False, refused, "Route is not accepted"),
            condition(
                "ResolvedRefs", not missing, "BackendNotFound" if missing else "ResolvedRefs", said
            ),
        ]
        old = {
            one["parentRef"]["name"]: one["conditions"]
            for one in route.get("status", {}).get("parents", ())
        }
        parents = [
            {
                "parentRef": parent,
                "controllerName": CONTROLLER,
                "conditions": [
                    {**one, "observedGeneration": metadata["generation"]}
                    for one in kept(conditions, old.get(parent["name"], ()))
                ],
            }
            for parent in spec.get("parentRefs", ())
        ]
        set_status(self._client, route, {"parents": parents})

    def _missing(self, route: Object) -> set[str]:
        names = set()
        for rule in route.get("spec", {}).get("rules", ()):
            names |= {one["name"] for one in rule.get("backendRefs", ())}
            for one in rule.get("filters", ()):
                if one["type"] == "RequestMirror":
                    names.add(one["requestMirror"]["backendRef"]["name"])
        namespace = route["metadata"]["namespace"]
        return {one for one in names if not self._client.get("Service", namespace, one)}
