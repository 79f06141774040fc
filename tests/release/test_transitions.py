"""Changes of the record: one link each, in the order that phases have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from phasegate.errors import BadInput
from phasegate.release.decision import Action, Decision
from phasegate.release.entry import FIRST, Entry
from phasegate.release.record import Status, desired
from phasegate.release.transitions import (
    applied,
    decided,
    frozen,
    resumed,
    rolled_back,
    started,
)
from tests.release import samples
from tests.release.samples import CHALLENGER, CHAMPION, DAY, START

WHY = "somebody said so"


def start(previous: Entry | None = None, **changes: object) -> Entry:
    values = {
        "model": "card-fraud", "champion": CHAMPION, "challenger": CHALLENGER,
        "policy": samples.policy(), "now": START, "actor": "test", "reason": WHY,
    }  # fmt: skip
    return started(previous, **(values | changes))


def decide(entry: Entry, action: Action, days: float = 8) -> Entry:
    now = START + days * DAY
    decision = Decision(action, ("because",))
    return decided(entry, decision, samples.evidence(entry.record, now), now, "test")


def test_the_way_to_promotion_is_phase_by_phase() -> None:
    entry = start()
    assert entry.previous == FIRST
    seen = []
    for day in range(len(entry.record.policy.phases)):
        wanted = desired(entry.record)
        seen.append((entry.record.current.name, wanted.weight))
        assert (wanted.champion, wanted.challenger) == (CHAMPION, CHALLENGER)
        entry = applied(entry, START + day * DAY, "test")
        last = day + 1 == len(entry.record.policy.phases)
        entry = decide(entry, Action.FINISH if last else Action.ADVANCE, day + 1)
    assert seen == [("shadow", 0), ("canary", 1_000), ("ramp", 5_000), ("bake", 10_000)]
    assert entry.record.status is Status.PROMOTED
    assert (desired(entry.record).champion, desired(entry.record).challenger) == (CHALLENGER, None)
    assert applied(entry, START + 9 * DAY, "test").record.settled


def test_links_form_a_chain_and_read_back_as_they_were() -> None:
    first = start()
    second = applied(first, START, "test")
    third = decide(second, Action.HOLD)
    for entry, before in ((second, first), (third, second)):
        assert entry.previous == before.hash
        assert entry.sequence == entry.record.sequence == before.sequence + 1
        assert Entry.from_json(entry.to_json()) == entry
        assert entry.expected_hash() == entry.hash


def test_a_hold_is_a_look_that_changes_only_when_it_was_seen() -> None:
    entry = applied(start(), START, "test")
    look = decide(entry, Action.HOLD)
    assert look.action == "look"
    assert look.evidence
    assert replace(look.record, sequence=2, seen=START) == entry.record
    assert look.record.seen == START + 8 * DAY


def test_unsound_evidence_is_not_seen() -> None:
    entry = applied(start(), START, "test")
    now = START + DAY
    blind = samples.evidence(entry.record, now, traffic=None)
    look = decided(entry, Decision(Action.HOLD, ("blind",)), blind, now, "test")
    assert look.record.seen == START


@pytest.mark.parametrize("action", [Action.ROLL_BACK, Action.END_INCONCLUSIVE])
@pytest.mark.parametrize("phase", range(4))
def test_going_back_is_allowed_from_every_phase(phase: int, action: Action) -> None:
    entry = decide(samples.running(phase), action)
    wanted = desired(entry.record)
    assert (wanted.champion, wanted.challenger, wanted.weight, wanted.mirror) == (
        CHAMPION, None, 0, 0,
    )  # fmt: skip


def test_a_frozen_release_resumes_with_new_evidence() -> None:
    entry = frozen(samples.running(1), START + DAY, "ann", WHY)
    assert desired(entry.record).weight == 1_000
    for forwards in (Action.ADVANCE, Action.FINISH):
        with pytest.raises(ValueError, match="frozen"):
            decide(entry, forwards)
    again = resumed(entry, START + 2 * DAY, "ann", WHY).record
    assert (again.status, again.phase, again.phase_applied) == (Status.RUNNING, 1, None)
    assert again.phase_started == START + 2 * DAY


def test_a_promotion_can_be_taken_back_once() -> None:
    promoted = applied(decide(samples.running(3), Action.FINISH), START + 8 * DAY, "test")
    back = rolled_back(promoted, START + 9 * DAY, "ann", WHY)
    assert desired(back.record).champion == CHAMPION
    assert not back.record.settled
    with pytest.raises(BadInput, match="already"):
        rolled_back(back, START + 9 * DAY, "ann", WHY)


def test_times_never_run_backwards_in_the_record() -> None:
    entry = decide(applied(start(), START, "test"), Action.ADVANCE)
    back = applied(entry, START - timedelta(days=1), "test").record
    assert back.phase_applied == back.phase_started == START + 8 * DAY


def test_no_action_but_waiting_is_left_when_it_is_over() -> None:
    over = decide(samples.running(), Action.ROLL_BACK)
    for action in Action:
        with pytest.raises(ValueError, match="over"):
            decide(over, action)


def test_only_the_last_phase_finishes() -> None:
    with pytest.raises(ValueError, match="last phase"):
        decide(samples.running(1), Action.FINISH)


def test_one_release_at_a_time_of_two_different_models_with_a_shadow() -> None:
    with pytest.raises(BadInput, match="is running"):
        start(samples.running())
    unsettled = decide(samples.running(), Action.ROLL_BACK)
    with pytest.raises(BadInput, match="rolled back"):
        start(unsettled)
    assert start(applied(unsettled, START + 9 * DAY, "test")).record.sequence > 1
    with pytest.raises(BadInput, match="same model"):
        start(challenger=CHAMPION)
    rules = samples.policy()
    without = replace(rules, phases=rules.phases[1:])
    with pytest.raises(BadInput, match="no shadow"):
        start(policy=without)
    said = start(policy=replace(without, shadow_off="no requests can be copied"))
    assert "no requests can be copied" in said.reason


@pytest.mark.parametrize("act", [rolled_back, frozen])
def test_people_say_why(act: object) -> None:
    with pytest.raises(BadInput, match="needs a reason"):
        act(samples.running(), START, "ann", " short ")


def test_a_reason_that_is_no_text_can_still_be_written_down() -> None:
    entry = frozen(samples.running(1), START, "ann", "said with bytes \udcff of no text")
    assert Entry.from_json(entry.to_json()) == entry
    assert "bytes ?" in entry.reason
