"""Replicas, concurrency and percentages of components."""

from __future__ import annotations

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.routes import route_rules
from phasegate.manifests.rules.registry import ERROR, WARNING, Problems, rule
from phasegate.manifests.services import inference_services, service_for

_MODEL_LABEL = "phasegate.dev/model"


@rule(
    "PGM206",
    "replica-bounds",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Let 0 <= minReplicas <= maxReplicas; maxReplicas of 0 means no bound.",
)
def replica_bounds(stream: Stream) -> Problems:
    """A number of replicas is negative, or minReplicas is more than maxReplicas."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            low, high = component.node.integer("minReplicas"), component.node.integer("maxReplicas")
            for key, value in (("minReplicas", low), ("maxReplicas", high)):
                if value is not None and value < 0:
                    yield Problem(service.object, _at(component.node, key), f"{key} is {value}")
            least = 1 if low is None else low
            if high and high > 0 and least > high:
                said = "" if low is not None else " by default"
                yield Problem(
                    service.object,
                    _at(component.node, "minReplicas" if low is not None else "maxReplicas"),
                    f"minReplicas is {least}{said}, and maxReplicas is {high}",
                )


@rule(
    "PGM207",
    "container-concurrency",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Use 0 for no bound, or a positive number.",
)
def container_concurrency(stream: Stream) -> Problems:
    """A containerConcurrency is negative."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            value = component.node.integer("containerConcurrency")
            if value is not None and value < 0:
                yield Problem(
                    service.object,
                    _at(component.node, "containerConcurrency"),
                    f"containerConcurrency is {value}",
                )


@rule(
    "PGM222",
    "canary-percent",
    ERROR,
    why="The schema has no bounds for it: the API server accepts 250, and Knative fails later.",
    fix="Use 0 to 100.",
)
def canary_percent(stream: Stream) -> Problems:
    """A canaryTrafficPercent is outside of 0 to 100."""
    for service in inference_services(stream):
        for component in service.components:
            value = component.node.integer("canaryTrafficPercent")
            if value is not None and not 0 <= value <= 100:
                yield Problem(
                    service.object,
                    _at(component.node, "canaryTrafficPercent"),
                    f"canaryTrafficPercent is {value}",
                )


@rule(
    "PGM307",
    "scaled-to-zero-slot",
    WARNING,
    why="The first request, or a rollback, waits until a pod is scheduled and a model loaded.",
    fix="Set minReplicas to 1 or more, so that a rollback finds the slot warm.",
)
def scaled_to_zero_slot(stream: Stream) -> Problems:
    """An InferenceService that a route sends requests to may be scaled to zero."""
    routed = _routed(stream)
    for service in inference_services(stream):
        if service.predictor.node.integer("minReplicas") != 0:
            continue
        if _MODEL_LABEL in service.object.labels or id(service.object) in routed:
            yield Problem(
                service.object, _at(service.predictor.node, "minReplicas"), "minReplicas is 0"
            )


def _routed(stream: Stream) -> set[int]:
    return {
        id(service.object)
        for one in route_rules(stream)
        for backend in one.backends()
        if (service := service_for(stream, one.route, backend.name)) is not None
    }


def _at(node: Node, key: str) -> Node:
    return node.at(key) or node
