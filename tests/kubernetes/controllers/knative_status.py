"""Statuses and traffic in Knative mode, field by field as KServe and Knative make them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.kubernetes.controllers.conditions import Object, condition, is_true, kept
from tests.kubernetes.controllers.templates import VISIBILITY, annotations_of, labels_of, name_of

_TAGS = "serving.kserve.io/enable-tag-routing"


def knative_service(service: Mapping[str, Any], pod: Mapping[str, Any]) -> Object:
    """The Knative Service of an InferenceService."""
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
    last = rolled_out(service.get("status", {}))
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


def knative_status(wanted: Object, revisions: list[Object]) -> Object:
    """The status of a Knative Service with its revisions."""
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


def rolled_out(status: Mapping[str, Any]) -> str:
    """The last revision that had all traffic, by an InferenceService's status."""
    return status.get("components", {}).get("predictor", {}).get("latestRolledoutRevision", "")


def service_status(service: Object, knative: Mapping[str, Any]) -> Object:
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
