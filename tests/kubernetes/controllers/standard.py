"""InferenceServices in Standard mode: a Deployment, a Service, and a status made of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.conditions import (
    Object,
    condition,
    kept,
    put,
    set_status,
)
from tests.kubernetes.controllers.deployments import Deployments
from tests.kubernetes.controllers.templates import (
    annotations_of,
    labels_of,
    name_of,
    pod_spec,
    runtime_of,
)

_MANAGER = "kserve"


class Standard:
    """What KServe's controller does in Standard mode.

    Args:
        client: of the API.
        deployments: the controller of Deployments.
    """

    def __init__(self, client: Client, deployments: Deployments) -> None:
        self._client, self._deployments = client, deployments

    def reconcile(self, service: Object) -> float:
        """Move it on; the seconds after which to look again, or 0."""
        namespace, owner = service["metadata"]["namespace"], service["metadata"]["name"]
        labels = labels_of(service)
        spec = pod_spec(service, runtime_of(service, self._client))
        deployment = put(self._client, _deployment(service, labels, spec), _MANAGER)
        put(self._client, _service(service, labels), _MANAGER)
        status, pods, again = self._deployments.roll(deployment, owner)
        current = self._client.get("InferenceService", namespace, owner)
        if current is not None:
            set_status(self._client, current, _status(current, status, pods))
        return again

    def remove(self, namespace: str, owner: str) -> None:
        """What the garbage collector does when an InferenceService is gone."""
        label = f"serving.kserve.io/inferenceservice={owner}"
        for kind in ("Deployment", "Service", "EndpointSlice", "Pod"):
            for one in self._client.list(kind, namespace, label):
                body = {"gracePeriodSeconds": 0}
                self._client.delete(kind, namespace, one["metadata"]["name"], body)


def _deployment(
    service: Mapping[str, Any], labels: Mapping[str, str], pod: Mapping[str, Any]
) -> Object:
    annotations = annotations_of(service)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name_of(service),
            "namespace": service["metadata"]["namespace"],
            "labels": dict(labels),
            "annotations": annotations,
        },
        "spec": {
            "replicas": service["spec"]["predictor"].get("minReplicas", 1),
            "selector": {"matchLabels": {"app": labels["app"]}},
            "template": {
                "metadata": {"labels": dict(labels), "annotations": annotations},
                "spec": dict(pod),
            },
        },
    }


def _service(service: Mapping[str, Any], labels: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name_of(service),
            "namespace": service["metadata"]["namespace"],
            "labels": dict(labels),
        },
        "spec": {
            "selector": {"app": labels["app"]},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
        },
    }


def _status(service: Object, deployment: Mapping[str, Any], pods: list[Object]) -> Object:
    """As ``PropagateRawStatus`` and ``PropagateModelStatus`` of KServe make it."""
    old = service.get("status", {})
    metadata = service["metadata"]
    url = f"http://{name_of(service)}.{metadata['namespace']}.svc.cluster.local"
    predictor = _predictor(deployment["conditions"])
    ready = predictor["status"] == "True"
    whole = {**predictor, "type": "Ready"}
    conditions = [
        condition("IngressReady", True),
        predictor,
        {**whole, "reason": "", "message": ""} if ready else whole,
        {**condition("Stopped", False), "severity": "Info"},
    ]
    component = dict(old.get("components", {}).get("predictor", {}))
    if ready:
        component["url"] = url
    runtime = service["spec"]["predictor"].get("model", {}).get("runtime")
    return {
        # KServe copies the Deployment's; the InferenceService's own generation counts otherwise.
        "observedGeneration": deployment["observedGeneration"],
        "conditions": kept(conditions, old.get("conditions", ())),
        "url": url,
        "address": {"url": url},
        "components": {"predictor": component},
        "deploymentMode": "Standard",
        **({"servingRuntimeName": runtime} if runtime else {}),
        "modelStatus": _model(old, pods, ready=ready, total=deployment.get("readyReplicas", 0)),
    }


def _predictor(conditions: list[Object]) -> Object:
    found = {one["type"]: one for one in conditions}
    available, progressing = found["Available"], found["Progressing"]
    said = (None, progressing["reason"], progressing["message"])
    if progressing["reason"] == "NewReplicaSetAvailable":
        said = (True, progressing["reason"], progressing["message"])
    elif progressing["status"] == "False":
        said = (False, progressing["reason"], progressing["message"])
    elif available["status"] == "True":
        said = (True, available["reason"], available["message"])
    if available["status"] == "False":
        said = (False, available["reason"], available["message"])
    return condition("PredictorReady", *said)


def _model(old: Mapping[str, Any], pods: list[Object], *, ready: bool, total: int) -> Object:
    states = dict(old.get("modelStatus", {}).get("states", {"activeModelState": ""}))
    crashed = any(
        one.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
        for pod in pods
        for one in pod.get("status", {}).get("containerStatuses", ())
    )
    result: Object = {"copies": {"failedCopies": 0, "totalCopies": total}}
    if ready:
        states = {"activeModelState": "Loaded", "targetModelState": "Loaded"}
        result["transitionStatus"] = "UpToDate"
    elif crashed:
        states["targetModelState"] = "FailedToLoad"
        result["transitionStatus"] = "BlockedByFailedLoad"
        result["lastFailureInfo"] = {"reason": "ModelLoadFailed", "exitCode": 1}
    else:
        states["targetModelState"] = "Pending"
        result["transitionStatus"] = "InProgress"
    return {**result, "states": states}
