"""Predictors over several nodes."""

from __future__ import annotations

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, Problems, rule
from phasegate.manifests.services import AUTOSCALER, InferenceService, inference_services

_SIZES = ("pipelineParallelSize", "tensorParallelSize")
_SIZE_VARIABLES = ("PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE")


@rule(
    "PGM216",
    "worker-spec",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="One worker container; sizes of 1 or more, not as variables; storageUri of pvc or oci; "
    "annotation serving.kserve.io/autoscalerClass: none.",
)
def worker_spec(stream: Stream) -> Problems:
    """A predictor with workerSpec breaks one of KServe's rules for several nodes."""
    for service in inference_services(stream):
        worker = service.predictor.node.at("workerSpec")
        if worker is None or worker.value is None:
            continue
        containers = list(worker.items("containers"))
        if len(containers) > 1:
            yield Problem(service.object, containers[1], "workerSpec has more than one container")
        for key in _SIZES:
            size = worker.integer(key)
            if size is not None and size < 1:
                yield Problem(service.object, worker.at(key) or worker, f"{key} is {size}")
        model = service.predictor.node.at("model")
        if model is not None:
            yield from _model(service, worker, model)


def _model(service: InferenceService, worker: Node, model: Node) -> Problems:
    for variable in model.items("env"):
        if variable.text("name") in _SIZE_VARIABLES:
            yield Problem(service.object, variable, f"variable {variable.text('name')} is set")
    uri = model.at("storageUri")
    if uri is None:
        yield Problem(service.object, worker, "a predictor with workerSpec has no storageUri")
    elif isinstance(uri.value, str) and uri.value.partition("://")[0] not in ("pvc", "oci"):
        yield Problem(service.object, uri, f"workers cannot load {uri.value}")
    scaler = service.object.annotations.get(AUTOSCALER)
    if scaler != "none":
        yield Problem(
            service.object,
            service.object.annotation_node(AUTOSCALER),
            f"autoscalerClass is {scaler or 'not set'}, and workers allow only none",
        )
