"""`Cluster`, our client of the Kubernetes API: what it asks, what it makes of the answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, Owned, Stale, connect
from phasegate.kubernetes.kinds import CONFIG_MAP, HTTP_ROUTE, POD, TRAIN_JOB
from tests.kubernetes.fake import FakeApi

SPACE = "models"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi.start() as api:
        api.namespace(SPACE)
        yield api


@pytest.fixture
def cluster(api: FakeApi, tmp_path: Path) -> Cluster:
    return connect(api.kubeconfig(tmp_path / "kubeconfig", user="secret-token"), retry_seconds=2)


def config_map(name: str, data: Mapping[str, str], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": SPACE, **metadata}, "data": dict(data)}


def test_objects_are_applied_read_listed_and_deleted(cluster: Cluster) -> None:
    assert cluster.get(CONFIG_MAP, SPACE, "one") is None
    applied = cluster.apply(CONFIG_MAP, config_map("one", {"a": "1"}, labels={"part": "x"}))
    assert cluster.get(CONFIG_MAP, SPACE, "one") == applied
    cluster.apply(CONFIG_MAP, config_map("two", {}))
    listed = cluster.list(CONFIG_MAP, SPACE)
    assert [(one["kind"], one["metadata"]["name"]) for one in listed] == [
        ("ConfigMap", "one"),
        ("ConfigMap", "two"),
    ]
    assert [one["metadata"]["name"] for one in cluster.list(CONFIG_MAP, SPACE, "part=x")] == ["one"]
    for _ in range(2):
        cluster.delete(CONFIG_MAP, SPACE, "one")
    assert cluster.get(CONFIG_MAP, SPACE, "one") is None


def test_what_is_left_out_of_an_apply_is_removed_where_it_was_ours(cluster: Cluster) -> None:
    cluster.apply(CONFIG_MAP, config_map("one", {"a": "1", "b": "2"}))
    assert cluster.apply(CONFIG_MAP, config_map("one", {"a": "1"}))["data"] == {"a": "1"}


def test_a_merge_changes_and_unsets(cluster: Cluster) -> None:
    cluster.apply(CONFIG_MAP, config_map("one", {"a": "1", "b": "2"}))
    patch = {"data": {"a": None, "c": "3"}}
    assert cluster.merge(CONFIG_MAP, SPACE, "one", patch)["data"] == {"b": "2", "c": "3"}
    with pytest.raises(BadInput, match="ConfigMap models/none: it is not there"):
        cluster.merge(CONFIG_MAP, SPACE, "none", patch)


def test_a_version_that_moved_on_is_stale_for_both_kinds_of_writes(cluster: Cluster) -> None:
    first = cluster.apply(CONFIG_MAP, config_map("one", {"a": "1"}))
    cluster.apply(CONFIG_MAP, config_map("one", {"a": "2"}))
    old = {"resourceVersion": first["metadata"]["resourceVersion"]}
    with pytest.raises(Stale, match="ConfigMap models/one: it changed meanwhile"):
        cluster.apply(CONFIG_MAP, config_map("one", {"a": "3"}, **old))
    with pytest.raises(Stale):
        cluster.merge(CONFIG_MAP, SPACE, "one", {"metadata": old, "data": {"a": "3"}})
    found = cluster.get(CONFIG_MAP, SPACE, "one")
    assert found is not None
    assert found["data"] == {"a": "2"}


def test_fields_of_others_are_told_with_their_owners_and_taken_by_force(
    api: FakeApi, cluster: Cluster
) -> None:
    api.put({"apiVersion": "v1", "kind": "ConfigMap", **config_map("one", {"a": "theirs"})})
    with pytest.raises(Owned, match=r"\.data\.a belong to overlay; expected that only") as refused:
        cluster.apply(CONFIG_MAP, config_map("one", {"a": "ours"}))
    assert refused.value.owners == ("overlay",)
    forced = cluster.apply(CONFIG_MAP, config_map("one", {"a": "ours"}), force=True)
    assert forced["data"] == {"a": "ours"}


def test_kinds_names_and_namespaces_that_are_not_there_are_told_apart(cluster: Cluster) -> None:
    with pytest.raises(BadInput, match=r"the cluster has no trainer\.kubeflow\.org API"):
        cluster.get(TRAIN_JOB, SPACE, "one")
    with pytest.raises(BadInput, match="there is no such namespace"):
        other = config_map("one", {})
        other["metadata"]["namespace"] = "nowhere"
        cluster.apply(CONFIG_MAP, other)


def test_a_field_that_the_schema_does_not_know_is_refused(cluster: Cluster) -> None:
    route = {"metadata": {"name": "r", "namespace": SPACE}, "spec": {"rulez": []}}
    with pytest.raises(BadInput, match=r"the cluster refuses this: .*rulez") as refused:
        cluster.apply(HTTP_ROUTE, route)
    assert not isinstance(refused.value, Unavailable), "it is not worth asking again"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_call_is_repeated_until_there_is_an_answer(
    api: FakeApi, cluster: Cluster, status: int
) -> None:
    api.fail("GET", "configmaps", status=status, times=3)
    assert cluster.list(CONFIG_MAP, SPACE) == []


def test_a_server_that_asks_to_wait_is_heeded(api: FakeApi, cluster: Cluster) -> None:
    api.fail("GET", "configmaps", status=429, times=1, retry_after=1)
    started = time.monotonic()
    cluster.list(CONFIG_MAP, SPACE)
    assert time.monotonic() - started >= 1


def test_a_server_that_asks_to_wait_for_longer_than_there_is_time_is_not_waited_for(
    api: FakeApi, cluster: Cluster
) -> None:
    api.fail("GET", "configmaps", status=429, times=None, retry_after=30)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="it answers 429"):
        cluster.list(CONFIG_MAP, SPACE)
    assert time.monotonic() - started < 3


def test_refusals_are_not_repeated(api: FakeApi, cluster: Cluster) -> None:
    api.forbid("list", "configmaps")
    before = len(api.calls)
    with pytest.raises(
        BadInput, match=r"not allowed to list configmaps in namespace models .*Bind a Role with"
    ):
        cluster.list(CONFIG_MAP, SPACE)
    assert len(api.calls) <= before + 1


def test_a_webhooks_refusal_is_not_taken_for_a_missing_role(api: FakeApi, cluster: Cluster) -> None:
    api.webhook("ConfigMap", lambda new, _: f"you cannot patch {new['metadata']['name']}")
    with pytest.raises(BadInput, match="the cluster refuses this: admission webhook") as refused:
        cluster.apply(CONFIG_MAP, config_map("one", {}))
    assert "Role" not in str(refused.value)


def test_no_message_holds_the_credentials(api: FakeApi, cluster: Cluster) -> None:
    api.fail("GET", "configmaps", reset=True, times=None)
    with pytest.raises(Unavailable) as lost:
        cluster.get(CONFIG_MAP, SPACE, "one")
    with api.down(), pytest.raises(Unavailable) as away:
        cluster.get(POD, SPACE, "one")
    for error in (lost, away):
        assert "secret-token" not in str(error.value)
        assert "object at 0x" not in str(error.value)
        assert "\n" not in str(error.value)


def test_a_call_ends_in_time_when_nobody_answers(api: FakeApi, cluster: Cluster) -> None:
    started = time.monotonic()
    with api.down(), pytest.raises(Unavailable, match="does not answer"):
        cluster.get(POD, SPACE, "one")
    assert time.monotonic() - started < 5


def after(seconds: float, act: Any) -> None:
    threading.Timer(seconds, act).start()


def test_waiting_ends_with_the_event_that_is_waited_for(api: FakeApi, cluster: Cluster) -> None:
    cluster.apply(CONFIG_MAP, config_map("one", {"a": "1"}))
    after(0.3, lambda: api.edit("ConfigMap", SPACE, "one", {"data": {"a": "2"}}))
    started = time.monotonic()
    found = cluster.await_(
        CONFIG_MAP, SPACE, "one", lambda one: one is not None and one["data"]["a"] == "2", 30, "2"
    )
    assert found["data"] == {"a": "2"}
    assert time.monotonic() - started < 5, "by its event, not by asking again"


def test_an_object_can_be_waited_for_to_come_and_to_go(api: FakeApi, cluster: Cluster) -> None:
    value = {"apiVersion": "v1", "kind": "ConfigMap", **config_map("one", {})}
    after(0.2, lambda: api.put(value))
    assert cluster.await_(CONFIG_MAP, SPACE, "one", lambda one: one is not None, 30, "there")
    after(0.2, lambda: api.remove("ConfigMap", SPACE, "one"))
    assert cluster.await_(CONFIG_MAP, SPACE, "one", lambda one: one is None, 30, "gone") == {}


def test_waiting_survives_what_happens_to_watches(api: FakeApi, cluster: Cluster) -> None:
    """A compaction (410), a broken stream and an error on the way: all is read again."""
    cluster.apply(CONFIG_MAP, config_map("one", {"a": "1"}))
    api.fail("GET", "watch=true", status=410, times=1)
    api.fail("GET", "watch=true", status=500, times=1)
    api.fail("GET", "watch=true", reset=True, times=1)

    def later() -> None:
        api.forget()
        api.edit("ConfigMap", SPACE, "one", {"data": {"a": "2"}})

    after(0.5, later)
    found = cluster.await_(
        CONFIG_MAP, SPACE, "one", lambda one: one is not None and one["data"]["a"] == "2", 30, "2"
    )
    assert found["data"] == {"a": "2"}


def test_waiting_ends_when_the_time_is_up_and_says_for_what(cluster: Cluster) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"ConfigMap models/one: waited 0\.5 seconds.*: it comes"):
        cluster.await_(CONFIG_MAP, SPACE, "one", lambda one: one is not None, 0.5, "it comes")
    assert time.monotonic() - started < 4


def test_an_error_of_the_condition_ends_the_waiting(cluster: Cluster) -> None:
    def hopeless(_: Any) -> bool:
        raise BadInput("it crashes")

    with pytest.raises(BadInput, match="it crashes"):
        cluster.await_(CONFIG_MAP, SPACE, "one", hopeless, 30, "")


def test_what_is_no_configuration_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("none", None), ("empty", ""), ("wrong", json.dumps({"contexts": 3}))):
        path = tmp_path / name
        if text is not None:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(BadInput, match="no Kubernetes cluster is configured"):
            connect(path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(BadInput, match="Set KUBECONFIG"):
        connect()
