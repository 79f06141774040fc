"""The gateway target: models come and go, weights move, and the way back is one write."""

from __future__ import annotations

from dataclasses import replace

from phasegate.traffic.plan import WHOLE, TrafficPlan
from tests.traffic.kserve.conftest import Place
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, model


def test_models_are_deployed_into_slots_and_get_traffic_by_plan(place: Place) -> None:
    target = place.target()
    champion = target.deploy(model(1))
    assert champion.address == f"{MODEL}-a-predictor.{NAMESPACE}.svc.cluster.local:80"
    target.apply(TrafficPlan(champion))
    challenger = target.deploy(model(2))
    target.apply(TrafficPlan(champion, challenger, weight=500, mirror=WHOLE))
    state = target.observe()
    assert (state.champion.backend, state.champion.share, state.champion.healthy) == (
        champion, 9500, True
    )  # fmt: skip
    assert (state.challenger.backend, state.challenger.share) == (challenger, 500)
    assert (state.mirror.share, state.killed, state.drift) == (WHOLE, False, "")


def test_a_rollback_is_one_write_and_touches_no_pod(place: Place, plan: TrafficPlan) -> None:
    target = place.target()
    target.apply(replace(plan, weight=5000, mirror=WHOLE))
    before = place.writes("httproutes"), place.writes("inferenceservices")
    target.apply(TrafficPlan(plan.champion))
    assert (place.writes("httproutes"), place.writes("inferenceservices")) == (
        before[0] + 1, before[1]
    )  # fmt: skip
    assert target.backend(plan.challenger.name) == plan.challenger, "still warm"
