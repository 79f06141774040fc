"""Objects that select pods: disruption budgets, network policies, autoscalers, Services."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from phasegate.linting.node import Node
from phasegate.manifests.objects import KubernetesObject, Problem, Stream, selected
from phasegate.manifests.pods import Pod, pods
from phasegate.manifests.rules.registry import ERROR, WARNING, Problems, rule
from phasegate.manifests.services import AUTOSCALER, InferenceService, service_for

_WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet")


@rule(
    "PGM701",
    "budget-that-blocks",
    ERROR,
    why="No pod may ever be evicted: a node cannot be drained, and cluster upgrades hang.",
    fix="Let maxUnavailable be 1 or more, or minAvailable less than the replicas.",
)
def budget_that_blocks(stream: Stream) -> Problems:
    """A PodDisruptionBudget allows no eviction of the pods that it selects."""
    for budget in stream.of_kind("PodDisruptionBudget", "policy"):
        spec = budget.node.at("spec") or Node({}, budget.node.line)
        most, least = spec.at("maxUnavailable"), spec.at("minAvailable")
        if most is not None and most.value in (0, "0", "0%"):
            yield Problem(budget, most, f"maxUnavailable is {most.value}")
        if least is None:
            continue
        if least.value == "100%":
            yield Problem(budget, least, "minAvailable is 100%")
        elif isinstance(least.value, int) and not isinstance(least.value, bool):
            for pod in _selected(stream, budget, spec.at("selector")):
                replicas = _replicas(stream, pod)
                if replicas is not None and replicas <= least.value:
                    yield Problem(
                        budget,
                        least,
                        f"minAvailable is {least.value}, and {pod.object} has {replicas} replicas",
                    )
                    break


@rule(
    "PGM702",
    "policy-that-selects-nothing",
    WARNING,
    why="It protects nothing, and looks as if it did.",
    fix="Correct podSelector; KServe labels pods serving.kserve.io/inferenceservice: NAME and "
    "component: predictor.",
)
def policy_that_selects_nothing(stream: Stream) -> Problems:
    """A NetworkPolicy selects none of the pods here."""
    for policy in stream.of_kind("NetworkPolicy", "networking.k8s.io"):
        selector = policy.node.at("spec", "podSelector")
        if selector is None or not selector.value or not _has_pods(stream, policy):
            continue
        if not any(True for _ in _selected(stream, policy, selector)):
            yield Problem(policy, selector, "podSelector takes none of the pods here")


@rule(
    "PGM703",
    "two-autoscalers",
    ERROR,
    why="Each undoes what the other set, and the number of pods swings.",
    fix="Annotate the InferenceService serving.kserve.io/autoscalerClass: external (or none), or "
    "remove your own autoscaler.",
)
def two_autoscalers(stream: Stream) -> Problems:
    """A HorizontalPodAutoscaler scales a Deployment that KServe, or another one, scales as well."""
    seen: dict[tuple[str, str, str], KubernetesObject] = {}
    for scaler in stream.of_kind("HorizontalPodAutoscaler", "autoscaling"):
        target = scaler.node.at("spec", "scaleTargetRef")
        name = target.text("name") if target is not None else None
        if target is None or name is None:
            continue
        key = (scaler.namespace, target.text("kind") or "", name)
        if key in seen:
            yield Problem(scaler, target, f"{seen[key]} scales {name} as well")
            continue
        seen[key] = scaler
        service = service_for(stream, scaler, name)
        if service is not None and service.mode != "Knative" and _scales_itself(service):
            yield Problem(scaler, target, f"KServe scales {name} as well")


@rule(
    "PGM704",
    "budget-that-selects-nothing",
    WARNING,
    why="The pods that it should keep are evicted all at once when nodes are drained.",
    fix="Correct its selector.",
)
def budget_that_selects_nothing(stream: Stream) -> Problems:
    """A PodDisruptionBudget selects none of the pods here."""
    for budget in stream.of_kind("PodDisruptionBudget", "policy"):
        selector = budget.node.at("spec", "selector")
        if selector is None or not _has_pods(stream, budget):
            continue
        if selector.value and not any(True for _ in _selected(stream, budget, selector)):
            yield Problem(budget, selector, "its selector takes none of the pods here")


def _selected(stream: Stream, by: KubernetesObject, selector: Node | None) -> Iterator[Pod]:
    return (pod for pod in _near(stream, by) if selected(selector, pod.labels))


def _has_pods(stream: Stream, near: KubernetesObject) -> bool:
    return any(True for _ in _near(stream, near))


def _near(stream: Stream, one: KubernetesObject) -> Iterator[Pod]:
    """Pods with labels that may be in an object's namespace."""
    by_namespace = stream.view(_labelled)
    if not one.namespace:
        return chain.from_iterable(by_namespace.values())
    return chain(by_namespace.get(one.namespace, ()), by_namespace.get("", ()))


def _labelled(stream: Stream) -> dict[str, list[Pod]]:
    found: dict[str, list[Pod]] = {}
    for pod in pods(stream):
        if pod.labels:
            found.setdefault(pod.object.namespace, []).append(pod)
    return found


def _replicas(stream: Stream, pod: Pod) -> int | None:
    """The fewest pods there will be, as far as the manifests say."""
    for scaler in stream.of_kind("HorizontalPodAutoscaler", "autoscaling"):
        if scaler.node.text("spec", "scaleTargetRef", "name") == pod.object.name:
            least = scaler.node.integer("spec", "minReplicas")
            return 1 if least is None else least
    if pod.object.kind == "InferenceService":
        least = pod.node.integer("minReplicas")
        return 1 if least is None else least
    if pod.object.kind in _WORKLOADS:
        replicas = pod.object.node.integer("spec", "replicas")
        return 1 if replicas is None else replicas
    return None


def _scales_itself(service: InferenceService) -> bool:
    return service.object.annotations.get(AUTOSCALER, "hpa") in ("hpa", "keda")
