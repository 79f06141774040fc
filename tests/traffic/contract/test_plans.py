"""Plans: what is applied is what is observed, whole and only whole."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import replace

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.plan import WHOLE, TrafficPlan
from phasegate.traffic.state import TrafficState
from tests.traffic.contract.crashing import apply, crashes
from tests.traffic.contract.stand import Stand


def shares(state: TrafficState) -> tuple[str, int, str, int, int, bool]:
    """Champion and challenger with their shares, the share of copies, and the kill switch."""
    challenger, mirror = state.challenger, state.mirror
    return (
        state.champion.backend.name,
        state.champion.share,
        challenger.backend.name if challenger else "",
        challenger.share if challenger else 0,
        mirror.share if mirror else 0,
        state.killed,
    )


def planned(plan: TrafficPlan) -> tuple[str, int, str, int, int, bool]:
    """The same of a plan that is in force."""
    name = plan.challenger.name if plan.challenger else ""
    return (plan.champion.name, WHOLE - plan.weight, name, plan.weight, plan.mirror, plan.killed)


def test_what_is_applied_is_observed(stand: Stand) -> None:
    edges = (0, stand.finest, 2500, WHOLE - stand.finest, WHOLE)
    for weight, mirror in itertools.product(edges, (0, WHOLE)):
        plan = replace(stand.plan, weight=weight, mirror=mirror)
        stand.target().apply(plan)
        state = stand.target().observe()
        assert shares(state) == planned(plan)
        assert (state.champion.backend, state.challenger.backend) == (
            stand.champion, stand.challenger
        )  # fmt: skip
        assert (state.champion.role, state.challenger.role) == ("champion", "challenger")


def test_a_share_that_is_too_fine_is_refused_and_not_rounded(stand: Stand) -> None:
    if stand.finest == 1:
        pytest.skip("this target can give every share that a plan can ask for")
    before = shares(stand.target().observe())
    with pytest.raises(BadInput, match="whole per cent"):
        stand.target().apply(replace(stand.plan, weight=stand.finest + 1))
    assert shares(stand.target().observe()) == before


def test_the_same_plan_again_changes_nothing(stand: Stand) -> None:
    plan = replace(stand.plan, weight=500, mirror=WHOLE)
    stand.target().apply(plan)
    version = stand.target().observe().version
    stand.target().apply(plan)
    stand.target().change(lambda kept: kept)
    assert stand.target().observe().version == version
    assert shares(stand.target().observe()) == planned(plan)


def test_equal_plans_have_equal_versions_and_others_have_others(stand: Stand) -> None:
    versions = []
    for weight in (500, 1000, 500):
        stand.target().apply(replace(stand.plan, weight=weight))
        versions.append(stand.target().observe().version)
    assert versions[0] == versions[2] != versions[1]


def test_a_change_is_made_of_the_plan_that_is_kept(stand: Stand) -> None:
    stand.target().apply(replace(stand.plan, weight=500, mirror=WHOLE))
    seen: list[TrafficPlan] = []

    def raised(kept: TrafficPlan) -> TrafficPlan:
        seen.append(kept)
        return kept.with_weight(kept.weight + 500)

    new = stand.target().change(raised)
    assert {plan.weight for plan in seen} == {500}
    assert (new.weight, new.mirror) == (1000, WHOLE)
    assert shares(stand.target().observe()) == planned(new)


def test_a_change_that_fails_leaves_traffic_as_it_was(stand: Stand) -> None:
    before = shares(stand.target().observe())

    def broken(_: TrafficPlan) -> TrafficPlan:
        raise BadInput("no such release")

    with pytest.raises(BadInput, match="no such release"):
        stand.target().change(broken)
    assert shares(stand.target().observe()) == before


def test_two_who_change_the_plan_at_once_lose_no_change(stand: Stand) -> None:
    errors: list[Exception] = []

    def raise_weight() -> None:
        try:
            for _ in range(4):
                stand.target().change(lambda plan: plan.with_weight(plan.weight + 100))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=raise_weight) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert stand.target().observe().challenger.share == 800


def test_a_plan_that_is_refused_leaves_traffic_as_it_was(stand: Stand) -> None:
    plan = replace(stand.plan, weight=500, mirror=WHOLE)
    stand.target().apply(plan)
    refused, message = stand.refused
    with pytest.raises(BadInput, match=message):
        stand.target().apply(refused)
    assert shares(stand.target().observe()) == planned(plan)
    assert stand.target().change(lambda kept: kept) == plan, "the plan that is kept is the old one"


def test_a_challenger_leaves_and_comes_back(stand: Stand) -> None:
    stand.target().apply(replace(stand.plan, weight=500, mirror=WHOLE))
    stand.target().apply(TrafficPlan(stand.champion))
    state = stand.target().observe()
    assert shares(state) == (stand.champion.name, WHOLE, "", 0, 0, False)
    assert (state.challenger, state.mirror) == (None, None)
    plan = replace(stand.plan, weight=2500)
    stand.target().apply(plan)
    assert shares(stand.target().observe()) == planned(plan)


def test_a_challenger_becomes_the_champion(stand: Stand) -> None:
    stand.target().apply(replace(stand.plan, weight=WHOLE))
    stand.target().apply(TrafficPlan(stand.challenger))
    assert shares(stand.target().observe()) == (stand.challenger.name, WHOLE, "", 0, 0, False)
    if stand.swaps:
        back = TrafficPlan(stand.challenger, stand.champion, weight=1000)
        stand.target().apply(back)
        assert shares(stand.target().observe()) == planned(back)


def test_a_process_that_is_killed_at_any_call_leaves_a_whole_plan_and_the_next_one_completes_it(
    stand: Stand,
) -> None:
    old = replace(stand.plan, weight=1000)
    new = replace(stand.plan, weight=2500, mirror=WHOLE)
    stand.target().apply(old)
    seen = set()
    for step in crashes(apply, stand.place, new):
        state = shares(stand.target().observe())
        assert state in (planned(old), planned(new)), f"killed at step {step}"
        seen.add(state)
        stand.target().apply(new)
        assert shares(stand.target().observe()) == planned(new), f"killed at step {step}"
        stand.target().apply(old)
    assert seen == {planned(old), planned(new)}, "some died before the change, some after it"
    assert shares(stand.target().observe()) == planned(new), "the last one was not killed"


def test_a_proxy_that_is_away_is_told_apart_from_one_that_refuses(stand: Stand) -> None:
    target = stand.target()
    plan = replace(stand.plan, weight=500)
    with stand.away():
        for action in (target.observe, lambda: target.apply(plan), target.kill):
            with pytest.raises(Unavailable):
                action()
    state = stand.target().observe()
    assert state.champion.share + state.challenger.share == WHOLE


def test_after_any_sequence_of_plans_the_last_one_is_in_force(stand: Stand) -> None:
    draw = random.Random(3)
    unit = stand.finest
    for _ in range(12):
        plan = replace(
            stand.plan,
            weight=draw.randrange(0, WHOLE // unit + 1) * unit,
            mirror=draw.choice([0, 2500, WHOLE]),
        )
        if draw.random() < 0.3:
            plan = TrafficPlan(stand.champion)
        stand.target().apply(plan)
    assert shares(stand.target().observe()) == planned(plan)
