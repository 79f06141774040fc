"""Pods that objects describe: workloads, serving runtimes, components of InferenceServices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phasegate.linting.node import Node
from phasegate.manifests.objects import KSERVE, KubernetesObject, Stream, texts
from phasegate.manifests.services import InferenceService

_TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("serving.knative.dev", "Service"): ("spec", "template"),
}
_RUNTIMES = ("ServingRuntime", "ClusterServingRuntime")


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod.

    Attributes:
        node: its specification.
        name: its name.
        initial: whether it runs before the others.
    """

    node: Node
    name: str
    initial: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as an object describes it.

    Attributes:
        object: it is in.
        node: its specification.
        path: of the specification.
        labels: of its pods.
        served: whether it answers requests over a Service.
        partial: whether KServe completes it from a runtime.
    """

    object: KubernetesObject
    node: Node
    path: str
    labels: dict[str, str]
    served: bool
    partial: bool = False

    def containers(self, *, initial: bool = True) -> Iterator[Container]:
        """Its containers in order, and then those that run before them."""
        for node in self.node.items("containers"):
            if isinstance(node.value, dict):
                yield Container(node, node.text("name") or "")
        if initial:
            for node in self.node.items("initContainers"):
                if isinstance(node.value, dict):
                    yield Container(node, node.text("name") or "", initial=True)


def pods(stream: Stream) -> list[Pod]:
    """All pods that the objects describe."""
    return stream.view(_pods)


def _pods(stream: Stream) -> list[Pod]:
    return list(_described(stream))


def _described(stream: Stream) -> Iterator[Pod]:
    for one in stream.objects:
        template = _TEMPLATES.get((one.group, one.kind))
        if template is not None:
            holder = one.node.at(*template) if template else one.node
            node = holder.at("spec") if holder is not None else None
            if holder is not None and node is not None:
                labels = texts(holder.at("metadata", "labels"))
                served = one.kind not in ("Job", "CronJob", "DaemonSet") and _has_port(node)
                yield Pod(one, node, ".".join((*template, "spec")), labels, served)
        elif one.group != KSERVE:
            continue
        elif one.kind in _RUNTIMES and (node := one.node.at("spec")) is not None:
            yield Pod(one, node, "spec", {}, served=True)
            worker = node.at("workerSpec")
            if worker is not None:
                yield Pod(one, worker, "spec.workerSpec", {}, served=False)
        elif one.kind == "ClusterStorageContainer":
            container = one.node.at("spec", "container")
            if container is not None:  # KServe runs it before the model server
                node = Node({"initContainers": Node([container], container.line)}, container.line)
                yield Pod(one, node, "spec", {}, served=False)
        elif one.kind == "InferenceService":
            yield from _of_service(InferenceService(one))


def _of_service(service: InferenceService) -> Iterator[Pod]:
    for component in [*service.components, *(one for _, one in service.canaries)]:
        role = "predictor" if component.role == "canary" else component.role
        labels = {
            "serving.kserve.io/inferenceservice": service.name,
            "component": role,
            "app": f"isvc.{service.name}-{role}",
            **service.object.labels,
            **texts(component.node.at("labels")),
        }
        yield Pod(
            service.object,
            component.node,
            component.path,
            labels,
            served=True,
            partial=component.model() is not None or component.node.at("art") is not None,
        )


def _has_port(node: Node) -> bool:
    return any(True for one in node.items("containers") for _ in one.items("ports"))
