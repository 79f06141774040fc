"""Deletion: preconditions, finalizers, and what is gone."""

from __future__ import annotations

from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import static


def test_what_is_deleted_is_gone(api: Api) -> None:
    made = api.client.create(static(api.namespace))
    answer = api.client.delete("InferenceService", api.namespace, "slot")
    assert answer.status == 200
    assert answer.value["status"] == "Success"
    assert answer.value["details"]["uid"] == made["metadata"]["uid"]
    assert api.client.get("InferenceService", api.namespace, "slot") is None
    assert api.client.delete("InferenceService", api.namespace, "slot").status == 404


def test_another_version_or_uid_is_a_conflict(api: Api) -> None:
    metadata = api.client.create(static(api.namespace))["metadata"]
    for key, said in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        body = {"preconditions": {key: "1"}}
        answer = api.client.delete("InferenceService", api.namespace, "slot", body)
        assert (answer.status, answer.value["reason"]) == (409, "Conflict")
        assert (
            f"the {said} in the precondition (1) does not match the {said} in record "
            f"({metadata[key]})"
        ) in answer.value["message"]
    body = {"preconditions": {key: metadata[key] for key in ("uid", "resourceVersion")}}
    assert api.client.delete("InferenceService", api.namespace, "slot", body).status == 200


def test_a_finalizer_holds_an_object_until_it_is_taken_off(api: Api) -> None:
    api.client.create(static(api.namespace))
    held = {"metadata": {"finalizers": ["phasegate.dev/test"]}}
    api.client.merge("InferenceService", api.namespace, "slot", held).ok()
    marked = api.client.delete("InferenceService", api.namespace, "slot").ok()
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["generation"] == 2
    assert api.client.get("InferenceService", api.namespace, "slot") is not None
    free = {"metadata": {"finalizers": None}}
    api.client.merge("InferenceService", api.namespace, "slot", free).ok()
    assert api.client.get("InferenceService", api.namespace, "slot") is None


def test_a_new_object_of_an_old_name_is_another(api: Api) -> None:
    first = api.client.create(static(api.namespace))
    api.client.delete("InferenceService", api.namespace, "slot")
    second = api.client.create(static(api.namespace))
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert second["metadata"]["generation"] == 1
