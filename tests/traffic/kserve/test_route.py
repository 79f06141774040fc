"""Rules of a route: what a plan makes, and what rules do, whoever wrote them."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.traffic.cohorts import COHORTS, Interval
from phasegate.traffic.kserve.route import rules_of
from phasegate.traffic.kserve.shares import difference, shares_of, version_of
from phasegate.traffic.kserve.slots import service_of, slot_backend
from phasegate.traffic.plan import WHOLE, Backend, Stickiness, TrafficPlan

NAMESPACE, MODEL = "models", "card-fraud"
A, B = "card-fraud-a-predictor", "card-fraud-b-predictor"
CHAMPION = slot_backend("card-fraud-a", NAMESPACE, "a" * 64, MODEL, "cluster.local")
CHALLENGER = slot_backend("card-fraud-b", NAMESPACE, "b" * 64, MODEL, "cluster.local")
PLAN = TrafficPlan(CHAMPION, CHALLENGER)
shares = st.integers(0, WHOLE)


def rules(plan: TrafficPlan) -> list[dict[str, Any]]:
    return rules_of(plan, lambda backend: service_of(backend, NAMESPACE))


@given(shares, shares, st.text("abc123", max_size=5), st.booleans())
@settings(max_examples=30, deadline=None)
def test_rules_do_what_their_plan_says(weight: int, mirror: int, salt: str, killed: bool) -> None:
    plan = replace(
        PLAN, weight=weight, mirror=mirror, stickiness=Stickiness(salt=salt), killed=killed
    )
    found = shares_of(rules(plan), MODEL)
    weight, mirror = (0, 0) if killed else (weight, mirror)
    assert found.sticky.get(B, 0) == found.drawn.get(B, 0) == weight
    assert found.sticky.get(A, 0) == found.drawn.get(A, 0) == WHOLE - weight
    assert found.copies_for(B, mirror) == mirror
    assert found.services() <= {A, B}
    assert not difference(found, shares_of(rules(plan), MODEL))
    assert version_of(rules(plan)) == version_of(rules(plan))


@given(st.integers(1, WHOLE - 1), st.text("abc", max_size=3))
@settings(max_examples=15, deadline=None)
def test_the_interval_of_the_salt_meets_the_challenger_and_nobody_else(
    weight: int, salt: str
) -> None:
    plan = replace(PLAN, weight=weight, stickiness=Stickiness(salt=salt))
    pattern = rules(plan)[0]["matches"][0]["headers"][0]["value"]
    assert pattern == Interval.of(salt, weight).pattern
    other = replace(plan, stickiness=Stickiness(salt=f"{salt}/other"))
    found, wanted = shares_of(rules(other), MODEL), shares_of(rules(plan), MODEL)
    if Interval.of(f"{salt}/other", weight) != Interval.of(salt, weight):
        assert difference(found, wanted) == "other cohorts than planned meet the challenger"


def test_roles_and_time_limits_are_in_the_rules() -> None:
    made = rules(replace(PLAN, weight=500, mirror=WHOLE, challenger_seconds=0.25))
    roles = {
        (one["name"], header["value"])
        for rule in made
        for one in rule["backendRefs"]
        for part in one["filters"]
        for header in part["requestHeaderModifier"]["set"]
    }
    assert roles == {(A, "champion"), (B, "challenger")}
    assert [rule.get("timeouts") for rule in made] == [{"backendRequest": "250ms"}] + [None] * 3
    assert "filters" not in made[0], "the challenger's own requests are not copied"


def test_shares_of_copies_are_exact_and_as_portable_as_they_can_be() -> None:
    def copies(mirror: int) -> dict[str, Any]:
        (found,) = rules(replace(PLAN, mirror=mirror))[0]["filters"]
        return {k: v for k, v in found["requestMirror"].items() if k != "backendRef"}

    assert copies(10_000) == {"percent": 100}
    assert copies(2_500) == {"percent": 25}
    assert copies(1) == {"fraction": {"numerator": 1, "denominator": 10_000}}


def test_nothing_of_a_predictor_but_its_model_is_reachable() -> None:
    for plan in (TrafficPlan(CHAMPION), replace(PLAN, weight=500, mirror=WHOLE)):
        paths = {match["path"]["value"] for rule in rules(plan) for match in rule["matches"]}
        assert paths == {
            "/v1/models/card-fraud", "/v1/models/card-fraud:predict", "/v2/models/card-fraud"
        }  # fmt: skip


def edited(change: Any) -> str:
    """What is told after somebody changes the rules of a plan with 10 % and all copied."""
    before = rules(replace(PLAN, weight=1000, mirror=WHOLE))
    after = copy.deepcopy(before)
    change(after)
    return difference(shares_of(after, MODEL), shares_of(before, MODEL))


def test_edits_by_hand_are_told_by_what_they_do() -> None:
    def weights(rules: list[dict[str, Any]]) -> None:
        rules[2]["backendRefs"][0]["weight"] = 70
        rules[2]["backendRefs"][1]["weight"] = 30

    assert edited(weights) == (
        f"requests without a cohort to {A}: 70 % instead of 90 %; "
        f"requests without a cohort to {B}: 30 % instead of 10 %"
    )

    def interval(rules: list[dict[str, Any]]) -> None:
        for match in rules[0]["matches"]:
            match["headers"][0]["value"] = "0..."

    assert edited(lambda rules: rules.pop(0)) == (
        f"requests with a cohort to {A}: 100 % instead of 90 %; "
        f"requests with a cohort to {B}: 0 % instead of 10 %"
    )
    assert edited(interval) == "other cohorts than planned meet the challenger"
    assert edited(lambda rules: rules[1].pop("filters")) == (
        f"copies of requests with a cohort to {B}: 0 % instead of 100 %"
    )

    def third(rules: list[dict[str, Any]]) -> None:
        rules.insert(0, {
            "matches": [{"path": {"type": "PathPrefix", "value": f"/v2/models/{MODEL}/infer"}}],
            "backendRefs": [{"name": "elsewhere", "port": 80}],
        })  # fmt: skip

    assert "to elsewhere: 50 % instead of 0 %" in edited(third), "one protocol of two"
    assert edited(lambda rules: rules.clear()).startswith(f"requests with a cohort to {A}: 0 %")


def test_what_changes_nothing_is_not_told() -> None:
    def spelled_out(rules: list[dict[str, Any]]) -> None:
        for one in rules[2]["backendRefs"]:
            one["weight"] *= 10
        rules[0]["timeouts"]["request"] = "10s"
        rules.append({"matches": [{"path": {"type": "PathPrefix", "value": "/other"}}]})

    assert edited(spelled_out) == ""


def test_a_share_that_is_not_as_planned_is_the_one_that_is_told() -> None:
    made = rules(replace(PLAN, weight=1000, mirror=WHOLE))
    made[2]["backendRefs"][1]["weight"] = 9000
    found = shares_of(made, MODEL)
    assert found.of(B, 1000) == 5000
    assert found.of(A, 9000) == 5000
    assert found.copies_for(B, WHOLE) == WHOLE


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1:80", "card-fraud-b-predictor.other.svc.cluster.local:80", "example.org:80"],
)
def test_what_is_no_service_of_the_namespace_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="no Service in namespace models"):
        rules(TrafficPlan(CHAMPION, Backend("other", address, MODEL), weight=1))


def test_all_cohorts_are_known() -> None:
    assert COHORTS == WHOLE
