"""Objects of the contract's tests."""

from __future__ import annotations

from typing import Any

ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes"
SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices"

Object = dict[str, Any]


def service(namespace: str, name: str = "slot", **parts: Any) -> Object:
    """An InferenceService: ``annotations`` and ``labels`` go to its metadata, ``model`` to its
    predictor's model; other parts are the predictor's."""
    metadata = {"name": name, "namespace": namespace}
    metadata |= {key: parts.pop(key) for key in ("annotations", "labels") if key in parts}
    predictor: Object = {}
    if "model" in parts:
        predictor["model"] = parts.pop("model")
    predictor |= parts
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": metadata,
        **({"spec": {"predictor": predictor}} if predictor else {}),
    }


def static(namespace: str, name: str = "slot", **parts: Any) -> Object:
    """An InferenceService that is valid, as an overlay has it."""
    model = {"modelFormat": {"name": "phasegate"}, "runtime": "phasegate-predictor"}
    return service(namespace, name, model=model, **parts)


def route(namespace: str, name: str = "model", **parts: Any) -> Object:
    """An HTTPRoute: ``annotations`` go to its metadata, the rest to its spec."""
    metadata = {"name": name, "namespace": namespace}
    metadata |= {key: parts.pop(key) for key in ("annotations", "labels") if key in parts}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata,
        **({"spec": parts} if parts else {}),
    }


def rules(backend: str, **more: Any) -> list[Object]:
    """Rules that send all to one backend."""
    return [{"backendRefs": [{"name": backend, "port": 80, **more}]}]


def owned(value: Object, manager: str, operation: str = "Apply") -> Object | None:
    """The fields that a manager owns in an object."""
    for one in value["metadata"].get("managedFields", ()):
        if (one["manager"], one["operation"]) == (manager, operation):
            return one["fieldsV1"]
    return None
