"""ServingRuntimes: whether there is one for a model, and whether it takes it."""

from __future__ import annotations

from collections.abc import Iterator

from phasegate.manifests.objects import KubernetesObject, Problem, Stream
from phasegate.manifests.rules.registry import ERROR, WARNING, Problems, rule
from phasegate.manifests.services import SERVER, inference_services

# Cluster runtimes that KServe 0.21 installs, and the formats that they choose themselves for.
INSTALLED = frozenset(
    {
        "kserve-autogluonserver",
        "kserve-huggingfaceserver",
        "kserve-huggingfaceserver-multinode",
        "kserve-lgbserver",
        "kserve-mlserver",
        "kserve-openvino",
        "kserve-paddleserver",
        "kserve-pmmlserver",
        "kserve-predictiveserver",
        "kserve-sklearnserver",
        "kserve-tensorflow-serving",
        "kserve-torchserve",
        "kserve-tritonserver",
        "kserve-vllmserver",
        "kserve-xgbserver",
    }
)
_FORMATS = frozenset(
    {
        "autogluon",
        "huggingface",
        "lightgbm",
        "mlflow",
        "onnx",
        "openvino",
        "paddle",
        "pmml",
        "pytorch",
        "sklearn",
        "tensorflow",
        "tensorrt",
        "triton",
        "vLLM",
        "xgboost",
    }
)
_KINDS = ("ServingRuntime", "ClusterServingRuntime")


@rule(
    "PGM503",
    "runtime-not-here",
    WARNING,
    why="Without a runtime the InferenceService stays unready with NoSupportingRuntime.",
    fix="Add the ServingRuntime, or correct the name of the runtime or format.",
)
def runtime_not_here(stream: Stream) -> Problems:
    """A model's runtime, or one for its format, is neither here nor one that KServe installs."""
    for service in inference_services(stream):
        if service.mode == "ModelMesh":
            continue
        for component in [*service.components, *(one for _, one in service.canaries)]:
            model, said = component.model(), component.format()
            if model is None:
                continue
            runtime = model[1].text("runtime")
            if runtime:
                if (
                    runtime not in INSTALLED
                    and find_runtime(stream, service.object, runtime) is None
                ):
                    yield Problem(
                        service.object, model[1].at("runtime") or model[1], f"no runtime {runtime}"
                    )
            elif said is not None and said[0] not in _FORMATS:
                takers = [
                    one for one in _runtimes(stream) if said[0] in _formats(one, automatic=True)
                ]
                if not takers:
                    yield Problem(
                        service.object, said[1], f"no runtime selects itself for {said[0]}"
                    )


@rule(
    "PGM504",
    "format-not-supported",
    ERROR,
    why="KServe refuses the combination: the InferenceService stays unready.",
    fix="Name a format that the runtime lists in supportedModelFormats.",
)
def format_not_supported(stream: Stream) -> Problems:
    """A model names a runtime that does not list its format, or is disabled."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            model, said = component.model(), component.format()
            runtime = model[1].text("runtime") if model is not None else None
            found = find_runtime(stream, service.object, runtime) if runtime else None
            if model is None or said is None or found is None:
                continue
            disabled = found.node.at("spec", "disabled")
            if disabled is not None and disabled.value is True:
                yield Problem(
                    service.object, model[1].at("runtime") or model[1], f"{found} is disabled"
                )
            elif said[0] not in _formats(found, automatic=False):
                yield Problem(service.object, said[1], f"{found} does not list {said[0]}")


@rule(
    "PGM505",
    "runtime-without-server",
    ERROR,
    why="KServe lays the predictor's settings over that container; without it no pod can be made.",
    fix=f"Name the container that serves {SERVER}.",
)
def runtime_without_server(stream: Stream) -> Problems:
    """A serving runtime has no container called kserve-container."""
    for one in _runtimes(stream):
        containers = list(one.node.items("spec", "containers"))
        adapter = one.node.at("spec", "builtInAdapter")
        if containers and adapter is None and SERVER not in [c.text("name") for c in containers]:
            yield Problem(one, containers[0], f"no container of the runtime is called {SERVER}")


@rule(
    "PGM609",
    "sidecar-before-server",
    ERROR,
    why="The Service that KServe makes follows the port of the first container: requests would go "
    "to the sidecar.",
    fix=f"Move {SERVER} to the front.",
)
def sidecar_before_server(stream: Stream) -> Problems:
    """A sidecar stands before the container that serves."""
    holders = [(one, one.node.at("spec")) for one in _runtimes(stream)]
    for service in inference_services(stream):
        holders += [(service.object, component.node) for component in service.components]
    for one, node in holders:
        containers = list(node.items("containers")) if node is not None else []
        names = [container.text("name") for container in containers]
        if SERVER in names and names[0] != SERVER:
            yield Problem(one, containers[0], f"{names[0]} precedes {SERVER}")


def _runtimes(stream: Stream) -> Iterator[KubernetesObject]:
    for kind in _KINDS:
        yield from stream.of_kind(kind)


def find_runtime(stream: Stream, near: KubernetesObject, name: str) -> KubernetesObject | None:
    """The serving runtime of a name that an InferenceService would see."""
    for kind in _KINDS:
        if (found := stream.find(near, kind, name)) is not None:
            return found
    return None


def _formats(one: KubernetesObject, *, automatic: bool) -> set[str]:
    return {
        entry.text("name") or ""
        for entry in one.node.items("spec", "supportedModelFormats")
        if not automatic
        or ((chosen := entry.at("autoSelect")) is not None and chosen.value is True)
    }
