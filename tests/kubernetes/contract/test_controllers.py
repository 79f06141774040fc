"""The test's controllers set the same statuses through either API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import route, rules, static
from tests.kubernetes.controllers import Controllers
from tests.waiting import until

OLD, NEW = "a" * 64, "b" * 64
_MODE = "serving.kserve.io/deploymentMode"


@pytest.fixture(autouse=True)
def _only_where_no_others_work(api: Api) -> None:
    if not api.bare:
        pytest.skip("this cluster has controllers of its own")


def _slot(api: Api, digest: str = "", mode: str = "Standard", **parts: Any) -> dict[str, Any]:
    annotations = {_MODE: mode, **({"phasegate.dev/model-digest": digest} if digest else {})}
    value = static(api.namespace, annotations=annotations, **parts)
    if digest:
        value["spec"]["predictor"]["model"]["storageUri"] = f"gs://bucket/models/{digest}"
    return value


def _object(api: Api, kind: str, name: str) -> dict[str, Any]:
    return api.client.get(kind, api.namespace, name) or {}


def _condition(value: dict[str, Any], kind: str) -> str:
    found = {one["type"]: one["status"] for one in value.get("status", {}).get("conditions", ())}
    return found.get(kind, "")


def _service_is(api: Api, ready: str) -> Callable[[], Any]:
    return lambda: _condition(_object(api, "InferenceService", "slot"), "Ready") == ready


def test_an_idle_slot_is_alive_and_not_ready(api: Api) -> None:
    with Controllers(api.client, api.namespace):
        api.client.apply(_slot(api)).ok()
        until(_service_is(api, "False"))
        (pod,) = api.client.list("Pod", api.namespace)
    assert pod["status"]["phase"] == "Running"
    assert _condition(pod, "Ready") == "False"
    assert _object(api, "EndpointSlice", "slot-predictor-slice")["endpoints"] in ([], None)


def test_a_slot_with_a_model_becomes_ready(api: Api) -> None:
    with Controllers(api.client, api.namespace):
        api.client.apply(_slot(api, OLD)).ok()
        until(_service_is(api, "True"))
    deployment = _object(api, "Deployment", "slot-predictor")
    template = deployment["spec"]["template"]["metadata"]
    assert template["annotations"]["phasegate.dev/model-digest"] == OLD
    assert deployment["status"]["availableReplicas"] == 1
    status = _object(api, "InferenceService", "slot")["status"]
    assert status["observedGeneration"] == deployment["metadata"]["generation"]
    assert status["modelStatus"]["states"]["activeModelState"] == "Loaded"
    (endpoint,) = _object(api, "EndpointSlice", "slot-predictor-slice")["endpoints"]
    assert endpoint["conditions"]["ready"] is True


def test_ready_is_said_of_the_old_model_while_the_new_one_starts(api: Api) -> None:
    with Controllers(api.client, api.namespace) as controllers:
        api.client.apply(_slot(api, OLD)).ok()
        until(_service_is(api, "True"))
        controllers.never(NEW)
        api.client.apply(_slot(api, NEW)).ok()
        until(lambda: len(api.client.list("Pod", api.namespace)) == 2)
        until(
            lambda: (
                _object(api, "Deployment", "slot-predictor")["status"].get("replicas") == 2
                and _service_is(api, "True")()
            )
        )
        deployment = _object(api, "Deployment", "slot-predictor")
    assert deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
    assert _condition(deployment, "Available") == "True"
    assert deployment["status"]["replicas"] == 2
    assert deployment["status"]["updatedReplicas"] == 1


def test_a_slow_model_takes_its_time_and_then_replaces_the_old_one(api: Api) -> None:
    with Controllers(api.client, api.namespace) as controllers:
        api.client.apply(_slot(api, OLD)).ok()
        until(_service_is(api, "True"))
        controllers.slow(NEW, 0.5)
        api.client.apply(_slot(api, NEW)).ok()
        until(
            lambda: (
                [
                    one["metadata"]["annotations"]["phasegate.dev/model-digest"]
                    for one in api.client.list("Pod", api.namespace)
                    if _condition(one, "Ready") == "True"
                ]
                == [NEW]
            )
        )


def test_a_ready_model_can_begin_to_crash_and_be_well_again(api: Api) -> None:
    with Controllers(api.client, api.namespace) as controllers:
        api.client.apply(_slot(api, OLD)).ok()
        until(_service_is(api, "True"))
        controllers.crash("slot")
        until(_service_is(api, "False"))
        (pod,) = api.client.list("Pod", api.namespace)
        state = pod["status"]["containerStatuses"][0]["state"]
        assert state["waiting"]["reason"] == "CrashLoopBackOff"
        status = _object(api, "InferenceService", "slot")["status"]
        assert status["modelStatus"]["states"]["targetModelState"] == "FailedToLoad"
        controllers.heal()
        until(_service_is(api, "True"))


def test_a_rollout_without_progress_is_reported(api: Api) -> None:
    with Controllers(api.client, api.namespace, deadline=0.3) as controllers:
        controllers.never("slot")
        api.client.apply(_slot(api, OLD)).ok()
        until(
            lambda: (
                _condition(_object(api, "Deployment", "slot-predictor"), "Progressing") == "False"
            )
        )


def test_traffic_of_revisions_follows_the_canary_s_percentage(api: Api) -> None:
    def traffic() -> list[tuple[str, int]]:
        status = _object(api, "InferenceService", "slot").get("status", {})
        found = status.get("components", {}).get("predictor", {}).get("traffic", ())
        return [(one["revisionName"], one["percent"]) for one in found]

    first, second = "slot-predictor-00001", "slot-predictor-00002"
    with Controllers(api.client, api.namespace):
        api.client.apply(_slot(api, OLD, "Knative")).ok()
        until(lambda: traffic() == [(first, 100)])
        api.client.apply(_slot(api, NEW, "Knative", canaryTrafficPercent=0)).ok()
        until(lambda: traffic() == [(second, 0), (first, 100)])
        api.client.apply(_slot(api, NEW, "Knative", canaryTrafficPercent=10)).ok()
        until(lambda: traffic() == [(second, 10), (first, 90)])
        api.client.apply(_slot(api, NEW, "Knative")).ok()
        until(lambda: traffic() == [(second, 100)])
        status = _object(api, "InferenceService", "slot")["status"]["components"]["predictor"]
        assert status["latestRolledoutRevision"] == second
        assert status["previousRolledoutRevision"] == first


def test_a_revision_that_is_not_ready_gets_no_traffic(api: Api) -> None:
    with Controllers(api.client, api.namespace) as controllers:
        api.client.apply(_slot(api, OLD, "Knative")).ok()
        until(_service_is(api, "True"))
        controllers.never(NEW)
        api.client.apply(_slot(api, NEW, "Knative")).ok()
        until(
            lambda: (
                _object(api, "InferenceService", "slot")["status"]["components"]["predictor"][
                    "latestCreatedRevision"
                ]
                == "slot-predictor-00002"
            )
        )
        predictor = _object(api, "InferenceService", "slot")["status"]["components"]["predictor"]
        assert predictor["latestReadyRevision"] == "slot-predictor-00001"
        assert [one["revisionName"] for one in predictor["traffic"]] == ["slot-predictor-00001"]


def test_every_annotation_of_a_knative_service_makes_a_revision(api: Api) -> None:
    with Controllers(api.client, api.namespace):
        api.client.apply(_slot(api, OLD, "Knative")).ok()
        until(_service_is(api, "True"))
        patch = {"metadata": {"annotations": {"phasegate.dev/plan": "{}"}}}
        api.client.merge("InferenceService", api.namespace, "slot", patch).ok()
        until(lambda: len(api.client.list("Revision", api.namespace)) == 2)


def test_a_route_is_accepted_in_its_own_generation(api: Api) -> None:
    def conditions() -> dict[str, tuple[str, int]]:
        value = _object(api, "HTTPRoute", "model")
        return {
            one["type"]: (one["reason"], one["observedGeneration"])
            for parent in value.get("status", {}).get("parents", ())
            for one in parent["conditions"]
        }

    with Controllers(api.client, api.namespace):
        parents = [{"name": "gateway"}]
        api.client.apply(_slot(api, OLD)).ok()
        until(_service_is(api, "True"))
        wish = route(api.namespace, parentRefs=parents, rules=rules("slot-predictor"))
        api.client.apply(wish).ok()
        until(
            lambda: (
                conditions() == {"Accepted": ("Accepted", 1), "ResolvedRefs": ("ResolvedRefs", 1)}
            )
        )
        wish = route(api.namespace, parentRefs=parents, rules=rules("nobody"))
        api.client.apply(wish).ok()
        until(
            lambda: (
                conditions()
                == {"Accepted": ("Accepted", 2), "ResolvedRefs": ("BackendNotFound", 2)}
            )
        )


def test_what_a_deleted_service_had_goes_with_it(api: Api) -> None:
    with Controllers(api.client, api.namespace):
        api.client.apply(_slot(api, OLD)).ok()
        until(_service_is(api, "True"))
        api.client.delete("InferenceService", api.namespace, "slot")
        until(lambda: not api.client.list("Pod", api.namespace))
        assert not api.client.list("Deployment", api.namespace)
