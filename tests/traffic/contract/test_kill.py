"""The kill switch: it outlives plans, target objects and processes, until somebody revives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phasegate.traffic.plan import WHOLE, TrafficPlan
from tests.traffic.contract.stand import Stand
from tests.traffic.contract.test_plans import planned, shares


@pytest.fixture
def busy(stand: Stand) -> TrafficPlan:
    """A quarter of the requests are the challenger's, and it gets copies of the others."""
    plan = replace(stand.plan, weight=2500, mirror=WHOLE)
    stand.target().apply(plan)
    return plan


def is_champion_only(stand: Stand) -> bool:
    """Whether the target says so, to an object that knows nothing of what was done."""
    state = stand.target().observe()
    name = state.challenger.backend.name if state.challenger else ""
    return shares(state) == (stand.champion.name, WHOLE, name, 0, 0, True)


@pytest.mark.usefixtures("busy")
def test_a_kill_gives_the_champion_everything_and_stops_copies(stand: Stand) -> None:
    stand.target().kill()
    assert is_champion_only(stand)
    stand.target().kill()
    assert is_champion_only(stand), "again is the same"


def test_a_kill_outlives_later_plans_and_new_targets(stand: Stand, busy: TrafficPlan) -> None:
    stand.target().kill()
    stand.target().apply(busy.with_weight(5000))
    assert is_champion_only(stand)
    stand.target().apply(busy.revive())
    assert is_champion_only(stand)
    stand.target().change(lambda kept: kept.revive().with_weight(7500))
    assert is_champion_only(stand)


def test_a_revival_follows_the_last_plan(stand: Stand, busy: TrafficPlan) -> None:
    stand.target().kill()
    stand.target().apply(busy.with_weight(5000))
    stand.target().revive()
    assert shares(stand.target().observe()) == planned(busy.with_weight(5000))
    stand.target().revive()
    assert shares(stand.target().observe()) == planned(busy.with_weight(5000))


def test_a_plan_that_is_killed_kills(stand: Stand, busy: TrafficPlan) -> None:
    stand.target().apply(busy.kill())
    assert is_champion_only(stand)
    stand.target().apply(busy)
    assert is_champion_only(stand)


@pytest.mark.usefixtures("busy")
def test_a_killed_challenger_can_leave(stand: Stand) -> None:
    stand.target().kill()
    stand.target().apply(TrafficPlan(stand.champion))
    assert is_champion_only(stand)
    stand.target().revive()
    assert shares(stand.target().observe()) == (stand.champion.name, WHOLE, "", 0, 0, False)
