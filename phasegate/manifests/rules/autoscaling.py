"""Autoscaling of InferenceServices, as the webhook checks it for each mode and class."""

from __future__ import annotations

from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, Problems, rule
from phasegate.manifests.services import AUTOSCALER, InferenceService, inference_services

_CLASSES = ("hpa", "keda", "external", "none")
_KNATIVE_CLASS = "autoscaling.knative.dev/class"
_RESOURCE_METRICS = ("cpu", "memory")
_REQUEST_METRICS = ("concurrency", "rps")
_TARGETS = {
    "Utilization": "averageUtilization",
    "AverageValue": "averageValue",
    "Value": "value",
}


def scaler(service: InferenceService) -> str | None:
    """``hpa``, ``keda`` or ``kpa``, whose rules hold; None where none is known to."""
    if service.mode == "Standard":
        chosen = service.object.annotations.get(AUTOSCALER)
        return chosen if chosen in ("hpa", "keda") else None
    if service.object.annotations.get(_KNATIVE_CLASS) == "hpa.autoscaling.knative.dev":
        return "hpa"
    return "kpa" if service.mode == "Knative" else None


@rule(
    "PGM209",
    "autoscaler-class",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix=f"Use one of {', '.join(_CLASSES)}; Knative's own autoscaler needs no annotation.",
)
def autoscaler_class(stream: Stream) -> Problems:
    """The annotation serving.kserve.io/autoscalerClass is none of the classes."""
    for service in inference_services(stream):
        chosen = service.object.annotations.get(AUTOSCALER)
        if chosen is not None and chosen not in _CLASSES:
            yield Problem(
                service.object,
                service.object.annotation_node(AUTOSCALER),
                f"autoscalerClass is {chosen!r}",
            )


@rule(
    "PGM210",
    "scale-metric",
    ERROR,
    why="KServe's webhook refuses the object, or its schema does.",
    fix="HPA: cpu or memory. Knative: concurrency or rps. KEDA: autoScaling.metrics instead.",
)
def scale_metric(stream: Stream) -> Problems:
    """A scaleMetric is none that the autoscaler knows."""
    for service in inference_services(stream):
        allowed: tuple[str, ...] = {
            "hpa": _RESOURCE_METRICS,
            "kpa": _REQUEST_METRICS,
            "keda": (),
            None: _RESOURCE_METRICS + _REQUEST_METRICS,
        }[scaler(service)]
        for component in service.components:
            node = component.node.at("scaleMetric")
            if node is not None and node.value is not None and node.value not in allowed:
                by = scaler(service)
                known = f", and {by} knows {' and '.join(allowed) or 'none'}" if by else ""
                yield Problem(service.object, node, f"scaleMetric is {node.value}{known}")


@rule(
    "PGM211",
    "scale-target",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="cpu: 1 to 100 per cent. memory: 1 or more. rps: 1 or more.",
)
def scale_target(stream: Stream) -> Problems:
    """A scaleTarget is outside of what its metric allows."""
    for service in inference_services(stream):
        by = scaler(service)
        for component in service.components:
            target = component.node.integer("scaleTarget")
            if target is None:
                continue
            metric = component.node.text("scaleMetric") or ("cpu" if by == "hpa" else "concurrency")
            wrong = (by == "hpa" and not 1 <= target <= 100) or (metric == "rps" and target < 1)
            if wrong or target < 0:
                yield Problem(
                    service.object,
                    component.node.at("scaleTarget") or component.node,
                    f"scaleTarget is {target} for {metric}",
                )


@rule(
    "PGM212",
    "scaling-metrics",
    ERROR,
    why="KServe's webhook refuses the object, or no autoscaler is made.",
    fix="Give each metric the block of its type, with a target of the type that it names.",
)
def scaling_metrics(stream: Stream) -> Problems:
    """An entry of autoScaling.metrics is incomplete, or of a type that the autoscaler lacks."""
    for service in inference_services(stream):
        by = scaler(service)
        if by not in ("hpa", "keda"):
            continue
        for component in service.components:
            for entry in component.node.items("autoScaling", "metrics"):
                for node, what in _metric(entry, by):
                    yield Problem(service.object, node, what)


def _metric(entry: Node, by: str) -> Iterator[tuple[Node, str]]:
    kind = entry.text("type")
    node = entry.at("type") or entry
    if kind not in (("Resource",) if by == "hpa" else ("Resource", "External", "PodMetric")):
        yield node, f"a metric of type {kind} is none that {by} knows"
        return
    block = {"Resource": "resource", "External": "external", "PodMetric": "podmetric"}[kind]
    source = entry.at(block)
    if source is None:
        yield node, f"a metric of type {kind} has no {block}"
        return
    if kind != "Resource" and not source.text("metric", "query"):
        yield source, f"the {block} metric has no query"
    if by == "keda":
        yield from _target(source, kind)


def _target(source: Node, kind: str) -> Iterator[tuple[Node, str]]:
    target = source.at("target")
    if target is None:
        yield source, "a metric has no target"
        return
    said = target.text("type") or ""
    name = source.text("name")
    allowed = {"cpu": ("Utilization",), "memory": ("Utilization", "AverageValue")}
    if kind == "Resource" and name in allowed and said not in allowed[name]:
        yield target, f"the target of {name} is of type {said or 'none'}"
    elif said in _TARGETS and target.at(_TARGETS[said]) is None:
        yield target, f"a target of type {said} has no {_TARGETS[said]}"
    elif kind != "Resource" and target.at("value") is None:
        yield target, "the target has no value"
    share = target.integer("averageUtilization")
    if said == "Utilization" and share is not None and not 1 <= share <= 100:
        yield target.at("averageUtilization") or target, f"averageUtilization is {share}"


@rule(
    "PGM213",
    "strategy-in-knative-mode",
    ERROR,
    why="Knative replaces revisions itself, and KServe's webhook refuses the field there.",
    fix="Remove deploymentStrategy, or use the Standard mode.",
)
def strategy_in_knative_mode(stream: Stream) -> Problems:
    """A deploymentStrategy is set in Knative mode."""
    for service in inference_services(stream):
        for component in service.components:
            node = component.node.at("deploymentStrategy")
            if node is not None and node.value is not None and scaler(service) == "kpa":
                yield Problem(service.object, node, "deploymentStrategy is set in Knative mode")
