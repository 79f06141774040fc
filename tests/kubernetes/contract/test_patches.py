"""Merge patch, JSON patch, and the patches that custom resources do not take."""

from __future__ import annotations

from tests.kubernetes.client import MERGE, OPERATIONS, STRATEGIC
from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import ROUTES, SERVICES, route, rules, service, static


def test_null_unsets_a_field(api: Api) -> None:
    wish = static(api.namespace, annotations={"a": "1", "b": "2"}, canaryTrafficPercent=10)
    api.client.create(wish)
    patch = {"metadata": {"annotations": {"a": None}}, "spec": {"predictor": {}}}
    patch["spec"]["predictor"]["canaryTrafficPercent"] = None
    left = api.client.merge("InferenceService", api.namespace, "slot", patch).ok()
    assert left["metadata"]["annotations"] == {"b": "2"}
    assert "canaryTrafficPercent" not in left["spec"]["predictor"]


def test_null_for_what_is_not_there_changes_nothing(api: Api) -> None:
    made = api.client.create(static(api.namespace))
    patch = {"spec": {"predictor": {"canaryTrafficPercent": None}}}
    same = api.client.merge("InferenceService", api.namespace, "slot", patch).ok()
    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_merge_replaces_lists(api: Api) -> None:
    api.client.create(route(api.namespace, rules=[*rules("a"), *rules("b")]))
    patch = {"spec": {"rules": rules("c")}}
    left = api.client.merge("HTTPRoute", api.namespace, "model", patch).ok()
    assert [one["backendRefs"][0]["name"] for one in left["spec"]["rules"]] == ["c"]


def test_operations_are_done_all_or_none(api: Api) -> None:
    api.client.create(route(api.namespace, rules=rules("a"), hostnames=["a.b"]))
    path = ROUTES.format(api.namespace) + "/model"
    replace = {"op": "replace", "path": "/spec/hostnames/0", "value": "c.d"}
    done = api.client.ask("PATCH", path, [replace], kind=OPERATIONS).ok()
    assert done["spec"]["hostnames"] == ["c.d"]
    test = {"op": "test", "path": "/spec/hostnames/0", "value": "other"}
    both = [{**replace, "value": "e.f"}, test]
    answer = api.client.ask("PATCH", path, both, kind=OPERATIONS)
    assert (answer.status, answer.value["reason"]) == (422, "Invalid")
    kept = api.client.get("HTTPRoute", api.namespace, "model")
    assert kept is not None
    assert kept["spec"]["hostnames"] == ["c.d"]


def test_custom_resources_take_no_strategic_patch(api: Api) -> None:
    api.client.create(static(api.namespace))
    path = SERVICES.format(api.namespace) + "/slot"
    answer = api.client.ask("PATCH", path, {"metadata": {}}, kind=STRATEGIC)
    assert (answer.status, answer.value["reason"]) == (415, "UnsupportedMediaType")
    assert answer.value["message"].startswith(
        "the body of the request was in an unknown format - accepted media types include: "
    )


def test_a_patch_of_what_is_not_there_is_not_found(api: Api) -> None:
    path = SERVICES.format(api.namespace) + "/nobody"
    answer = api.client.ask("PATCH", path, {"metadata": {}}, kind=MERGE)
    assert (answer.status, answer.value["reason"]) == (404, "NotFound")


def test_a_merge_cannot_take_the_version_away(api: Api) -> None:
    api.client.create(static(api.namespace))
    patch = {"metadata": {"resourceVersion": None}}
    answer = api.client.merge("InferenceService", api.namespace, "slot", patch)
    assert answer.status == 422
    assert "must be specified for an update" in answer.value["message"]


def test_a_merge_that_names_no_owner_is_owned_by_the_client(api: Api) -> None:
    api.client.create(static(api.namespace))
    path = SERVICES.format(api.namespace) + "/slot"
    patch = service(api.namespace, annotations={"a": "b"})
    left = api.client.ask("PATCH", path, patch, kind=MERGE, agent="some-client/1.0 (x)").ok()
    assert "some-client" in [one["manager"] for one in left["metadata"]["managedFields"]]
