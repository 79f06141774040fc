"""What a test can do with the fake beyond what a real API server does."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from tests.kubernetes.contract.objects import SERVICES, route, rules, static
from tests.kubernetes.fake import FakeApi
from tests.waiting import until

NAMESPACE = "fraud"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi.start() as api:
        api.namespace(NAMESPACE)
        yield api


def test_requests_fail_as_often_as_they_are_told_to(api: FakeApi) -> None:
    api.fail("GET", "inferenceservices", status=429, retry_after=1, times=2)
    client, path = api.client(), SERVICES.format(NAMESPACE)
    answers = [client.ask("GET", path) for _ in range(3)]
    assert [one.status for one in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert answers[0].value["reason"] == "TooManyRequests"
    assert client.ask("GET", path.replace("inferenceservices", "servingruntimes")).status != 429


def test_a_lost_answer_is_not_a_lost_write(api: FakeApi) -> None:
    api.fail("PATCH", "httproutes", reset=True, late=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        api.client().apply(route(NAMESPACE, rules=rules("a")))
    assert api.object("HTTPRoute", NAMESPACE, "model") is not None
    api.fail("PATCH", "httproutes", reset=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        api.client().apply(route(NAMESPACE, name="other", rules=rules("a")))
    assert api.object("HTTPRoute", NAMESPACE, "other") is None


def test_requests_can_be_slow(api: FakeApi) -> None:
    api.fail("GET", "inferenceservices", delay=0.2)
    started = time.monotonic()
    assert api.client().ask("GET", SERVICES.format(NAMESPACE)).status == 200
    assert time.monotonic() - started >= 0.2


def test_a_server_that_is_away_comes_back_with_its_objects(api: FakeApi) -> None:
    api.put(static(NAMESPACE))
    client = api.client()
    watch = client.watch("InferenceService", NAMESPACE, seconds=60)
    assert next(watch)["type"] == "ADDED"
    with api.down():
        with pytest.raises(urllib3.exceptions.HTTPError):
            list(watch)
        with pytest.raises(urllib3.exceptions.HTTPError):
            client.list("InferenceService", NAMESPACE)
    assert len(client.list("InferenceService", NAMESPACE)) == 1


def test_verbs_are_forbidden_to_all_or_to_one(api: FakeApi) -> None:
    api.put(static(NAMESPACE))
    api.forbid("patch", "inferenceservices", user="guard")
    api.forbid("delete", "inferenceservices.serving.kserve.io")
    guard, admin = api.client("guard"), api.client()
    patch = {"metadata": {"annotations": {"a": "b"}}}
    assert guard.merge("InferenceService", NAMESPACE, "slot", patch).status == 403
    assert admin.merge("InferenceService", NAMESPACE, "slot", patch).status == 200
    assert admin.delete("InferenceService", NAMESPACE, "slot").status == 403
    api.heal()
    assert admin.delete("InferenceService", NAMESPACE, "slot").status == 200


def test_a_webhook_sees_the_new_object_and_the_old_one(api: FakeApi) -> None:
    seen = []

    def refuses(new: dict, old: dict | None) -> str | None:
        seen.append((new.get("spec"), old and old.get("spec")))
        return "no" if old else None

    api.webhook("HTTPRoute", refuses)
    assert api.client().apply(route(NAMESPACE, rules=rules("a"))).status == 201
    refused = api.client().apply(route(NAMESPACE, rules=rules("b")))
    assert (refused.status, refused.value["message"].endswith("denied the request: no")) == (
        403,
        True,
    )
    assert seen[1][1] == seen[0][0]


def test_a_kind_can_be_taken_away_and_be_given_back(api: FakeApi) -> None:
    api.put(static(NAMESPACE))
    api.uninstall("HTTPRoute")
    path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/httproutes/model"
    assert api.client().ask("GET", path).text == "404 page not found\n"


def test_watches_from_before_a_compaction_are_too_old(api: FakeApi) -> None:
    version = api.put(static(NAMESPACE))["metadata"]["resourceVersion"]
    api.edit("InferenceService", NAMESPACE, "slot", {"metadata": {"labels": {"a": "b"}}})
    api.forget()
    events = api.client().watch("InferenceService", NAMESPACE, resourceVersion=version)
    assert next(events)["object"]["code"] == 410


def test_requests_are_recorded(api: FakeApi) -> None:
    api.client().apply(static(NAMESPACE), "phasegate").ok()
    api.client().get("InferenceService", NAMESPACE, "nobody")
    first, second = api.calls
    assert (first.verb, first.manager, first.status) == ("patch", "phasegate", 201)
    assert (first.namespace, first.name) == (NAMESPACE, "slot")
    assert first.value["kind"] == "InferenceService"
    assert (second.verb, second.status) == ("get", 404)


def test_a_hand_and_a_controller(api: FakeApi) -> None:
    api.put(static(NAMESPACE))
    api.edit("InferenceService", NAMESPACE, "slot", {"spec": {"predictor": {"minReplicas": 2}}})
    api.status("InferenceService", NAMESPACE, "slot", {"url": "http://x"})
    value = api.object("InferenceService", NAMESPACE, "slot")
    assert value is not None
    assert value["status"] == {"url": "http://x"}
    assert value["metadata"]["generation"] == 2
    api.remove("InferenceService", NAMESPACE, "slot")
    assert api.objects("InferenceService") == []


def test_pods_get_the_addresses_that_a_test_chose(api: FakeApi) -> None:
    value = static(NAMESPACE, annotations={"phasegate.dev/model-digest": "a" * 64})
    with api.reconcile(addresses={"slot": "127.0.0.9"}):
        api.put(value)
        found = until(
            lambda: (api.object("EndpointSlice", NAMESPACE, "slot-predictor-slice") or {}).get(
                "endpoints"
            )
        )
    assert found[0]["addresses"] == ["127.0.0.9"]


def test_the_published_client_and_kubectl_understand_it(api: FakeApi, tmp_path: Path) -> None:
    from kubernetes import client, config

    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig", namespace=NAMESPACE)
    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    published = client.CustomObjectsApi(client.ApiClient(configuration))
    place = ("serving.kserve.io", "v1beta1", NAMESPACE, "inferenceservices")
    published.create_namespaced_custom_object(*place, static(NAMESPACE))
    assert len(published.list_namespaced_custom_object(*place)["items"]) == 1
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl")
    told = subprocess.run(
        [kubectl, f"--kubeconfig={kubeconfig}", "get", "inferenceservices", "-oname"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path)},
    )
    assert told.stdout.strip() == "inferenceservice.serving.kserve.io/slot", told.stderr
