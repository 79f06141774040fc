"""Steps carry a release from its start to its end, through the real proxy and registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from phasegate.errors import BadInput
from phasegate.release.decision import Action
from phasegate.release.drivers import manual
from phasegate.release.drivers.settling import follows
from phasegate.release.drivers.starting import start
from phasegate.release.drivers.step import step
from phasegate.release.kill_switch import pull
from phasegate.release.record import Status, desired
from phasegate.release.store.auditing import audited
from phasegate.traffic.plan import WHOLE
from tests.release import samples
from tests.release.drivers.conftest import Place, enter
from tests.release.samples import DAY, START

WHY = "a reason of enough characters"


def begun(place: Place):
    """The newest entry after a release was started."""
    step(place.world, START)
    return place.world.releases.head(place.setting.model)


def carried(place: Place, phase: int) -> datetime:
    """The time at which steps have brought a release into a phase, and traffic follows."""
    begun(place)
    now = START
    while place.world.releases.head(place.setting.model).record.phase < phase:
        now += 8 * DAY
        look = step(place.world, now)
        assert look.decision.action is Action.ADVANCE, look.decision.reasons
    return now


def test_a_good_challenger_goes_through_every_phase_to_the_end(place: Place) -> None:
    world, now = place.world, START
    first = step(world, now)
    assert first.entry.action == "apply"
    assert "is registered as challenger" in world.releases.entries(place.setting.model)[0].reason
    seen = []
    while not first.entry.record.is_over:
        state = world.target.observe()
        assert follows(first.entry.record, state)
        assert first.entry.record.phase_applied is not None
        seen.append((first.entry.record.current.name, state.challenger.share, state.mirror.share))
        assert place.aliases == {"champion": 1, "challenger": 2}
        now += 8 * DAY
        first = step(world, now)
    assert seen == [
        ("shadow", 0, WHOLE), ("canary", 1000, WHOLE), ("ramp", 5000, 0), ("bake", WHOLE, 0)
    ]  # fmt: skip
    assert (first.entry.record.status, first.entry.record.settled) == (Status.PROMOTED, True)
    assert place.aliases == {"champion": 2}
    state = world.target.observe()
    assert state.champion.backend == place.challenger.backend
    assert state.challenger is None
    assert audited(world.releases, place.setting.model).is_intact
    assert step(world, now + DAY).entry == first.entry  # nothing is left to do


def test_cohorts_are_salted_by_the_challenger_and_keep_their_header(place: Place) -> None:
    world = place.world
    world.target.change(
        lambda plan: replace(plan, stickiness=replace(plan.stickiness, header="x-card"))
    )
    step(world, START)
    plan = world.target.change(lambda plan: plan)
    assert plan.stickiness.header == "x-card"
    assert plan.stickiness.salt == place.challenger.name


def test_harm_rolls_back_weights_mirror_and_alias(place: Place) -> None:
    now = carried(place, 1) + DAY
    place.setting = place.setting.with_(harmful=True)
    look = step(place.world, now)
    assert look.decision.action is Action.ROLL_BACK
    assert (look.entry.record.status, look.entry.record.settled) == (Status.ROLLED_BACK, True)
    state = place.world.target.observe()
    assert (state.champion.backend, state.challenger) == (place.champion.backend, None)
    assert place.aliases == {"champion": 1}
    assert audited(place.world.releases, place.setting.model).is_intact


def test_what_was_rolled_back_is_not_started_again_by_itself(place: Place) -> None:
    begun(place)
    manual.rollback(place.world, START + DAY, WHY)
    place.world.registry.point(place.setting.model, "challenger", 2)
    assert step(place.world, START + 2 * DAY).entry.record.status is Status.ROLLED_BACK
    refused = f"{place.setting.model}@challenger"
    champion = f"{place.setting.model}@champion"
    again = start(
        place.world, champion, refused, samples.policy(), START + 3 * DAY, "somebody insists"
    )
    assert again.entry.record.status is Status.RUNNING


def test_a_step_at_the_same_time_and_with_the_same_evidence_is_recorded_once(place: Place) -> None:
    begun(place)
    one = step(place.world, START + DAY)
    assert one.entry.action == "look"
    assert step(place.world, START + DAY).entry == one.entry
    assert step(place.world, START + 2 * DAY).entry.sequence == one.entry.sequence + 1


def test_weights_that_nobody_recorded_are_taken_back(place: Place) -> None:
    begun(place)
    place.world.target.change(lambda plan: plan.with_weight(4_000))
    step(place.world, START + DAY)
    assert follows(
        place.world.releases.head(place.setting.model).record, place.world.target.observe()
    )


def test_a_new_challenger_waits_for_the_end_and_keeps_its_alias(place: Place) -> None:
    begun(place)
    third = enter(place.setting.model, f"third of {place.setting.store}")
    assert place.aliases["challenger"] == third.version
    step(place.world, START + DAY)
    rolled_back = manual.rollback(place.world, START + 2 * DAY, WHY)
    assert rolled_back.entry.record.settled
    assert place.aliases == {"champion": 1, "challenger": third.version}
    with pytest.raises(BadInput, match="nobody serves"):
        step(place.world, START + 3 * DAY)
    by_others = replace(place.world, deployed_apart=True)
    assert step(by_others, START + 3 * DAY).entry.record.status is Status.ROLLED_BACK  # it waits


def test_a_promoted_release_is_rolled_back_while_its_champion_is_served(place: Place) -> None:
    now = carried(place, 3) + 8 * DAY
    assert step(place.world, now).entry.record.status is Status.PROMOTED
    served = place.setting
    place.setting = served.with_(
        backends={place.challenger.name: served.backends[place.challenger.name]}
    )
    with pytest.raises(BadInput, match="nobody serves"):
        manual.rollback(place.world, now + DAY, WHY)
    place.setting = served
    look = manual.rollback(place.world, now + DAY, WHY)
    assert (look.entry.record.status, look.entry.record.settled) == (Status.ROLLED_BACK, True)
    assert place.world.target.observe().champion.backend == place.champion.backend
    assert place.aliases == {"champion": 1}
    assert audited(place.world.releases, place.setting.model).is_intact


def test_advancing_by_hand_waives_the_minimum_and_no_gate(place: Place) -> None:
    begun(place)
    with pytest.raises(BadInput, match="at least 10 characters"):
        manual.advance(place.world, START + DAY, "short")
    look = manual.advance(place.world, START + DAY, WHY)
    assert look.entry.record.phase == 1
    entry = place.world.releases.entries(place.setting.model)[-2]
    assert (entry.action, WHY in entry.reason) == ("advance", True)
    blind = replace(
        place.world,
        evidence=lambda record, now, *, read_log: replace(
            place.world.evidence(record, now, read_log=read_log), cohorts=None
        ),
    )
    with pytest.raises(BadInput, match="it cannot go on"):
        manual.advance(blind, START + 2 * DAY, WHY)


def test_frozen_stays_where_it_is_until_it_is_resumed(place: Place) -> None:
    now = carried(place, 1) + DAY
    assert manual.freeze(place.world, now, WHY).entry.record.status is Status.FROZEN
    assert step(place.world, now + 30 * DAY).decision.action is Action.HOLD
    assert place.world.target.observe().challenger.share == 1000
    resumed = manual.resume(place.world, now + 31 * DAY, WHY).entry.record
    assert (resumed.status, resumed.phase) == (Status.RUNNING, 1)
    assert resumed.phase_applied == now + 31 * DAY


def test_who_cannot_be_read_lets_nothing_go_on(place: Place) -> None:
    def failing(*_: object, read_log: bool) -> None:
        raise BadInput(f"the disk is gone ({read_log})")

    begun(place)
    world = replace(place.world, evidence=failing)
    look = step(world, START + timedelta(hours=1))
    assert look.decision.action is Action.HOLD
    assert "the disk is gone" in look.decision.reasons[0]
    assert step(world, START + timedelta(hours=7)).decision.action is Action.ROLL_BACK


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("running", "is running"),
        ("flag", "the kill switch is on"),
        ("unreadable flag", "the kill switch cannot be read"),
        ("proxy", "the proxy's kill switch is pulled"),
        ("server", "nobody serves"),
        ("verdicts", "no serving_verdict"),
        ("same", "the same model"),
        ("shadow", "no shadow, and no reason"),
    ],
)
def test_what_refuses_a_start(place: Place, broken: str, words: str) -> None:
    name, world, policy = place.setting.model, place.world, samples.policy()
    challenger = f"{name}/2"
    match broken:
        case "running":
            begun(place)
        case "flag":
            pull(_flags(place), name, reason=WHY, actor="test", now=START)
        case "unreadable flag":
            _flags(place).write_text("{")
        case "proxy":
            world.target.kill()
        case "server":
            world = replace(world, backend=lambda _: None)
        case "verdicts":
            found = enter(name, f"unjudged of {place.setting.store}", ("data_verdict",))
            challenger = str(found)
        case "same":
            challenger = f"{name}/1"
        case "shadow":
            policy = replace(policy, phases=policy.phases[1:])
    before = world.target.observe()
    with pytest.raises(BadInput, match=words):
        start(world, f"{name}/1", challenger, policy, START, WHY)
    assert broken == "running" or world.releases.head(name) is None
    assert world.target.observe().version == before.version


def test_a_release_without_shadow_keeps_the_reason_for_that(place: Place) -> None:
    policy = samples.policy(shadow_off="the shadow ran elsewhere for a month")
    policy = replace(policy, phases=policy.phases[1:])
    name = place.setting.model
    look = start(place.world, f"{name}/1", f"{name}/2", policy, START, WHY)
    assert desired(look.entry.record).weight == 1000
    assert "the shadow ran elsewhere" in place.world.releases.entries(name)[0].reason


def _flags(place: Place):
    from pathlib import Path

    return Path(place.setting.flags)
