"""What goes wrong with a route, its gateway and the API: each is told, and traffic is as it was."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import connect
from phasegate.traffic.kserve.gateway import KServeGatewayTarget
from phasegate.traffic.plan import WHOLE, TrafficPlan
from tests.kubernetes.fake import FakeApi, builtin_crds
from tests.traffic.kserve.conftest import PATIENCE, Place
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, manifests, model, route
from tests.waiting import until


@pytest.fixture
def busy(place: Place, plan: TrafficPlan) -> TrafficPlan:
    """A quarter of the requests are the challenger's, and it gets copies of the others."""
    busy = replace(plan, weight=2500, mirror=WHOLE)
    place.target().apply(busy)
    return busy


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 2},
        {"status": 503, "times": 1},
        {"status": 429, "retry_after": 0.2, "times": 2},
        {"reset": True, "times": 2},
        {"reset": True, "late": True, "times": 1},
        {"status": 504, "late": True, "times": 1},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_passing_troubles_of_the_api_are_not_noticed(
    place: Place, busy: TrafficPlan, fault: dict[str, Any]
) -> None:
    for method in ("GET", "PATCH"):
        place.api.fail(method, "httproutes", **fault)
    place.target().apply(busy.with_weight(5000))
    assert place.target().observe().challenger.share == 5000


def test_an_api_that_does_not_answer_is_said_to_be_unavailable_in_bounded_time(
    place: Place, busy: TrafficPlan
) -> None:
    place.api.fail("*", "httproutes", status=503, times=None)
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"HTTPRoute models/card-fraud: .*does not answer.*503"):
        place.target().apply(busy.with_weight(5000))
    assert time.monotonic() - started < 10
    place.api.heal()
    assert place.target().observe().challenger.share == 2500
    place.target().apply(busy.with_weight(5000))  # the gateway's controller is back as well


def test_a_kill_and_a_rollback_need_the_route_alone(place: Place, busy: TrafficPlan) -> None:
    """Slots that cannot be read and a challenger that crashes do not stand in the way back."""
    place.controllers.crash(f"{MODEL}-b")
    for kind in ("inferenceservices", "deployments", "pods", "endpointslices"):
        place.api.forbid("get", kind, user="admin")
        place.api.forbid("list", kind, user="admin")
    before = place.writes("httproutes")
    place.target().kill()
    assert place.writes("httproutes") == before + 1
    place.target().apply(TrafficPlan(busy.champion))
    assert place.writes("httproutes") == before + 2
    assert json.dumps(place.route()["spec"]["rules"]).count("card-fraud-b") == 0


def test_a_challenger_that_was_ready_and_crashes_is_seen(place: Place, busy: TrafficPlan) -> None:
    target = place.target()
    assert target.observe().challenger.healthy
    place.controllers.crash(f"{MODEL}-b")
    until(lambda: not place.target().observe().challenger.healthy)
    assert target.observe().champion.healthy
    assert target.backend(busy.challenger.name) is None
    with pytest.raises(BadInput, match=r"020202020202 gets no traffic yet: container .*exit 1"):
        target.apply(busy.with_weight(5000))
    assert target.observe().challenger.share == 2500
    target.apply(TrafficPlan(busy.champion))
    assert target.observe().champion.share == WHOLE


def test_a_sick_champion_does_not_stop_a_rollback_to_it(place: Place, busy: TrafficPlan) -> None:
    place.controllers.crash(f"{MODEL}-a")
    until(lambda: not place.target().observe().champion.healthy)
    place.target().apply(TrafficPlan(busy.champion))
    assert place.target().observe().champion.share == WHOLE


def test_a_gateway_that_refuses_gets_the_old_rules_back(place: Place, busy: TrafficPlan) -> None:
    before = place.route()["spec"]["rules"]
    place.controllers.route = "NoMatchingListenerHostname"
    with pytest.raises(
        BadInput,
        match=r"Gateway models/models says Accepted is False \(NoMatchingListenerHostname: ",
    ):
        place.target().apply(busy.with_weight(5000))
    assert place.route()["spec"]["rules"] == before
    place.controllers.route = ""
    place.controllers.heal()
    assert place.target().observe().challenger.share == 2500
    assert place.target().change(lambda kept: kept) == busy, "the plan that is kept as well"


def test_a_service_that_is_gone_is_named(place: Place, busy: TrafficPlan) -> None:
    place.api.remove("Service", NAMESPACE, f"{MODEL}-b-predictor")
    place.api.remove("InferenceService", NAMESPACE, f"{MODEL}-b")
    until(lambda: "False" in json.dumps(place.route()["status"]))
    with pytest.raises(BadInput, match=r"ResolvedRefs is False \(BackendNotFound: .*b-predictor"):
        place.target().observe()
    place.target().kill()
    assert place.target().observe().champion.share == WHOLE
    with pytest.raises(BadInput, match="nobody serves 020202020202"):
        place.target().revive()
    assert place.target().observe().killed
    assert busy.challenger is not None


def test_a_route_that_was_deleted_is_missed(place: Place, busy: TrafficPlan) -> None:
    place.api.remove("HTTPRoute", NAMESPACE, MODEL)
    target = place.target()
    for action in (
        target.observe,
        target.kill,
        target.revive,
        lambda: target.apply(busy),
        lambda: target.deploy(model(2)),
    ):
        with pytest.raises(BadInput, match=r"HTTPRoute models/card-fraud: the route is not there"):
            action()
    place.api.put(route())
    target.apply(busy)
    assert target.observe().challenger.share == 2500


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("HTTPRoute", r"expected HTTPRoute in gateway\.networking\.k8s\.io/v1.*Install the Custom"),
        ("InferenceService", r"expected InferenceService in serving\.kserve\.io/v1beta1"),
    ],
)
def test_a_kind_that_the_cluster_does_not_know_is_named(
    alone: FakeApi, tmp_path: Path, kind: str, message: str
) -> None:
    alone.uninstall(kind)
    with pytest.raises(BadInput, match=message):
        connected(alone, tmp_path).deploy(model(1))


def test_an_older_version_of_a_kind_is_told(alone: FakeApi, tmp_path: Path) -> None:
    (crd,) = [
        copy.deepcopy(one)
        for one in builtin_crds.ALL
        if one["metadata"]["name"] == "inferenceservices.serving.kserve.io"
    ]
    for version in crd["spec"]["versions"]:
        version["name"] = "v1alpha2"
    alone.uninstall("InferenceService")
    alone.install(crd)
    with pytest.raises(BadInput, match=r"has serving\.kserve\.io v1alpha1, v1alpha2 only"):
        connected(alone, tmp_path).deploy(model(1))


@pytest.mark.parametrize(
    ("verb", "resource", "act"),
    [
        ("patch", "httproutes", lambda target, plan: target.apply(plan.with_weight(5000))),
        ("get", "httproutes", lambda target, _: target.observe()),
        ("get", "inferenceservices", lambda target, plan: target.backend(plan.champion.name)),
        ("get", "deployments", lambda target, plan: target.backend(plan.champion.name)),
        ("patch", "httproutes", lambda target, _: target.kill()),
    ],
)
def test_a_missing_role_is_named(
    place: Place,
    busy: TrafficPlan,
    verb: str,
    resource: str,
    act: Callable[[KServeGatewayTarget, TrafficPlan], Any],
) -> None:
    place.api.forbid(verb, resource, user="admin")
    with pytest.raises(
        BadInput, match=rf"not allowed to {verb} {resource}\S* in namespace models.*Bind a Role"
    ):
        act(place.target(), busy)


def test_a_webhook_that_refuses_the_route_says_why(place: Place, busy: TrafficPlan) -> None:
    place.api.webhook(
        "HTTPRoute", lambda new, _: "no canaries on Fridays" if "5000" in str(new) else None
    )
    with pytest.raises(BadInput, match="denied the request: no canaries on Fridays"):
        place.target().apply(busy.with_weight(5000))
    assert place.target().observe().challenger.share == 2500


def test_a_kill_works_where_the_kept_plan_cannot_be_read(place: Place, busy: TrafficPlan) -> None:
    note = {"metadata": {"annotations": {"phasegate.dev/plan": "{"}}}
    place.api.edit("HTTPRoute", NAMESPACE, MODEL, note)
    with pytest.raises(BadInput, match=r"phasegate\.dev/plan: it holds something else"):
        place.target().observe()
    place.target().kill()
    rules = json.dumps(place.route()["spec"]["rules"])
    assert f"{MODEL}-a-predictor" in rules
    assert f"{MODEL}-b-predictor" not in rules
    assert place.route()["metadata"]["annotations"]["phasegate.dev/killed"] == "true"
    place.target().apply(busy)
    assert place.target().observe().killed, "it outlives the plan that was unreadable"


def test_a_kill_comes_before_the_first_plan(place: Place) -> None:
    champion = place.target().deploy(model(1))
    place.target().kill()
    place.target().apply(TrafficPlan(champion))
    assert place.target().observe().killed


def test_without_a_plan_there_is_nothing_to_change(place: Place) -> None:
    target = place.target()
    for action in (target.observe, target.revive, lambda: target.change(lambda plan: plan)):
        with pytest.raises(BadInput, match="there is no traffic plan"):
            action()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[FakeApi]:
    """A cluster whose gateway's controller does not run."""
    with FakeApi.start() as api:
        api.namespace(NAMESPACE)
        for manifest in manifests():
            api.put(manifest)
        with api.reconcile(NAMESPACE):
            target = connected(api, tmp_path)
            target.apply(TrafficPlan(target.deploy(model(1))))
        yield api


def connected(api: FakeApi, folder: Path, **options: Any) -> KServeGatewayTarget:
    """A target whose models need no probe."""
    cluster = connect(api.kubeconfig(folder / "kubeconfig"), retry_seconds=2.0)
    usual = {"probe": lambda _: None, "counts": lambda _: {}}
    return KServeGatewayTarget(cluster, NAMESPACE, MODEL, **(PATIENCE | usual | options))


def test_what_a_gateway_said_of_an_earlier_generation_is_not_taken_for_its_word(
    alone: FakeApi, tmp_path: Path
) -> None:
    target = connected(alone, tmp_path, route_seconds=0.5)
    statuses = alone.object("HTTPRoute", NAMESPACE, MODEL)["status"]["parents"]
    assert all(one["status"] == "True" for one in statuses[0]["conditions"])
    assert target.observe().champion.share == WHOLE
    plan = target.change(lambda plan: plan)
    other = replace(plan.champion, name="020202020202")
    rules = {"spec": {"rules": [{"backendRefs": [{"name": "elsewhere", "port": 80}]}]}}
    alone.edit("HTTPRoute", NAMESPACE, MODEL, rules)
    with pytest.raises(Unavailable, match=r"Gateway models/models .*does not follow the route yet"):
        target.observe()
    with pytest.raises(Unavailable, match=r"does not follow the route yet, after 0\.5 seconds"):
        target.kill()
    kept = alone.object("HTTPRoute", NAMESPACE, MODEL)
    assert kept["metadata"]["annotations"]["phasegate.dev/killed"] == "true"
    assert "elsewhere" not in json.dumps(kept["spec"]["rules"]), "the route says champion only"
    assert other != plan.champion


def test_every_gateway_has_to_follow(alone: FakeApi, tmp_path: Path) -> None:
    target = connected(alone, tmp_path, route_seconds=0.5)
    two = {"spec": {"parentRefs": [{"name": "models"}, {"name": "inner", "namespace": "mesh"}]}}
    alone.edit("HTTPRoute", NAMESPACE, MODEL, two)
    found = alone.object("HTTPRoute", NAMESPACE, MODEL)
    (parent,) = found["status"]["parents"]
    for one in parent["conditions"]:
        one["observedGeneration"] = found["metadata"]["generation"]
    alone.status("HTTPRoute", NAMESPACE, MODEL, {"parents": [parent]})
    with pytest.raises(Unavailable, match=r"Gateway mesh/inner does not follow the route yet"):
        target.observe()
