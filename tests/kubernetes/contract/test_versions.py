"""resourceVersion, generation and uid: what a writer can rely on."""

from __future__ import annotations

import pytest

from tests.kubernetes.client import APPLY, MERGE
from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import ROUTES, SERVICES, route, rules, service, static

MODIFIED = (
    'Operation cannot be fulfilled on httproutes.gateway.networking.k8s.io "model": the object has '
    "been modified; please apply your changes to the latest version and try again"
)


def test_a_new_object_gets_its_identity(api: Api) -> None:
    made = api.client.create(static(api.namespace))
    metadata = made["metadata"]
    assert metadata["generation"] == 1
    assert len(metadata["uid"]) == 36
    assert metadata["resourceVersion"].isdecimal()
    assert metadata["creationTimestamp"].endswith("Z")


def test_a_second_creation_is_refused(api: Api) -> None:
    api.client.create(static(api.namespace))
    again = api.client.ask("POST", SERVICES.format(api.namespace), static(api.namespace))
    assert again.status == 409
    assert again.value["reason"] == "AlreadyExists"
    assert again.value["message"] == 'inferenceservices.serving.kserve.io "slot" already exists'


def test_versions_only_grow_and_only_with_changes(api: Api) -> None:
    first = api.client.apply(static(api.namespace)).ok()
    same = api.client.apply(static(api.namespace)).ok()
    assert same["metadata"] == first["metadata"]
    other = static(api.namespace, annotations={"a": "b"})
    changed = api.client.apply(other).ok()
    assert int(changed["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    assert changed["metadata"]["uid"] == first["metadata"]["uid"]


def test_a_field_s_second_owner_changes_the_version_and_nothing_else(api: Api) -> None:
    """What a kill fences writers off with, who read the object before."""
    first = api.client.apply(static(api.namespace), "overlay").ok()
    again = api.client.apply(static(api.namespace), "overlay").ok()
    other = api.client.apply(static(api.namespace), "other").ok()
    for one in (again, other):
        assert (one["spec"], one["metadata"]["generation"]) == (
            first["spec"],
            first["metadata"]["generation"],
        )
    versions = [one["metadata"]["resourceVersion"] for one in (first, again, other)]
    assert versions[0] == versions[1] != versions[2]


def test_the_generation_counts_changes_of_the_spec_alone(api: Api) -> None:
    api.client.apply(static(api.namespace)).ok()
    noted = api.client.merge(
        "InferenceService", api.namespace, "slot", {"metadata": {"annotations": {"a": "b"}}}
    ).ok()
    assert noted["metadata"]["generation"] == 1
    told = api.client.merge(
        "InferenceService",
        api.namespace,
        "slot",
        {"status": {"url": "http://x"}},
        subresource="status",
    ).ok()
    assert told["metadata"]["generation"] == 1
    scaled = api.client.merge(
        "InferenceService", api.namespace, "slot", {"spec": {"predictor": {"minReplicas": 2}}}
    ).ok()
    assert scaled["metadata"]["generation"] == 2


@pytest.mark.parametrize("how", ["apply", "merge", "put"])
def test_a_stale_version_is_a_conflict(api: Api, how: str) -> None:
    path = ROUTES.format(api.namespace) + "/model"
    first = api.client.apply(route(api.namespace, rules=rules("a"))).ok()
    api.client.apply(route(api.namespace, rules=rules("b"))).ok()
    stale = {"resourceVersion": first["metadata"]["resourceVersion"]}
    if how == "apply":
        wish = route(api.namespace, rules=rules("c"))
        wish["metadata"] |= stale
        answer = api.client.ask("PATCH", path, wish, kind=APPLY, query={"fieldManager": "overlay"})
    elif how == "merge":
        patch = {"metadata": {**stale, "annotations": {"a": "b"}}}
        answer = api.client.ask("PATCH", path, patch, kind=MERGE)
    else:
        answer = api.client.ask("PUT", path, first)
    assert (answer.status, answer.value["reason"]) == (409, "Conflict")
    assert answer.value["message"] == MODIFIED
    assert "causes" not in answer.value["details"]
    kept = api.client.get("HTTPRoute", api.namespace, "model")
    assert kept is not None
    assert kept["spec"]["rules"][0]["backendRefs"][0]["name"] == "b"


def test_the_current_version_is_no_conflict(api: Api) -> None:
    first = api.client.apply(route(api.namespace, rules=rules("a"))).ok()
    wish = route(api.namespace, rules=rules("b"))
    wish["metadata"]["resourceVersion"] = first["metadata"]["resourceVersion"]
    assert api.client.apply(wish).status == 200


def test_an_apply_with_a_version_makes_what_is_not_there(api: Api) -> None:
    wish = static(api.namespace)
    wish["metadata"]["resourceVersion"] = "5"
    assert api.client.apply(wish).status == 201


def test_an_update_needs_a_version(api: Api) -> None:
    api.client.apply(static(api.namespace)).ok()
    path = SERVICES.format(api.namespace) + "/slot"
    answer = api.client.ask("PUT", path, static(api.namespace))
    assert answer.status == 422
    assert "metadata.resourceVersion: Invalid value" in answer.value["message"]


def test_a_new_object_cannot_bring_a_version(api: Api) -> None:
    wish = static(api.namespace)
    wish["metadata"]["resourceVersion"] = "5"
    answer = api.client.ask("POST", SERVICES.format(api.namespace), wish)
    assert answer.status == 500
    assert answer.value["message"] == "resourceVersion should not be set on objects to be created"


def test_the_status_is_written_at_a_path_of_its_own(api: Api) -> None:
    made = api.client.create({**static(api.namespace), "status": {"url": "http://x"}})
    assert "status" not in made
    patch = {"status": {"url": "http://y"}, "spec": {"predictor": {"minReplicas": 3}}}
    first = api.client.merge("InferenceService", api.namespace, "slot", patch).ok()
    assert "status" not in first
    patch["spec"]["predictor"]["minReplicas"] = 4
    patch["metadata"] = {"annotations": {"a": "b"}}
    second = api.client.merge(
        "InferenceService", api.namespace, "slot", patch, subresource="status"
    ).ok()
    assert second["status"] == {"url": "http://y"}
    assert second["spec"]["predictor"]["minReplicas"] == 3
    assert "annotations" not in second["metadata"]


def test_another_uid_is_refused(api: Api) -> None:
    api.client.apply(static(api.namespace)).ok()
    wish = service(api.namespace)
    wish["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
    answer = api.client.apply(wish, "other")
    assert answer.status in (409, 422)
    assert answer.value["status"] == "Failure"
