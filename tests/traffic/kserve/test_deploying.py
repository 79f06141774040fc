"""Models into slots and out of them: what is waited for, and what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.kserve.deploying import Deploying
from phasegate.traffic.kserve.routing import Route
from phasegate.traffic.kserve.slots import Deployment, digest_of
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.traffic.contract.crashing import Place as Where
from tests.traffic.contract.crashing import crashes, open_gateway
from tests.traffic.kserve.conftest import Place, named
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, model, slot


def deploy(where: Where, number: int) -> None:
    """Deploy a model, in another process."""
    where.opens(**where.options).deploy(model(number))


def test_our_fields_of_a_slot_are_ours_and_the_rest_is_the_overlays(
    place: Place, plan: TrafficPlan
) -> None:
    manifest = place.slot("b")
    assert manifest["spec"]["predictor"]["model"] == {
        "modelFormat": {"name": "phasegate"},
        "runtime": "phasegate-predictor",
        "storageUri": model(2).storage_uri,
    }
    notes = manifest["metadata"]["annotations"]
    assert notes["phasegate.dev/model-digest"] == model(2).digest
    assert notes["phasegate.dev/version"] == f"{MODEL}/2"
    (ours,) = [
        entry["fieldsV1"]
        for entry in manifest["metadata"]["managedFields"]
        if entry["manager"] == "phasegate"
    ]
    assert ours == {
        "f:metadata": {
            "f:annotations": {"f:phasegate.dev/model-digest": {}, "f:phasegate.dev/version": {}}
        },
        "f:spec": {"f:predictor": {"f:model": {"f:storageUri": {}}}},
    }
    place.api.put(slot(f"{MODEL}-b"))  # the overlay is applied again
    assert digest_of(place.slot("b")) == model(2).digest
    assert plan.challenger is not None


def test_a_model_that_is_deployed_already_is_not_deployed_again(
    place: Place, plan: TrafficPlan
) -> None:
    before = place.writes("inferenceservices")
    assert place.target().deploy(model(2)) == plan.challenger
    assert place.target().deploy(model(1)) == plan.champion
    assert place.writes("inferenceservices") == before
    assert place.probed.count(plan.champion.name) == 2, "but it is asked again"


def test_a_third_model_waits_for_a_slot(place: Place, plan: TrafficPlan) -> None:
    target = place.target()
    target.apply(replace(plan, weight=500))
    with pytest.raises(BadInput, match="both slots are in use: card-fraud-a serves 010101010101"):
        target.deploy(model(3))
    target.apply(TrafficPlan(plan.champion))
    assert target.deploy(model(3)).address == plan.challenger.address
    assert digest_of(place.slot("a")) == model(1).digest


def test_a_killed_release_keeps_its_slots(place: Place, plan: TrafficPlan) -> None:
    target = place.target()
    target.apply(replace(plan, weight=500))
    target.kill()
    with pytest.raises(BadInput, match="both slots are in use"):
        target.deploy(model(3))
    with pytest.raises(BadInput, match="has traffic, or is the champion"):
        target.withdraw(plan.challenger.name)


def test_a_model_that_is_withdrawn_leaves_its_slot_idle(place: Place, plan: TrafficPlan) -> None:
    target = place.target()
    for backend in (plan.champion, plan.challenger):
        target.apply(replace(plan, weight=500))
        with pytest.raises(BadInput, match="has traffic, or is the champion"):
            target.withdraw(backend.name)
    target.apply(TrafficPlan(plan.champion))
    target.withdraw(plan.challenger.name)
    target.withdraw(plan.challenger.name)
    assert "storageUri" not in place.slot("b")["spec"]["predictor"]["model"]
    assert "phasegate.dev/model-digest" not in place.slot("b")["metadata"]["annotations"]
    assert target.backend(plan.challenger.name) is None
    assert target.backend(plan.champion.name) == plan.champion


def test_the_old_models_ready_is_not_the_new_models(place: Place, plan: TrafficPlan) -> None:
    """While a new model is rolled out, KServe goes on saying Ready: the old pods answer."""
    target = place.target(ready_seconds=1.0)
    place.controllers.never(model(3).digest)
    with pytest.raises(
        Unavailable, match=r"030303030303 is not ready after 1 seconds: 0 of 1 pods ready, and 1 of"
    ):
        target.deploy(model(3))
    ready = {one["type"]: one["status"] for one in place.slot("b")["status"]["conditions"]}
    assert ready["Ready"] == "True"
    assert target.backend(model(3).slot) is None
    with pytest.raises(BadInput, match=r"030303030303 gets no traffic yet: 0 of 1 pods ready"):
        target.apply(
            TrafficPlan(plan.champion, Backend(model(3).slot, plan.challenger.address, MODEL), 500)
        )
    assert target.observe().champion.share == 10_000


def test_a_slow_model_is_waited_for(place: Place) -> None:
    place.controllers.slow(f"{MODEL}-a", seconds=0.7)
    assert place.target().deploy(model(1)).name == model(1).slot


def test_a_model_that_never_starts_says_why(place: Place) -> None:
    place.controllers.crash(f"{MODEL}-a")
    with pytest.raises(
        Unavailable, match=r"card-fraud-a: .*container \S+ keeps ending, restarted 1 times \(exit 1"
    ):
        place.target(ready_seconds=1.0).deploy(model(1))
    place.controllers.heal()
    assert place.target().deploy(model(1)).name == model(1).slot


def test_a_rollout_that_the_cluster_gave_up_is_not_waited_for(place: Place) -> None:
    place.controllers.deadline = 0.3
    place.controllers.never(f"{MODEL}-a")
    with pytest.raises(BadInput, match=r"does not become ready: its Deployment gave up: Progress"):
        place.target(ready_seconds=60.0).deploy(model(1))


def test_a_model_that_does_not_answer_gets_no_traffic(place: Place) -> None:
    champion = place.target().deploy(model(1))
    place.target().apply(TrafficPlan(champion))

    def silent(backend: Backend) -> None:
        raise Unavailable("it answers a request with 500: broken", where=backend.name)

    target = place.target(probe=silent)
    with pytest.raises(Unavailable, match="answers a request with 500"):
        target.deploy(model(2))
    challenger = target.backend(model(2).slot)
    assert challenger is not None, "ready it is"
    for plan in (
        TrafficPlan(champion, challenger, weight=1),
        TrafficPlan(champion, challenger, mirror=1),
        TrafficPlan(challenger),
    ):
        with pytest.raises(BadInput, match="answers a request with 500"):
            target.apply(plan)
    target.apply(TrafficPlan(champion, challenger))
    assert named(target.observe().challenger.backend) == challenger.name
    place.target().apply(TrafficPlan(champion, challenger, weight=1))


def test_a_service_that_learns_late_of_a_ready_pod_is_asked_again(place: Place) -> None:
    asked: list[str] = []

    def late(backend: Backend) -> None:
        asked.append(backend.name)
        if len(asked) < 3:
            raise Unavailable("connection refused", where=backend.name)

    place.target(probe=late, probe_seconds=5.0).deploy(model(1))
    assert len(asked) == 3


def test_two_models_at_once_do_not_share_a_slot(place: Place) -> None:
    champion = place.target().deploy(model(1))
    place.target().apply(TrafficPlan(champion))
    place.controllers.slow(f"{MODEL}-b", seconds=0.5)
    outcomes: dict[int, str] = {}

    def one(number: int) -> None:
        try:
            outcomes[number] = place.target().deploy(model(number)).name
        except BadInput as error:
            outcomes[number] = str(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (served,) = {digest_of(place.slot(letter))[:12] for letter in "ab"} - {champion.name}
    winner = next(number for number in (2, 3) if model(number).slot == served)
    assert outcomes[winner] == served
    loser = outcomes[5 - winner]
    assert f"{served} was deployed there meanwhile" in loser
    assert digest_of(place.slot("a")) == model(1).digest, "never the champion's"


def test_a_slot_that_gets_traffic_while_it_is_written_is_given_back(
    place: Place, plan: TrafficPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one moment between looking and writing, from both sides."""
    target = place.target()
    target.apply(TrafficPlan(plan.champion))
    busy = replace(plan, weight=500)
    write = Deploying._written

    def raced(self: Deploying, manifest: Any, deployment: Deployment | None) -> bool:
        monkeypatch.setattr(Deploying, "_written", write)
        place.target().apply(busy)
        return write(self, manifest, deployment)

    monkeypatch.setattr(Deploying, "_written", raced)
    with pytest.raises(BadInput, match="got traffic meanwhile: 020202020202"):
        target.deploy(model(3))
    assert digest_of(place.slot("b")) == model(2).digest
    assert place.target().observe().challenger.share == 500


def test_a_plan_for_a_model_that_is_replaced_meanwhile_is_taken_back(
    place: Place, plan: TrafficPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = place.target()
    target.apply(TrafficPlan(plan.champion))
    before = place.route()["spec"]["rules"]
    write = Route.write

    def raced(self: Route, change: Any, **options: Any) -> None:
        monkeypatch.setattr(Route, "write", write)

        def late(route: Any) -> Any:
            wanted = change(route)
            place.target().deploy(model(3))
            wanted["metadata"]["resourceVersion"] = self.read()["metadata"]["resourceVersion"]
            return wanted

        write(self, late, **options)

    monkeypatch.setattr(Route, "write", raced)
    with pytest.raises(BadInput, match="another model was deployed in place of 020202020202"):
        target.apply(replace(plan, weight=500))
    assert place.route()["spec"]["rules"] == before


def test_a_deployment_that_is_killed_at_any_call_is_completed_by_the_next_one(
    place: Place,
) -> None:
    where = Where(
        open_gateway,
        {"kubeconfig": str(place.kubeconfig), "namespace": NAMESPACE, "name": MODEL},
    )
    champion = place.target().deploy(model(1))
    place.target().apply(TrafficPlan(champion))
    steps = 0
    for step in crashes(deploy, where, 2):
        if step % 3 == 0:
            place.target().deploy(model(2))
            place.target().withdraw(model(2).slot)
        steps += 1
    assert steps > 8
    assert place.target().backend(model(2).slot) is not None
    assert digest_of(place.slot("a")) == model(1).digest


def test_a_webhook_that_refuses_a_model_says_why(place: Place) -> None:
    def refused(new: Mapping[str, Any], _: Any) -> str | None:
        return "storage gs:// is not allowed here" if digest_of(new) else None

    place.api.webhook("InferenceService", refused)
    with pytest.raises(BadInput, match=r"denied the request: storage gs:// is not allowed here"):
        place.target().deploy(model(1))
    assert digest_of(place.slot("a")) == ""


def test_a_slot_whose_address_somebody_else_writes_is_not_taken_by_force(place: Place) -> None:
    manifest = slot(f"{MODEL}-a")
    manifest["spec"]["predictor"]["model"]["storageUri"] = "gs://theirs"
    place.api.put(manifest)
    with pytest.raises(BadInput, match=r"storageUri belong to overlay"):
        place.target().deploy(model(1))


def test_a_slot_that_is_not_there_is_named(place: Place) -> None:
    place.api.remove("InferenceService", NAMESPACE, f"{MODEL}-b")
    with pytest.raises(BadInput, match=r"there is no InferenceService card-fraud-b\..*overlay"):
        place.target().deploy(model(1))


def test_what_is_no_model_is_refused(place: Place) -> None:
    with pytest.raises(BadInput, match="no digest of a model"):
        place.target().deploy(replace(model(1), digest="abc"))
    with pytest.raises(BadInput, match="no address of model files"):
        place.target().deploy(replace(model(1), storage_uri="models"))
