"""A route that somebody edits: it is seen for what it does, and corrected or respected."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from phasegate.errors import BadInput
from phasegate.traffic.plan import WHOLE, TrafficPlan
from tests.traffic.kserve.conftest import Place
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, model

Rules = list[dict[str, Any]]


@pytest.fixture
def busy(place: Place, plan: TrafficPlan) -> TrafficPlan:
    busy = replace(plan, weight=1000, mirror=WHOLE)
    place.target().apply(busy)
    return busy


def edit(place: Place, change: Callable[[Rules], None]) -> None:
    rules = copy.deepcopy(place.route()["spec"]["rules"])
    change(rules)
    place.api.edit("HTTPRoute", NAMESPACE, MODEL, {"spec": {"rules": rules}})


def thirty(rules: Rules) -> None:
    rules[2]["backendRefs"][0]["weight"], rules[2]["backendRefs"][1]["weight"] = 70, 30


def respected(place: Place) -> None:
    note = {"metadata": {"annotations": {"phasegate.dev/drift": "respect"}}}
    place.api.edit("HTTPRoute", NAMESPACE, MODEL, note, manager="overlay")


def test_weights_that_were_edited_are_observed_with_who_did_it(
    place: Place, busy: TrafficPlan
) -> None:
    edit(place, thirty)
    state = place.target().observe()
    assert state.challenger.share == 3000
    assert state.champion.share == 7000
    assert state.drift == (
        "the route was edited by kubectl-edit: requests without a cohort to"
        " card-fraud-a-predictor: 70 % instead of 90 %; requests without a cohort to"
        " card-fraud-b-predictor: 30 % instead of 10 %"
    )
    place.target().apply(busy)
    state = place.target().observe()
    assert (state.challenger.share, state.drift) == (1000, "")


def test_what_a_guard_does_about_it(place: Place, busy: TrafficPlan) -> None:
    """It changes the plan to what the record says, which is the plan that is kept."""
    edit(place, thirty)
    place.target().change(lambda kept: kept)
    assert place.target().observe().challenger.share == busy.weight


def test_edits_are_respected_where_the_route_asks_for_it(place: Place, busy: TrafficPlan) -> None:
    respected(place)
    place.target().apply(busy)
    edit(place, thirty)
    before = place.route()["spec"]["rules"]
    for action in (
        lambda: place.target().change(lambda kept: kept),
        lambda: place.target().apply(busy.with_weight(2000)),
    ):
        with pytest.raises(BadInput, match=r"kubectl-edit: .*left alone, as its annotation phaseg"):
            action()
    assert place.route()["spec"]["rules"] == before
    assert place.target().observe().challenger.share == 3000


@pytest.mark.parametrize("way", ["kill", "rollback", "killed plan"])
def test_respect_does_not_stand_in_the_way_back(place: Place, busy: TrafficPlan, way: str) -> None:
    respected(place)
    edit(place, thirty)
    if way == "kill":
        place.target().kill()
    else:
        place.target().apply(TrafficPlan(busy.champion) if way == "rollback" else busy.kill())
    state = place.target().observe()
    assert state.champion.share == WHOLE
    assert state.drift == ""


def test_copies_that_were_taken_away_are_observed(place: Place, busy: TrafficPlan) -> None:
    edit(place, lambda rules: [rule.pop("filters", None) for rule in rules])
    state = place.target().observe()
    assert state.mirror.share == 0
    assert state.challenger.share == busy.weight
    assert "copies of requests with a cohort" in state.drift


def test_traffic_for_a_model_without_a_release_is_observed(place: Place, busy: TrafficPlan) -> None:
    place.target().apply(TrafficPlan(busy.champion))

    def other(rules: Rules) -> None:
        (mine,) = rules[0]["backendRefs"]
        rules[0]["backendRefs"].append({**mine, "name": f"{MODEL}-b-predictor", "weight": WHOLE})

    edit(place, other)
    state = place.target().observe()
    assert (state.challenger.backend, state.challenger.share) == (busy.challenger, 5000)
    assert state.champion.share == 5000


def test_a_killed_route_that_is_edited_is_not_taken_for_killed(
    place: Place, busy: TrafficPlan
) -> None:
    before = copy.deepcopy(place.route()["spec"]["rules"])
    place.target().kill()
    place.api.edit("HTTPRoute", NAMESPACE, MODEL, {"spec": {"rules": before}})
    state = place.target().observe()
    assert (state.killed, state.challenger.share, state.mirror.share) == (True, 1000, WHOLE)
    place.target().kill()
    state = place.target().observe()
    assert (state.champion.share, state.drift) == (WHOLE, "")
    assert busy.weight == 1000


def test_a_slot_that_gets_traffic_by_hand_is_not_overwritten(
    place: Place, busy: TrafficPlan
) -> None:
    place.target().apply(TrafficPlan(busy.champion))
    edit(place, lambda rules: rules[0]["backendRefs"].append(
        {"name": f"{MODEL}-b-predictor", "port": 80, "weight": 1}))  # fmt: skip
    with pytest.raises(BadInput, match="both slots are in use"):
        place.target().deploy(model(3))


def test_a_policy_that_is_none_is_named(place: Place, busy: TrafficPlan) -> None:
    note = {"metadata": {"annotations": {"phasegate.dev/drift": "ignore"}}}
    place.api.edit("HTTPRoute", NAMESPACE, MODEL, note, manager="overlay")
    edit(place, thirty)
    with pytest.raises(BadInput, match="drift is 'ignore'; expected correct or respect"):
        place.target().apply(busy)
