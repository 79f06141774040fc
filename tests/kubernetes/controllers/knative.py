"""InferenceServices in Knative mode: revisions, and traffic between the last two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.conditions import (
    Object,
    condition,
    fingerprint,
    is_true,
    kept,
    put,
    set_status,
)
from tests.kubernetes.controllers.pods import Node
from tests.kubernetes.controllers.templates import (
    VISIBILITY,
    annotations_of,
    labels_of,
    name_of,
    pod_spec,
    runtime_of,
)

_KIND = "Service.serving.knative.dev"
_TEMPLATE = "phasegate-tests/template"
_TAGS = "serving.kserve.io/enable-tag-routing"


class Knative:
    """What KServe's and Knative's controllers do.

    Args:
        client: of the API.
        node: that runs the pods.
    """

    def __init__(self, client: Client, node: Node) -> None:
        self._client, self._node = client, node

    def reconcile(self, service: Object) -> float:
        """Move it on; the seconds after which to look again, or 0."""
        namespace, owner = service["metadata"]["namespace"], service["metadata"]["name"]
        spec = pod_spec(service, runtime_of(service, self._client))
        wanted = put(self._client, _knative_service(service, spec), "kserve")
        revisions = self._revisions(wanted)
        looked = [self._tend(one, owner) for one in revisions]
        revisions = self._read(wanted)
        status = _knative_status(wanted, revisions)
        set_status(self._client, wanted, status)
        current = self._client.get("InferenceService", namespace, owner)
        if current is not None:
            new = _status(current, status)
            set_status(self._client, current, new)
            if _rolled_out(new) != _rolled_out(current.get("status", {})):
                return 0.01  # the traffic is computed from what was rolled out before
        return min([seconds for seconds in looked if seconds], default=0.0)

    def remove(self, namespace: str, owner: str) -> None:
        """What the garbage collector does when an InferenceService is gone."""
        label = f"serving.kserve.io/inferenceservice={owner}"
        for kind in (_KIND, "Revision", "Pod"):
            for one in self._client.list(kind, namespace, label):
                body = {"gracePeriodSeconds": 0}
                self._client.delete(kind, namespace, one["metadata"]["name"], body)

    def _read(self, wanted: Object) -> list[Object]:
        metadata = wanted["metadata"]
        label = f"serving.knative.dev/service={metadata['name']}"
        found = self._client.list("Revision", metadata["namespace"], label)
        return sorted(found, key=lambda one: one["metadata"]["name"])

    def _revisions(self, wanted: Object) -> list[Object]:
        """The revisions, with a new one where the template has changed."""
        metadata, template = wanted["metadata"], wanted["spec"]["template"]
        found = self._read(wanted)
        current = fingerprint(template)
        if found and found[-1]["metadata"]["annotations"].get(_TEMPLATE) == current:
            return found
        name = metadata["name"]
        value = {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": f"{name}-{len(found) + 1:05d}",
                "namespace": metadata["namespace"],
                "labels": {
                    **template["metadata"].get("labels", {}),
                    "serving.knative.dev/service": name,
                    "serving.knative.dev/configuration": name,
                },
                "annotations": {**template["metadata"].get("annotations", {}), _TEMPLATE: current},
            },
            "spec": template["spec"],
        }
        return [*found, self._client.create(value)]

    def _tend(self, revision: Object, owner: str) -> float:
        metadata = revision["metadata"]
        label = f"serving.knative.dev/revision={metadata['name']}"
        pods = self._client.list("Pod", metadata["namespace"], label)
        if not pods:
            template = {"metadata": metadata, "spec": revision["spec"]}
            labels = {"serving.knative.dev/revision": metadata["name"]}
            namespace = metadata["namespace"]
            pods = [self._node.run(namespace, f"{metadata['name']}-deployment", template, labels)]
        looked = [self._node.tend(one, owner) for one in pods]
        ready = all(is_ready for is_ready, _ in looked)
        old = revision.get("status", {})
        was = is_true(old.get("conditions", ()), "Ready")
        reason = "" if ready else "ContainerMissing" if was else "Deploying"
        conditions = [condition("Ready", ready or (None if not was else False), reason)]
        set_status(
            self._client,
            revision,
            {
                "observedGeneration": metadata["generation"],
                "conditions": kept(conditions, old.get("conditions", ())),
            },
        )
        return min([seconds for _, seconds in looked if seconds], default=0.0)


def _knative_service(service: Mapping[str, Any], pod: Mapping[str, Any]) -> Object:
    labels = labels_of(service)
    template_labels = {key: one for key, one in labels.items() if key != VISIBILITY}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name_of(service),
            "namespace": service["metadata"]["namespace"],
            "labels": labels,
        },
        "spec": {
            "template": {
                "metadata": {"labels": template_labels, "annotations": annotations_of(service)},
                "spec": dict(pod),
            },
            "traffic": _wanted_traffic(service),
        },
    }


def _wanted_traffic(service: Mapping[str, Any]) -> list[Object]:
    """As ``createKnativeService`` of KServe splits it."""
    canary = service["spec"]["predictor"].get("canaryTrafficPercent")
    last = _rolled_out(service.get("status", {}))
    tagged = service["metadata"].get("annotations", {}).get(_TAGS) == "true"
    tag = {"tag": "latest"} if tagged else {}
    if canary is None or not last:
        return [{"latestRevision": True, "percent": 100, **tag}]
    latest = {"latestRevision": True, "percent": canary, **tag}
    if canary == 100:
        return [latest]
    previous = {
        "latestRevision": False,
        "percent": 100 - canary,
        "revisionName": last,
        "tag": "prev",
    }
    return [latest, previous]


def _knative_status(wanted: Object, revisions: list[Object]) -> Object:
    metadata, old = wanted["metadata"], wanted.get("status", {})
    host = f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local"
    names = [one["metadata"]["name"] for one in revisions]
    newest = revisions[-1]
    newest_ready = is_true(newest.get("status", {}).get("conditions", ()), "Ready")
    latest = names[-1] if newest_ready else old.get("latestReadyRevisionName", "")
    traffic = []
    for one in wanted["spec"]["traffic"]:
        found = {**one, "revisionName": one.get("revisionName") or latest}
        if one.get("tag"):
            found["url"] = f"http://{one['tag']}-{host}"
        traffic.append(found)
    if not latest:
        traffic = []
    reason = "" if newest_ready else "RevisionMissing"
    routed = True if latest else None
    whole = newest_ready if routed else None
    conditions = [
        condition("ConfigurationsReady", newest_ready, reason),
        condition("Ready", whole, reason),
        condition("RoutesReady", routed),
    ]
    return {
        "observedGeneration": metadata["generation"],
        "conditions": kept(conditions, old.get("conditions", ())),
        "latestCreatedRevisionName": names[-1],
        **({"latestReadyRevisionName": latest} if latest else {}),
        "traffic": traffic,
        "url": f"http://{host}",
        "address": {"url": f"http://{host}"},
    }


def _rolled_out(status: Mapping[str, Any]) -> str:
    return status.get("components", {}).get("predictor", {}).get("latestRolledoutRevision", "")


def _status(service: Object, knative: Mapping[str, Any]) -> Object:
    """As ``PropagateStatus`` of KServe makes it."""
    old = service.get("status", {})
    component = dict(old.get("components", {}).get("predictor", {}))
    created, ready = knative["latestCreatedRevisionName"], knative.get("latestReadyRevisionName")
    shares: dict[str, int] = {}
    for one in knative["traffic"]:
        shares[one["revisionName"]] = shares.get(one["revisionName"], 0) + one["percent"]
    component["latestCreatedRevision"] = created
    for one in knative["traffic"]:
        if one["revisionName"] != ready or not one.get("latestRevision"):
            continue
        if component.get("latestRolledoutRevision") != ready:
            if one["percent"] == 100:
                component["previousRolledoutRevision"] = component.get(
                    "latestRolledoutRevision", ""
                )
                component["latestRolledoutRevision"] = ready
        elif ready == created and one["percent"] < 100 and shares[ready] == 100:
            component["latestRolledoutRevision"] = (
                component.get("previousRolledoutRevision") or ready
            )
    if ready:
        component["latestReadyRevision"] = ready
    found = {one["type"]: one for one in knative["conditions"]}
    if found["Ready"]["status"] == "True":
        component |= {"url": knative["url"], "address": knative["address"]}
    component["traffic"] = knative["traffic"]
    component = {key: one for key, one in component.items() if one not in ("", [])}
    whole = found["Ready"]
    conditions = [
        condition("IngressReady", True if ready else None),
        {**found["ConfigurationsReady"], "type": "LatestDeploymentReady", "severity": "Info"},
        {**found["ConfigurationsReady"], "type": "PredictorConfigurationReady"},
        {**whole, "type": "PredictorReady"},
        {**found["RoutesReady"], "type": "PredictorRouteReady"},
        whole,
        {**found["RoutesReady"], "type": "RoutesReady", "severity": "Info"},
    ]
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    loaded = whole["status"] == "True" and created == ready
    state = "Loaded" if loaded else "Pending"
    return {
        "observedGeneration": knative["observedGeneration"],
        "conditions": kept(conditions, old.get("conditions", ())),
        "components": {"predictor": component},
        "url": f"http://{name}.{namespace}.svc.cluster.local",
        "address": {"url": f"http://{name}.{namespace}.svc.cluster.local"},
        "deploymentMode": "Knative",
        "modelStatus": {
            "copies": {"failedCopies": 0, "totalCopies": 1},
            "states": {"activeModelState": "Loaded" if ready else "", "targetModelState": state},
            "transitionStatus": "UpToDate" if loaded else "InProgress",
        },
    }
