"""The pods of an InferenceService, as KServe makes them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tests.kubernetes.controllers.conditions import Object

# What KServe's ServiceAnnotationDisallowedList keeps away from pods; all else is copied.
_KEPT_AWAY = {
    "autoscaling.knative.dev/max-scale",
    "autoscaling.knative.dev/min-scale",
    "internal.serving.kserve.io/storage-initializer-sourceuri",
    "kubectl.kubernetes.io/last-applied-configuration",
}
_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
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


def pod_spec(service: Mapping[str, Any]) -> Object:
    """Containers: the runtime's, which stands in for a real one here, and what the spec adds."""
    predictor = service["spec"]["predictor"]
    model = predictor.get("model", {})
    main: Object = {
        "name": "kserve-container",
        "image": model.get("image", "predictor"),
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
    }
    for key in ("env", "args", "resources"):
        if model.get(key):
            main[key] = copy.deepcopy(model[key])
    others = [
        {"name": one["name"], "image": one.get("image", "predictor")}
        for one in predictor.get("containers", ())
        if one["name"] != "kserve-container"
    ]
    return {"containers": [main, *others]}
