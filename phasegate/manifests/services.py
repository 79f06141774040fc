"""InferenceServices: their mode, components, containers and the Services that KServe makes."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from phasegate.linting.node import Node
from phasegate.manifests.objects import KSERVE, KubernetesObject, Stream

MODE = "serving.kserve.io/deploymentMode"
AUTOSCALER = "serving.kserve.io/autoscalerClass"
VISIBILITY = ("networking.kserve.io/visibility", "networking.knative.dev/visibility")
SERVER = "kserve-container"
TRANSFORMER = "transformer-container"
FRAMEWORKS = (
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
_OLD_MODES = {"RawDeployment": "Standard", "Serverless": "Knative"}


@dataclass(frozen=True, slots=True)
class Component:
    """A predictor, transformer, explainer or canary.

    Attributes:
        role: ``predictor``, ``transformer``, ``explainer`` or ``canary``.
        path: such as ``spec.predictor``.
        node: its specification, which is a pod's as well.
    """

    role: str
    path: str
    node: Node

    def model(self) -> tuple[str, Node] | None:
        """The field that names the model server and its node: ``model`` or a framework's."""
        for key in ("model", *FRAMEWORKS):
            node = self.node.at(key)
            if node is not None and isinstance(node.value, dict):
                return key, node
        return None

    def format(self) -> tuple[str, Node] | None:
        """The model's format and where it is said."""
        found = self.model()
        if found is None:
            return None
        key, node = found
        if key != "model":
            return key, node
        name = node.at("modelFormat", "name")
        return (name.value, name) if name is not None and isinstance(name.value, str) else None

    def containers(self) -> list[Node]:
        """Containers of its own, in order."""
        return [one for one in self.node.items("containers") if isinstance(one.value, dict)]

    def implementations(self) -> list[Node]:
        """What serves, counted as KServe's webhook counts."""
        keys = FRAMEWORKS if self.role in ("predictor", "canary") else ()
        found = [
            node
            for key in (*keys, "model", "art")
            if (node := self.node.at(key)) is not None and node.value is not None
        ]
        own = self.containers()
        if self.role in ("predictor", "canary"):
            found += [one for one in own if one.text("name") == SERVER]
            if own and not found:
                found.append(own[0])
        elif own:
            found.append(own[0])
        return found

    def storage_uris(self) -> Iterator[Node]:
        """Every place that names where a model is."""
        found = self.model()
        if found is not None and (uri := found[1].at("storageUri")) is not None:
            yield uri
        if (uri := self.node.at("art", "storageUri")) is not None:
            yield uri
        for entry in self.node.items("storageUris"):
            if (uri := entry.at("uri")) is not None:
                yield uri
        for container in self.containers():
            for variable in container.items("env"):
                value = variable.at("value")
                if variable.text("name") == "STORAGE_URI" and value is not None:
                    yield value


class InferenceService:
    """A view of one InferenceService."""

    def __init__(self, one: KubernetesObject) -> None:
        self.object = one

    @property
    def name(self) -> str:
        """Its name."""
        return self.object.name

    @property
    def mode(self) -> str | None:
        """``Standard``, ``Knative`` or ``ModelMesh``; None where the cluster's default decides."""
        mode = self.object.annotations.get(MODE)
        return _OLD_MODES.get(mode, mode) if mode is not None else None

    @property
    def predictor(self) -> Component:
        """Its predictor; an empty one where it has none."""
        node = self.object.node.at("spec", "predictor")
        return Component("predictor", "spec.predictor", node or Node({}, self.object.node.line))

    @functools.cached_property
    def components(self) -> list[Component]:
        """Predictor, transformer and explainer, as far as there are."""
        return [
            Component(role, f"spec.{role}", node)
            for role in ("predictor", "transformer", "explainer")
            if (node := self.object.node.at("spec", role)) is not None
            and isinstance(node.value, dict)
        ]

    @functools.cached_property
    def canaries(self) -> list[tuple[Node, Component]]:
        """Entries of ``spec.canary`` with their predictors."""
        return [
            (entry, Component("canary", f"spec.canary[{n}].predictor", node))
            for n, entry in enumerate(self.object.node.items("spec", "canary"))
            if (node := entry.at("predictor")) is not None and isinstance(node.value, dict)
        ]

    @property
    def is_local(self) -> bool:
        """Whether KServe is told to make no route of its own."""
        return any(self.object.labels.get(label) == "cluster-local" for label in VISIBILITY)

    def service_names(self) -> frozenset[str]:
        """Names of the Services that KServe makes for it."""
        return self._service_names

    @functools.cached_property
    def _service_names(self) -> frozenset[str]:
        names = {self.name}
        for component in self.components:
            variant = component.node.text("name")
            stem = f"{self.name}-{variant}" if variant else self.name
            names |= {f"{stem}-{component.role}", f"{stem}-{component.role}-default"}
        names |= {
            f"{self.name}-{variant}-predictor"
            for _, canary in self.canaries
            if (variant := canary.node.text("name"))
        }
        return frozenset(names)


def inference_services(stream: Stream) -> list[InferenceService]:
    """All InferenceServices."""
    return stream.view(_services)


def _services(stream: Stream) -> list[InferenceService]:
    return [InferenceService(one) for one in stream.of_kind("InferenceService", KSERVE)]


def _by_service_name(stream: Stream) -> dict[str, list[InferenceService]]:
    found: dict[str, list[InferenceService]] = {}
    for service in inference_services(stream):
        for name in service.service_names():
            found.setdefault(name, []).append(service)
    return found


def service_for(stream: Stream, near: KubernetesObject, name: str) -> InferenceService | None:
    """The InferenceService that a Service of this name belongs to."""
    for service in stream.view(_by_service_name).get(name, ()):
        if service.object.same_namespace(near):
            return service
    return None
