"""The pods of an InferenceService, as KServe makes them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.conditions import Object

# What KServe's ServiceAnnotationDisallowedList keeps away from pods; all else is copied.
_KEPT_AWAY = {
    "autoscaling.knative.dev/max-scale",
    "autoscaling.knative.dev/min-scale",
    "internal.serving.kserve.io/storage-initializer-sourceuri",
    "kubectl.kubernetes.io/last-applied-configuration",
}
_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
_MAIN = "kserve-container"
_POD = {
    "affinity",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "initContainers",
    "securityContext",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
}
VISIBILITY = "networking.kserve.io/visibility"


def name_of(service: Mapping[str, Any]) -> str:
    """The name of its Deployment and Service."""
    return f"{service['metadata']['name']}-predictor"


def is_knative(service: Mapping[str, Any]) -> bool:
    """Whether its pods are Knative's."""
    annotations = service["metadata"].get("annotations", {})
    return annotations.get("serving.kserve.io/deploymentMode") in ("Knative", "Serverless")


def annotations_of(service: Mapping[str, Any]) -> dict[str, str]:
    """The annotations of its pods: all of its own but a few, and where its model is."""
    own = service["metadata"].get("annotations", {})
    predictor = service.get("spec", {}).get("predictor", {})
    source = predictor.get("model", {}).get("storageUri")
    kept = {key: one for key, one in own.items() if key not in _KEPT_AWAY}
    return {**kept, **({_SOURCE: source} if source else {}), **predictor.get("annotations", {})}


def labels_of(service: Mapping[str, Any]) -> dict[str, str]:
    """The labels of its pods."""
    return {
        **service["metadata"].get("labels", {}),
        **service["spec"]["predictor"].get("labels", {}),
        "app": f"isvc.{name_of(service)}",
        "component": "predictor",
        "serving.kserve.io/inferenceservice": service["metadata"]["name"],
    }


def runtime_of(service: Mapping[str, Any], client: Client) -> Object:
    """The spec of its ServingRuntime; empty where there is none."""
    name = service["spec"]["predictor"].get("model", {}).get("runtime")
    namespace = service["metadata"]["namespace"]
    found = client.get("ServingRuntime", namespace, name) if name else None
    return found["spec"] if found else {}


def pod_spec(service: Mapping[str, Any], runtime: Mapping[str, Any]) -> Object:
    """The runtime's pod, with what the predictor sets besides."""
    predictor = service["spec"]["predictor"]
    model = predictor.get("model", {})
    spec = {
        **{key: copy.deepcopy(one) for key, one in runtime.items() if key in _POD},
        **{key: copy.deepcopy(one) for key, one in predictor.items() if key in _POD},
    }
    containers = copy.deepcopy(list(runtime.get("containers", ())))
    if not any(one["name"] == _MAIN for one in containers):
        port = {"containerPort": 8080, "protocol": "TCP"}
        containers.insert(0, {"name": _MAIN, "image": "predictor", "ports": [port]})
    for one in containers:
        if one["name"] == _MAIN:
            one |= {
                key: copy.deepcopy(model[key]) for key in ("image", "resources") if key in model
            }
            one["env"] = [*one.get("env", ()), *model.get("env", ())]
            one["args"] = [*one.get("args", ()), *model.get("args", ())]
    containers += [
        {"image": "predictor", **copy.deepcopy(one)}
        for one in predictor.get("containers", ())
        if one["name"] != _MAIN
    ]
    return {**spec, "containers": containers}
