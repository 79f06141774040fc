"""KServeServerlessTarget over the fake API, with KServe's and Knative's controllers at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Manifest, Stale
from phasegate.kubernetes.kinds import INFERENCE_SERVICE as _SERVICE
from phasegate.kubernetes.kinds import KNATIVE_REVISION as _REVISION
from phasegate.traffic.kserve.serverless.service import Service
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.kubernetes.fake import builtin_crds
from tests.traffic.serverless.conftest import (
    NAME,
    NAMESPACE,
    A,
    B,
    C,
    World,
    inference_service,
    model,
)


@pytest.fixture
def pair(world: World) -> TrafficPlan:
    """A champion with all traffic and a challenger with none, both ready."""
    champion = world.serve(A)
    plan = TrafficPlan(champion, world.target().deploy(model(B, 2)))
    world.target().apply(plan)
    return plan


def test_a_new_model_is_deployed_without_traffic_in_one_patch(world: World) -> None:
    world.serve(A)
    before = world.patches("inferenceservices")

    backend = world.target().deploy(model(B, 2))

    assert world.patches("inferenceservices") == before + 1
    notes = world.service()["metadata"]["annotations"]
    assert (notes["phasegate.dev/model-digest"], notes["phasegate.dev/version"]) == (
        B,
        "card-fraud/2",
    )
    assert (world.percent(), world.routed()) == (0, {A[:12]: 100})
    assert backend == Backend(B[:12], "card-fraud-predictor-00003.fraud.svc.cluster.local:80", NAME)
    assert world.probed[-1] == backend, "it answered something real"
    assert world.target().backend(B[:12]) == backend


def test_a_deployment_that_is_there_is_not_made_again(world: World) -> None:
    world.serve(A)
    first = world.target().deploy(model(B, 2))
    before = world.patches("inferenceservices")

    assert world.target().deploy(model(B, 2)) == first
    assert world.patches("inferenceservices") == before


def test_a_change_of_the_plan_makes_no_revision(world: World, pair: TrafficPlan) -> None:
    before = world.revisions()
    target = world.target()
    for weight in (100, 1000, 5000):
        target.apply(replace(pair, weight=weight, mirror=10_000))
        assert world.routed() == {A[:12]: 100 - weight // 100, B[:12]: weight // 100}
    target.kill()
    target.revive()

    assert world.revisions() == before


def test_a_whole_release_and_the_way_back_from_it(world: World, pair: TrafficPlan) -> None:
    target = world.target()
    for weight in (1000, 5000, 10_000):
        target.apply(replace(pair, weight=weight))
    assert world.percent() == 100
    target.apply(TrafficPlan(pair.challenger))  # type: ignore[arg-type]
    assert world.percent() is None, "promoted: the field is gone"
    assert world.routed() == {B[:12]: 100}

    assert target.backend(A[:12]) is not None, "KServe still goes back to it"
    before = world.patches("inferenceservices")
    target.apply(TrafficPlan(pair.champion))

    assert world.patches("inferenceservices") == before + 1
    assert world.routed() == {A[:12]: 100}


def test_a_rollback_is_one_patch_before_anything_is_written_down(
    world: World, pair: TrafficPlan
) -> None:
    world.target().apply(replace(pair, weight=5000))
    world.api.fail("PATCH", "configmaps", status=403, times=None)
    before = world.patches("inferenceservices")

    with pytest.raises(BadInput):
        world.target().apply(TrafficPlan(pair.champion))

    assert world.patches("inferenceservices") == before + 1
    assert world.percent() == 0


def test_a_model_that_is_withdrawn_gives_its_place_to_the_champion(
    world: World, pair: TrafficPlan
) -> None:
    target = world.target()
    target.apply(replace(pair, weight=1000))
    with pytest.raises(BadInput, match="still has its share"):
        target.withdraw(B[:12])
    target.apply(TrafficPlan(pair.champion))

    target.withdraw(B[:12])
    target.withdraw(B[:12])

    assert world.revisions() == ["", A[:12], B[:12], A[:12]]
    assert world.routed() == {A[:12]: 100}
    assert world.percent() is None
    notes = world.service()["metadata"]["annotations"]
    assert notes["phasegate.dev/version"] == "card-fraud/1"
    assert target.backend(B[:12]) is None
    with pytest.raises(BadInput, match="is the champion"):
        target.withdraw(A[:12])


def test_an_older_model_is_served_by_nobody_until_it_is_deployed(
    world: World, pair: TrafficPlan
) -> None:
    target = world.target()
    target.apply(TrafficPlan(pair.challenger))  # type: ignore[arg-type]
    third = target.deploy(model(C, 3))
    target.apply(TrafficPlan(third))
    assert target.backend(A[:12]) is None
    with pytest.raises(BadInput, match=f"KServe goes back to {B[:12]}"):
        target.apply(TrafficPlan(pair.champion))

    target.apply(TrafficPlan(target.deploy(model(A, 1))))

    assert world.routed() == {A[:12]: 100}


def test_a_revision_that_never_gets_ready_gets_no_weight(world: World) -> None:
    champion = world.serve(A)
    world.controllers.never(B)
    target = world.target(ready_seconds=1.0)

    with pytest.raises(Unavailable, match=r"revision card-fraud-predictor-00003: Deploying"):
        target.deploy(model(B, 2))
    plan = TrafficPlan(champion, Backend(B[:12], "10.0.0.1:80", NAME), weight=1000)
    with pytest.raises(Unavailable, match="is not ready"):
        target.apply(plan)

    assert world.routed() == {A[:12]: 100}
    assert not [one for one in world.probed if one.name == B[:12]]


def test_a_revision_that_answers_once_and_crashes_is_not_deployed(world: World) -> None:
    world.serve(A)

    def answers_and_dies(backend: Backend) -> None:
        world.controllers.crash(B)
        world.cluster.await_(
            _REVISION,
            NAMESPACE,
            backend.address.split(".")[0],
            lambda found: _ready(found) == "False",
            10,
            "it crashes",
        )

    with pytest.raises(Unavailable, match="answered once, and is not ready any more"):
        world.target(probe=answers_and_dies).deploy(model(B, 2))
    assert world.routed() == {A[:12]: 100}


def test_a_revision_that_answers_at_the_second_try_is_deployed(world: World) -> None:
    tries: list[Backend] = []

    def late(backend: Backend) -> None:
        tries.append(backend)
        if len(tries) == 1:
            raise Unavailable("no such host yet")

    assert world.target(probe=late).deploy(model(A)) == tries[1]
    with pytest.raises(Unavailable, match="never"):
        world.target(probe=_never, probe_seconds=0.1).deploy(model(B))


def test_a_kill_needs_no_plan_that_can_be_read(world: World, pair: TrafficPlan) -> None:
    world.target().apply(replace(pair, weight=1000))
    world.api.edit("ConfigMap", NAMESPACE, "card-fraud-traffic", {"data": {"plan": "{"}})

    with pytest.raises(BadInput, match="this is no JSON"):
        world.target().kill()
    assert world.percent() == 0


def test_a_challenger_that_crashes_is_seen_and_still_counted(
    world: World, pair: TrafficPlan
) -> None:
    world.target().apply(replace(pair, weight=1000))
    world.controllers.crash(B)
    target = world.target(counts=lambda _: {})
    world.cluster.await_(
        _REVISION, NAMESPACE, "card-fraud-predictor-00003",
        lambda found: _ready(found) == "False", 10, "it crashes",
    )  # fmt: skip

    state = target.observe()

    assert state.challenger is not None
    assert (state.challenger.healthy, state.challenger.share) == (False, 1000)
    assert state.challenger.backend == pair.challenger, "its pods are still asked for their counts"
    assert target.backend(B[:12]) is None
    with pytest.raises(Unavailable, match="is not ready"):
        target.apply(replace(pair, weight=2500))
    target.apply(replace(pair, weight=500))
    target.apply(TrafficPlan(pair.champion))
    assert world.routed() == {A[:12]: 100}


def test_a_running_challenger_is_not_pushed_aside(world: World, pair: TrafficPlan) -> None:
    target = world.target()
    target.apply(replace(pair, mirror=10_000))

    with pytest.raises(BadInput, match="one challenger at a time"):
        target.deploy(model(C, 3))
    assert world.revisions() == ["", A[:12], B[:12]]


def test_an_inference_service_in_standard_mode_is_refused(
    make_world: Callable[..., World],
) -> None:
    world = make_world(inference_service("Standard"))
    world.cluster.await_(
        _SERVICE, NAMESPACE, NAME, lambda found: "status" in (found or {}), 10, "KServe saw it"
    )
    target = world.target()

    for action in (
        target.observe,
        target.kill,
        lambda: target.deploy(model(A)),
        lambda: target.apply(TrafficPlan(Backend(A[:12], "10.0.0.1:80", NAME))),
    ):
        with pytest.raises(BadInput, match="Standard, in which KServe ignores canaryTraffic"):
            action()
    assert world.percent() is None


def test_an_inference_service_that_is_not_there_is_named(world: World) -> None:
    world.api.remove("InferenceService", NAMESPACE, NAME)

    with pytest.raises(BadInput, match=r"fraud/card-fraud.*is not there.*serverless overlay"):
        world.target().observe()


def test_knative_that_is_not_installed_is_said(world: World) -> None:
    world.serve(A)
    world.api.uninstall("Revision")

    with pytest.raises(BadInput, match=r"revisions\.serving\.knative\.dev"):
        world.target().observe()
    world.api.install(
        *[one for one in builtin_crds.ALL if one["spec"]["names"]["kind"] == "Revision"]
    )
    world.cluster.await_(
        _SERVICE, NAMESPACE, NAME, lambda _: world.routed() == {A[:12]: 100}, 10, "it is back"
    )


def test_a_percentage_set_by_hand_is_seen_and_corrected(world: World, pair: TrafficPlan) -> None:
    target = world.target()
    target.apply(replace(pair, weight=1000))
    by_hand(world, 50)

    state = target.observe()
    assert state.challenger is not None
    assert state.challenger.share == 5000, "what is routed, not what is planned"
    assert "edited by kubectl-edit: 50, and the plan says 10" in state.drift

    target.change(lambda plan: plan)
    assert world.routed() == {A[:12]: 90, B[:12]: 10}
    assert target.observe().drift == ""


def test_a_percentage_set_by_hand_is_respected_where_the_overlay_says_so(
    make_world: Callable[..., World],
) -> None:
    world = make_world(inference_service("Knative", **{"phasegate.dev/drift": "respect"}))
    champion = world.serve(A)
    target = world.target()
    plan = TrafficPlan(champion, target.deploy(model(B, 2)), weight=1000)
    target.apply(plan)
    by_hand(world, 50)

    with pytest.raises(BadInput, match="50, and the plan says 10; left alone"):
        target.apply(plan)
    assert world.percent() == 50
    target.apply(TrafficPlan(champion))
    assert world.percent() == 0, "a rollback asks nobody"


def test_a_model_that_someone_rolled_out_by_hand_is_told(world: World, pair: TrafficPlan) -> None:
    world.target().apply(replace(pair, weight=1000))
    by_hand(world, None)
    world.cluster.await_(
        _SERVICE, NAMESPACE, NAME, lambda _: world.routed() == {B[:12]: 100}, 10, ""
    )

    state = world.target().observe()

    assert state.champion.share == 0
    assert state.challenger is not None
    assert state.challenger.share == 10_000


def test_a_webhooks_refusal_leaves_plan_and_traffic(world: World, pair: TrafficPlan) -> None:
    target = world.target()
    target.apply(replace(pair, weight=1000))
    world.api.webhook("InferenceService", lambda *_: "not on a Friday")

    with pytest.raises(BadInput, match="not on a Friday"):
        target.apply(replace(pair, weight=5000))

    world.api.heal()
    assert world.routed() == {A[:12]: 90, B[:12]: 10}
    assert target.change(lambda kept: kept).weight == 1000


@pytest.mark.usefixtures("pair")
def test_two_writers_and_a_kill_at_the_same_time(world: World) -> None:
    """Whatever the order, a kill that has returned stays."""
    stop = threading.Event()
    failures: list[Exception] = []

    def write() -> None:
        target = world.target()
        while not stop.is_set():
            try:
                target.change(lambda plan: plan.with_weight(plan.weight % 5000 + 1000))
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    world.cluster.await_(_SERVICE, NAMESPACE, NAME, lambda _: bool(world.percent()), 20, "")
    world.target().kill()
    stop.set()
    for thread in threads:
        thread.join()

    assert not failures
    assert world.percent() == 0
    world.cluster.await_(
        _SERVICE, NAMESPACE, NAME, lambda _: world.routed() == {A[:12]: 100}, 20, "A has all"
    )
    assert world.target().observe().killed


def test_a_writer_who_read_everything_before_a_kill_changes_nothing_after_it(
    world: World, pair: TrafficPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[object] = []
    set_percent = Service.set_percent

    def late(service: Service, read: Manifest, percent: int | None) -> None:
        monkeypatch.setattr(Service, "set_percent", set_percent)
        world.target().kill()
        try:
            outcomes.append(set_percent(service, read, percent))
        except Stale as error:
            outcomes.append(type(error))
            raise

    monkeypatch.setattr(Service, "set_percent", late)

    world.target().apply(replace(pair, weight=2000))

    assert outcomes == [Stale]
    assert (world.percent(), world.routed()) == (0, {A[:12]: 100})
    assert world.target().observe().killed
    assert not world.target().observe().drift, "nobody else is told to have set it"


@pytest.mark.usefixtures("pair")
def test_the_counts_are_those_of_each_revisions_pods(world: World) -> None:
    page = (
        'phasegate_requests_total{{model="card-fraud",digest="{slot}",role="champion"}} {ok}\n'
        'phasegate_request_errors_total{{model="card-fraud",digest="{slot}",role="champion",'
        'kind="internal"}} {bad}\n'
        'phasegate_requests_total{{model="card-fraud",digest="{slot}",role="shadow"}} 77\n'
    )
    pages = {
        "card-fraud-predictor-00002": {"pod": page.format(slot=A[:12], ok=90, bad=1)},
        "card-fraud-predictor-00003": {"pod": page.format(slot=B[:12], ok=10, bad=2)},
    }

    state = world.target(counts=lambda revision: pages[revision]).observe()

    assert state.challenger is not None
    counts = [(one.requests, one.answers, one.errors) for one in (state.champion, state.challenger)]
    assert counts == [(90, 89, 1), (10, 8, 2)]


def by_hand(world: World, percent: int | None) -> None:
    patch = {"spec": {"predictor": {"canaryTrafficPercent": percent}}}
    world.api.edit("InferenceService", NAMESPACE, NAME, patch)
    wanted = {A[:12]: 100 - percent, B[:12]: percent} if percent is not None else {B[:12]: 100}
    world.cluster.await_(_SERVICE, NAMESPACE, NAME, lambda _: world.routed() == wanted, 10, "split")


def _never(backend: Backend) -> None:
    raise Unavailable(f"{backend.name} never answers")


def _ready(revision: dict | None) -> str:
    conditions = ((revision or {}).get("status") or {}).get("conditions") or ()
    return next((one["status"] for one in conditions if one["type"] == "Ready"), "")
