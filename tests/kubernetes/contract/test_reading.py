"""Lists, watches, and what is not there."""

from __future__ import annotations

import pytest

from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import SERVICES, static

_LABEL = "phasegate.dev/model"


def _fill(api: Api, count: int = 5) -> None:
    for number in range(count):
        label = {_LABEL: "even" if number % 2 == 0 else "odd", "number": str(number)}
        api.client.create(static(api.namespace, f"slot-{number}", labels=label))


@pytest.mark.parametrize(
    ("selector", "numbers"),
    [
        (f"{_LABEL}=even", "024"),
        (f"{_LABEL}!=even", "13"),
        (f"{_LABEL}=even,number in (0, 2)", "02"),
        (f"{_LABEL},number notin (0,1)", "234"),
        ("!number", ""),
        ("number", "01234"),
    ],
)
def test_a_list_by_labels(api: Api, selector: str, numbers: str) -> None:
    _fill(api)
    found = api.client.list("InferenceService", api.namespace, selector)
    assert [one["metadata"]["name"] for one in found] == [f"slot-{one}" for one in numbers]


def test_a_selector_that_cannot_be_read(api: Api) -> None:
    path = SERVICES.format(api.namespace)
    answer = api.client.ask("GET", path, query={"labelSelector": "a===b"})
    assert (answer.status, answer.value["reason"]) == (400, "BadRequest")
    assert answer.value["message"].startswith("unable to parse requirement: ")


def test_a_list_comes_in_pages(api: Api) -> None:
    _fill(api)
    names, query = [], {"limit": "2"}
    while True:
        page = api.client.ask("GET", SERVICES.format(api.namespace), query=query).ok()
        assert page["kind"] == "InferenceServiceList"
        assert len(page["items"]) <= 2
        names += [one["metadata"]["name"] for one in page["items"]]
        if not page["metadata"].get("continue"):
            break
        query = {"limit": "2", "continue": page["metadata"]["continue"]}
    assert names == [f"slot-{number}" for number in range(5)]


def test_a_list_by_name(api: Api) -> None:
    _fill(api)
    query = {"fieldSelector": "metadata.name=slot-3"}
    page = api.client.ask("GET", SERVICES.format(api.namespace), query=query).ok()
    assert [one["metadata"]["name"] for one in page["items"]] == ["slot-3"]


def test_items_of_a_list_name_their_kind_only_where_it_is_a_custom_one(api: Api) -> None:
    api.client.create(static(api.namespace))
    (item,) = api.client.ask("GET", SERVICES.format(api.namespace)).ok()["items"]
    assert item["kind"] == "InferenceService"
    metadata = {"name": "settings", "namespace": api.namespace}
    api.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    page = api.client.ask("GET", f"/api/v1/namespaces/{api.namespace}/configmaps").ok()
    assert page["kind"] == "ConfigMapList"
    assert all("kind" not in one and "apiVersion" not in one for one in page["items"])


def test_a_watch_tells_what_comes_after_a_version(api: Api) -> None:
    first = api.client.create(static(api.namespace, "slot-0"))
    api.client.create(static(api.namespace, "slot-1"))
    patch = {"metadata": {"annotations": {"a": "b"}}}
    api.client.merge("InferenceService", api.namespace, "slot-0", patch).ok()
    api.client.delete("InferenceService", api.namespace, "slot-1")
    since = first["metadata"]["resourceVersion"]
    events = []
    for event in api.client.watch("InferenceService", api.namespace, resourceVersion=since):
        events.append((event["type"], event["object"]["metadata"]["name"]))
        if len(events) == 3:
            break
    assert events == [("ADDED", "slot-1"), ("MODIFIED", "slot-0"), ("DELETED", "slot-1")]


def test_a_watch_without_a_version_begins_with_what_is_there(api: Api) -> None:
    _fill(api, 2)
    events = api.client.watch("InferenceService", api.namespace)
    told = sorted(next(events)["object"]["metadata"]["name"] for _ in range(2))
    assert told == ["slot-0", "slot-1"]
    events.close()


def test_a_watch_by_labels_tells_of_what_leaves_its_view(api: Api) -> None:
    made = api.client.create(static(api.namespace, labels={"view": "in"}))
    for label in ("out", "in"):
        patch = {"metadata": {"labels": {"view": label}}}
        api.client.merge("InferenceService", api.namespace, "slot", patch).ok()
    since = made["metadata"]["resourceVersion"]
    events = api.client.watch(
        "InferenceService", api.namespace, resourceVersion=since, labelSelector="view=in"
    )
    assert [next(events)["type"] for _ in range(2)] == ["DELETED", "ADDED"]
    events.close()


def test_a_watch_by_name(api: Api) -> None:
    version = api.client.create(static(api.namespace))["metadata"]["resourceVersion"]
    api.client.create(static(api.namespace, "other"))
    patch = {"metadata": {"annotations": {"a": "b"}}}
    api.client.merge("InferenceService", api.namespace, "slot", patch).ok()
    selector = "metadata.name=slot"
    events = api.client.watch(
        "InferenceService", api.namespace, resourceVersion=version, fieldSelector=selector
    )
    event = next(events)
    assert (event["type"], event["object"]["metadata"]["name"]) == ("MODIFIED", "slot")
    events.close()


def test_a_watch_ends_when_its_time_is_up(api: Api) -> None:
    version = api.client.create(static(api.namespace))["metadata"]["resourceVersion"]
    events = api.client.watch("InferenceService", api.namespace, seconds=1, resourceVersion=version)
    assert list(events) == []


def test_a_watch_from_a_forgotten_version_is_told_so(api: Api) -> None:
    api.client.create(static(api.namespace))
    (event,) = api.client.watch("InferenceService", api.namespace, resourceVersion="1")
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def test_an_object_that_is_not_there(api: Api) -> None:
    answer = api.client.ask("GET", SERVICES.format(api.namespace) + "/nobody")
    assert (answer.status, answer.value["reason"]) == (404, "NotFound")
    assert answer.value["message"] == 'inferenceservices.serving.kserve.io "nobody" not found'
    assert answer.value["details"] == {
        "name": "nobody",
        "group": "serving.kserve.io",
        "kind": "inferenceservices",
    }


@pytest.mark.parametrize("group", ["serving.kserve.io/v1beta1", "no.such/v1"])
def test_a_kind_that_is_not_there(api: Api, group: str) -> None:
    path = f"/apis/{group}/namespaces/{api.namespace}/nothings/x"
    answer = api.client.ask("GET", path)
    assert answer.status == 404
    assert answer.text == "404 page not found\n"


def test_a_core_kind_that_is_not_there(api: Api) -> None:
    answer = api.client.ask("GET", f"/api/v1/namespaces/{api.namespace}/nothings")
    assert answer.status == 404
    assert answer.value["message"] == "the server could not find the requested resource"
    assert "name" not in answer.value["details"]


def test_an_object_in_a_namespace_that_is_not_there(api: Api) -> None:
    answer = api.client.ask("POST", SERVICES.format("nowhere"), static("nowhere"))
    assert (answer.status, answer.value["reason"]) == (404, "NotFound")
    assert answer.value["message"] == 'namespaces "nowhere" not found'


def test_discovery_names_the_versions_of_a_group(api: Api) -> None:
    found = api.client.ask("GET", "/apis/serving.kserve.io").ok()
    assert "v1beta1" in [one["version"] for one in found["versions"]]
    listed = api.client.ask("GET", "/apis/serving.kserve.io/v1beta1").ok()
    names = {one["name"]: one for one in listed["resources"]}
    assert names["inferenceservices"]["kind"] == "InferenceService"
    assert "inferenceservices/status" in names
    assert api.client.ask("GET", "/apis/no.such").status == 404
