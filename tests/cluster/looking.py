"""What the objects of an installation must look like after a step of a release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from phasegate.traffic.plan import WHOLE, TrafficPlan
from tests.cluster.conftest import Installation
from tests.cluster.driver import Step, model, slot
from tests.cluster.overlay import MANAGER
from tests.cluster.traffic import traffic_of
from tests.kubernetes.contract.objects import owned
from tests.waiting import until

DIGEST = "phasegate.dev/model-digest"
# What a release writes; everything else of the overlay stays as it was applied.
_WRITTEN = {"HTTPRoute", "InferenceService", "ConfigMap", "Namespace"}
# What this field manager may own in a slot and in a route, and nothing more.
_SLOT = {
    "f:metadata": {"f:annotations"},
    "f:spec": {"f:predictor"},
}


def look(installation: Installation, step: Step, others: Mapping[str, str]) -> None:
    """Check every object after a step.

    Args:
        installation: the overlay on the cluster.
        step: the one that was done.
        others: versions of the objects that no release writes, from before it.
    """
    (_gateway if installation.site.mode == "gateway" else _serverless)(installation, step)
    assert versions(installation) == others


def versions(installation: Installation) -> dict[str, str]:
    """uid -> generation or version, of what no release writes."""
    return {
        one["metadata"]["uid"]: str(
            one["metadata"].get("generation", one["metadata"]["resourceVersion"])
        )
        for _, one in installation.overlay.read(installation.client)
        if one["kind"] not in _WRITTEN
    }


def wanted(step: Step) -> dict[str, int]:
    """Model, by its slot's name -> its share of the answers after a step, in basis points."""
    shares = {slot(step.champion): WHOLE - step.weight}
    if step.challenger:
        shares[slot(step.challenger)] = step.weight
    return {name: one for name, one in shares.items() if one}


def answers(installation: Installation) -> dict[str, int]:
    """The same as it is right now, by what the cluster does and not by what any plan says."""
    if installation.site.mode == "gateway":
        route = _get(installation, "HTTPRoute", installation.site.name)
        services = {service: name for name, service in holders(installation).items()}
        return {services[one]: share for one, share in traffic_of(route).cohorts.items()}
    service = _get(installation, "InferenceService", installation.site.name)
    shares: dict[str, int] = {}
    for one in service["status"]["components"]["predictor"]["traffic"]:
        revision = _get(installation, "Revision", one["revisionName"])
        name = revision["metadata"]["annotations"][DIGEST][:12]
        shares[name] = shares.get(name, 0) + one["percent"] * 100
    return {name: one for name, one in shares.items() if one}


def holders(installation: Installation) -> dict[str, str]:
    """First digits of a digest -> Service of the slot that has this model."""
    name = installation.site.name
    found = {}
    for letter in "ab":
        service = _get(installation, "InferenceService", f"{name}-{letter}")
        digest = service["metadata"].get("annotations", {}).get(DIGEST, "")
        if digest:
            found[digest[:12]] = f"{name}-{letter}-predictor"
    return found


def _gateway(installation: Installation, step: Step) -> None:
    name = installation.site.name
    route = _get(installation, "HTTPRoute", name)
    held, found = holders(installation), traffic_of(route)
    champion = held[slot(step.champion)]
    expected = {champion: 10_000 - step.weight}
    if step.weight:
        expected[held[slot(step.challenger)]] = step.weight
    expected = {key: one for key, one in expected.items() if one}
    assert dict(found.cohorts) == expected
    assert dict(found.strangers) == expected
    assert found.copies == ({held[slot(step.challenger)]} if step.mirror else set())
    assert found.roles[champion] == "champion" if champion in found.roles else step.weight == 10_000
    if step.weight:
        assert found.roles[held[slot(step.challenger)]] == "challenger"
    _plan(json.loads(route["metadata"]["annotations"]["phasegate.dev/plan"]), step)
    applied = owned(route, MANAGER)
    assert applied is not None
    assert {"f:hostnames", "f:parentRefs"} <= set(applied["f:spec"])
    assert "f:rules" not in applied["f:spec"]
    ours = owned(route, "phasegate")
    assert ours is not None
    assert ours["f:spec"] == {"f:rules": {}}
    for condition in _conditions(route):
        assert (condition["status"], condition["observedGeneration"]) == (
            "True",
            route["metadata"]["generation"],
        ), condition
    for letter in "ab":
        _slot(installation, f"{name}-{letter}", step)


def _slot(installation: Installation, name: str, step: Step) -> None:
    service = _get(installation, "InferenceService", name)
    annotations = service["metadata"]["annotations"]
    uri = service["spec"]["predictor"]["model"].get("storageUri", "")
    until(lambda: _follows(installation, name, annotations.get(DIGEST)))
    wanted = {step.champion, *([step.challenger] if step.challenger else [])}
    by_digest = {model(installation.site.name, one).digest: one for one in range(1, 4)}
    number = by_digest.get(annotations.get(DIGEST, ""))
    if number is None:
        assert not uri, "an idle slot has no model"
        assert len(wanted) < 2, f"{wanted} need two slots"
    else:
        assert number in wanted, f"model {number} is served and nobody wants it"
        assert uri == model(installation.site.name, number).storage_uri
        assert annotations["phasegate.dev/version"].endswith(f"/{number}")
        ours = owned(service, "phasegate")
        assert ours is not None
        assert {key: set(one) for key, one in ours.items()} == _SLOT
        assert ours["f:spec"]["f:predictor"] == {"f:model": {"f:storageUri": {}}}
    applied = owned(service, MANAGER)
    assert applied is not None
    assert "f:storageUri" not in applied["f:spec"]["f:predictor"]["f:model"]
    assert annotations["serving.kserve.io/deploymentMode"] == "Standard"


def _follows(installation: Installation, name: str, digest: str | None) -> bool:
    """Whether a slot's Deployment is that of its model, and up where there is one."""
    deployment = _get(installation, "Deployment", f"{name}-predictor")
    template = deployment["spec"]["template"]["metadata"]["annotations"]
    status = deployment.get("status", {})
    up = status.get("availableReplicas") == deployment["spec"]["replicas"]
    current = status.get("observedGeneration") == deployment["metadata"]["generation"]
    return template.get(DIGEST) == digest and current and (up or not digest)


def _serverless(installation: Installation, step: Step) -> None:
    name = installation.site.name
    service = _get(installation, "InferenceService", name)
    assert answers(installation) == wanted(step)
    kept = _get(installation, "ConfigMap", f"{name}-traffic")
    _plan(json.loads(kept["data"]["plan"]), step)
    assert "phasegate.dev/plan" not in service["metadata"]["annotations"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Knative"
    assert owned(service, MANAGER) is not None


def _plan(value: Any, step: Step) -> None:
    plan = TrafficPlan.from_json(value)
    assert plan.champion.name == slot(step.champion)
    assert (plan.challenger.name if plan.challenger else "") == (
        slot(step.challenger) if step.challenger else ""
    )
    assert (plan.weight, plan.mirror, plan.killed) == (step.weight, step.mirror, False)


def _conditions(route: Mapping[str, Any]) -> list[Any]:
    return [one for parent in route["status"]["parents"] for one in parent["conditions"]]


def _get(installation: Installation, kind: str, name: str) -> dict[str, Any]:
    found = installation.client.get(kind, installation.site.namespace, name)
    assert found is not None, f"{kind} {name}"
    return found
