"""The pods that KServe makes of a ServingRuntime and an InferenceService, and the guard's.

As KServe 0.21 does it (`components/predictor.go`, `utils.MergePodSpec`): of the runtime it takes
containers, volumes and little else; everything else of a pod must be in the InferenceService.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.kserve_manifests.sources import Object, of_kind, only

_OF_RUNTIME = (
    "nodeSelector", "affinity", "tolerations", "volumes", "imagePullSecrets", "schedulerName",
)  # fmt: skip
# What is KServe's own in a predictor, and not a pod's.
_OF_COMPONENT = {
    "model", "storageContainerName", "scaleMetric", "scaleTarget", "minReplicas", "maxReplicas",
    "deploymentStrategy", "timeout", "canaryTrafficPercent", "containerConcurrency",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{\{index \.(Labels|Annotations) `([^`]+)`\}\}")
STORAGE = "kserve-provision-location"


@dataclass(frozen=True)
class Pod:
    """A pod, as it would be admitted.

    Attributes:
        owner: what it belongs to.
        labels: of the pod.
        spec: of the pod.
        grace: seconds that it gets to end in.
    """

    owner: str
    labels: dict[str, str]
    spec: dict[str, Any]
    grace: int

    def container(self, name: str) -> dict[str, Any]:
        """One of its containers."""
        (found,) = (one for one in self.spec["containers"] if one["name"] == name)
        return found

    def manifest(self, namespace: str) -> Object:
        """The pod alone."""
        name = re.sub("[^a-z0-9-]", "-", self.owner.lower())
        about = {"name": name, "namespace": namespace, "labels": self.labels}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": self.spec}


def pods(objects: list[Object], *, filled: bool = True) -> list[Pod]:
    """One pod of each InferenceService and of each Deployment.

    Args:
        filled: whether the InferenceServices have models.
    """
    found = [
        Pod(
            f"Deployment/{one['metadata']['name']}",
            one["spec"]["template"]["metadata"]["labels"],
            one["spec"]["template"]["spec"],
            one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        )
        for one in of_kind(objects, "Deployment")
    ]
    return found + [
        _predictor(one, objects, filled) for one in of_kind(objects, "InferenceService")
    ]


def _predictor(service: Object, objects: list[Object], filled: bool) -> Pod:
    predictor = service["spec"]["predictor"]
    runtime = only(objects, "ServingRuntime", predictor["model"]["runtime"])["spec"]
    about = service["metadata"]
    spec = deepcopy({key: runtime[key] for key in _OF_RUNTIME if key in runtime})
    spec |= deepcopy({key: predictor[key] for key in predictor.keys() - _OF_COMPONENT})
    containers = deepcopy(runtime["containers"])
    containers.sort(key=lambda one: one["name"] != "kserve-container")
    spec["containers"] = containers
    main = containers[0]
    for variable in main.get("env", ()):
        if "value" in variable:
            variable["value"] = _PLACEHOLDER.sub(
                lambda found: about[found[1].lower()].get(found[2], ""), variable["value"]
            )
    if filled:
        storage = only(objects, "ClusterStorageContainer", predictor["storageContainerName"])
        _inject(spec, storage["spec"]["container"])
    labels = about.get("labels", {}) | {
        "serving.kserve.io/inferenceservice": about["name"],
        "component": "predictor",
        "app": f"isvc.{about['name']}-predictor",
    }
    # Knative takes the requests' time-out for it.
    grace = spec.get("terminationGracePeriodSeconds") or predictor["timeout"]
    return Pod(f"InferenceService/{about['name']}", labels, spec, grace)


def _inject(spec: dict[str, Any], storage: dict[str, Any]) -> None:
    """The storage initializer, as KServe's pod webhook adds it."""
    mount = {"name": STORAGE, "mountPath": "/mnt/models"}
    container = deepcopy(storage) | {"args": ["gs://bucket/models/digest", "/mnt/models"]}
    container["volumeMounts"] = [mount]
    spec["initContainers"] = [container]
    main = spec["containers"][0]
    if not any(one["name"] == STORAGE for one in main["volumeMounts"]):
        main["volumeMounts"].append({**mount, "readOnly": True})
    if not any(one["name"] == STORAGE for one in spec["volumes"]):
        spec["volumes"].append({"name": STORAGE, "emptyDir": {}})
