"""Canaries: what the webhook refuses, and what it lets through to do something else."""

from __future__ import annotations

from math import ceil

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, INFO, WARNING, Problems, rule
from phasegate.manifests.services import InferenceService, inference_services

_FIXED = ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling", "workerSpec")


@rule(
    "PGM219",
    "canary-list",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Standard mode; a name of its own for each canary; percentages that sum to 100 at most; "
    "fixed replicas, no more than the stable predictor's.",
)
def canary_list(stream: Stream) -> Problems:
    """An entry of spec.canary breaks one of KServe's rules."""
    for service in inference_services(stream):
        canary = service.object.node.at("spec", "canary")
        if canary is None or not isinstance(canary.value, list) or not canary.value:
            continue
        if service.mode != "Standard":
            yield Problem(
                service.object,
                canary,
                f"spec.canary is set in {service.mode or 'no stated'} mode, and needs Standard",
                "Set the annotation serving.kserve.io/deploymentMode: Standard.",
            )
        shares = [one.integer("trafficPercent") or 0 for one in canary.value]
        if sum(shares) > 100:
            yield Problem(service.object, canary, f"canaries get {sum(shares)} % in all")
        names = {service.predictor.node.text("name") or ""}
        for entry in canary.value:
            yield from _entry(service, entry, names)


def _entry(service: InferenceService, entry: Node, names: set[str]) -> Problems:
    predictor = entry.at("predictor") or entry
    name = predictor.text("name") or ""
    if not name:
        yield Problem(service.object, predictor, "a canary's predictor has no name")
    elif name in names:
        yield Problem(
            service.object, predictor.at("name") or predictor, f"the name {name} is taken"
        )
    names.add(name)
    share = entry.integer("trafficPercent")
    if share is not None and not 0 <= share <= 100:
        yield Problem(
            service.object, entry.at("trafficPercent") or entry, f"trafficPercent is {share}"
        )
    for key in _FIXED:
        node = predictor.at(key)
        if node is not None and node.value not in (None, 0):
            yield Problem(service.object, node, f"a canary sets {key}")
    own, stable = predictor.integer("minReplicas"), _stable(service)
    if own is not None and own > stable:
        yield Problem(
            service.object,
            predictor.at("minReplicas") or predictor,
            f"the canary's minReplicas is {own}, and the stable predictor's is {stable}",
        )


@rule(
    "PGM301",
    "dark-launch-without-pods",
    ERROR,
    why="KServe runs ceil(stable replicas x percent) pods of a canary: at 0 % that is none, so "
    "nothing is launched, and nothing is warm when its share grows.",
    fix="Set minReplicas of the canary's predictor to 1 or more.",
)
def dark_launch_without_pods(stream: Stream) -> Problems:
    """A canary at 0 % has no minReplicas, and so no pods."""
    for service in inference_services(stream):
        for entry, canary in service.canaries:
            share = entry.integer("trafficPercent")
            replicas = canary.node.integer("minReplicas")
            if share == 0 and not replicas:
                yield Problem(
                    service.object,
                    entry.at("trafficPercent") or entry,
                    f"canary {canary.node.text('name') or ''} has 0 % and "
                    f"{'no minReplicas' if replicas is None else 'minReplicas of 0'}",
                )


@rule(
    "PGM302",
    "canary-percent-in-standard-mode",
    ERROR,
    why="Only Knative splits by it. In Standard mode it is ignored without a word: the new version "
    "gets all requests at once.",
    fix="Use two InferenceServices and an HTTPRoute with weights, or the Knative mode.",
)
def canary_percent_in_standard_mode(stream: Stream) -> Problems:
    """A canaryTrafficPercent is set in Standard mode, which ignores it."""
    for service in inference_services(stream):
        if service.mode != "Standard":
            continue
        for component in service.components:
            node = component.node.at("canaryTrafficPercent")
            if node is not None and node.value is not None:
                yield Problem(
                    service.object, node, f"canaryTrafficPercent of {node.value} is ignored"
                )


@rule(
    "PGM309",
    "canary-percent-without-a-mode",
    WARNING,
    why="Where the cluster's default is the Standard mode it is ignored without a word, and the "
    "new version gets all requests at once.",
    fix="Set the annotation serving.kserve.io/deploymentMode: Knative.",
)
def canary_percent_without_a_mode(stream: Stream) -> Problems:
    """A canaryTrafficPercent is left to the cluster's default mode."""
    for service in inference_services(stream):
        if service.mode is not None:
            continue
        for component in service.components:
            node = component.node.at("canaryTrafficPercent")
            if node is not None and node.value is not None:
                yield Problem(
                    service.object, node, "canaryTrafficPercent is set, and no deploymentMode is"
                )


@rule(
    "PGM303",
    "canary-needs-new-kserve",
    INFO,
    why="An older KServe drops the field, and the canary does not exist.",
    fix="Make sure that the cluster runs KServe 0.21 or later.",
)
def canary_needs_new_kserve(stream: Stream) -> Problems:
    """A field spec.canary needs KServe 0.21."""
    for service in inference_services(stream):
        canary = service.object.node.at("spec", "canary")
        if canary is not None and isinstance(canary.value, list) and canary.value:
            yield Problem(service.object, canary, "spec.canary needs KServe 0.21")


@rule(
    "PGM306",
    "canary-takes-replicas",
    WARNING,
    why="KServe subtracts the pods of ready canaries from the stable minReplicas, down to 1: at a "
    "rollback the stable version has too few pods for all requests.",
    fix="Raise minReplicas of the stable predictor by the canaries' replicas.",
)
def canary_takes_replicas(stream: Stream) -> Problems:
    """Pods of canaries are taken from the stable predictor's minimum."""
    for service in inference_services(stream):
        stated = service.predictor.node.at("minReplicas")
        if stated is None or not service.canaries:
            continue
        stable = _stable(service)
        taken = sum(
            ceil(stable * (entry.integer("trafficPercent") or 0) / 100)
            if (own := canary.node.integer("minReplicas")) is None
            else own
            for entry, canary in service.canaries
        )
        left = max(stable - taken, 1)
        if taken > 0 and left < stable:
            yield Problem(
                service.object,
                stated,
                f"canaries take {taken} of {stable} replicas, which leaves the stable "
                f"predictor {left}",
            )


def _stable(service: InferenceService) -> int:
    stated = service.predictor.node.integer("minReplicas")
    return 1 if stated is None else stated
