"""HTTPRoutes: their rules, where requests go, and where copies go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phasegate.linting.node import Node
from phasegate.manifests.objects import GATEWAY, KubernetesObject, Stream


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service that a rule sends requests to.

    Attributes:
        node: the reference.
        name: of the Service; empty where the reference is to something else.
        namespace: of the Service; the route's own by default.
        weight: its share; 1 where it is not said.
    """

    node: Node
    name: str
    namespace: str
    weight: int


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One rule of a route."""

    route: KubernetesObject
    node: Node

    def backends(self) -> list[Backend]:
        """Where requests go."""
        return [self._backend(one) for one in self.node.items("backendRefs")]

    def filters(self) -> Iterator[Node]:
        """Filters of the rule and of its backends."""
        yield from self.node.items("filters")
        for backend in self.node.items("backendRefs"):
            yield from backend.items("filters")

    def mirrors(self) -> Iterator[tuple[Node, Backend]]:
        """Filters that copy requests, each with where the copies go."""
        for one in self.filters():
            target = one.at("requestMirror", "backendRef")
            if one.text("type") == "RequestMirror" and target is not None:
                yield one, self._backend(target)

    def set_headers(self) -> set[str]:
        """Names of request headers that it sets or adds, in lower case."""
        return {
            (header.text("name") or "").lower()
            for one in self.filters()
            for verb in ("set", "add")
            for header in one.items("requestHeaderModifier", verb)
        }

    def _backend(self, node: Node) -> Backend:
        kind, group = node.text("kind") or "Service", node.text("group") or ""
        name = node.text("name") or ""
        weight = node.integer("weight")
        return Backend(
            node,
            name if (kind, group) == ("Service", "") else "",
            node.text("namespace") or self.route.namespace,
            1 if weight is None else weight,
        )


def route_rules(stream: Stream) -> list[RouteRule]:
    """All rules of all HTTPRoutes."""
    return stream.view(_route_rules)


def _route_rules(stream: Stream) -> list[RouteRule]:
    return [
        RouteRule(route, node)
        for route in stream.of_kind("HTTPRoute", GATEWAY)
        for node in route.node.items("spec", "rules")
        if isinstance(node.value, dict)
    ]
