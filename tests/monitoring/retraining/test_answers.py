"""A person's answer is carried out by the next decision, once, and the journal says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.monitoring.retraining.answers import in_force, open_answers
from phasegate.monitoring.retraining.claims import Claim
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.monitoring.retraining.entry import EventKind, TrainingOutcome
from phasegate.monitoring.retraining.recording import answer_person, ask_rollback, open_questions
from phasegate.monitoring.retraining.settling import settle_answers
from phasegate.monitoring.retraining.trainings import end_training
from phasegate.monitoring.timeline import timeline
from tests.monitoring.retraining.answering import CHANGE, World, found
from tests.monitoring.retraining.samples import DAY, MODEL, OTHER, START


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A model whose precision dropped, about which a person was asked."""
    made = World(tmp_path)
    assert made.decide(found(Action.ASK, 1)).action is Action.ASK
    return made


def test_retrain_is_claimed_by_the_next_run_and_by_no_other(world: World) -> None:
    number = world.answer(Action.RETRAIN, START + DAY * 1.5)
    decision = world.decide(found(Action.ASK, 2))
    assert (decision.action, decision.is_a_persons) == (Action.RETRAIN, True)
    assert decision.reasons[0] == "ada answered question 2: RETRAIN, 'I looked at it'"
    claim = world.claim(decision)
    assert claim.granted
    (entry,) = world.of_kind(EventKind.TRAINING_CLAIMED)
    assert entry.event.refers == number
    (settled,) = world.of_kind(EventKind.ANSWER_SETTLED)
    assert (settled.event.refers, settled.event.answer) == (number, Action.RETRAIN)
    assert "a training was claimed" in settled.event.reason
    end_training(world.journal, claim.sequence, START + DAY * 2.1, actor="pipeline",
                 outcome=TrainingOutcome.FAILED, reason="it failed")  # fmt: skip
    again = world.decide(found(Action.ASK, 3))
    assert (again.action, again.is_a_persons) == (Action.ASK, False)
    assert world.journal.verified().is_intact


def test_a_run_that_was_killed_before_its_claim_is_followed_by_one_that_claims(
    world: World,
) -> None:
    world.answer(Action.RETRAIN, START + DAY * 1.5)
    assert world.decide(found(Action.ASK, 2)).action is Action.RETRAIN
    later = world.decide(found(Action.NOTHING, 3))
    assert later.action is Action.RETRAIN
    assert world.claim(later).granted
    assert world.decide(found(Action.NOTHING, 4)).action is Action.NOTHING


def test_two_runs_at_once_train_once(world: World) -> None:
    world.answer(Action.RETRAIN, START + DAY * 1.5)
    one, other = world.decide(found(Action.ASK, 2)), world.decide(found(Action.ASK, 3))
    claim = world.claim(one)
    assert claim.granted
    end_training(world.journal, claim.sequence, START + DAY * 2.1, actor="pipeline",
                 outcome=TrainingOutcome.REGISTERED, reason="done")  # fmt: skip
    denied = world.claim(other, "another run")
    assert (denied.granted, "carried out already" in denied.reason) == (False, True)


def test_a_person_may_train_where_nothing_is_automatic_and_before_the_cool_down_ends(
    world: World,
) -> None:
    claim = world.claim(found(Action.RETRAIN, 1))
    end_training(world.journal, claim.sequence, START + DAY * 1.1, actor="pipeline",
                 outcome=TrainingOutcome.REGISTERED, reason="done")  # fmt: skip
    world.automatic = False
    assert not world.claim(found(Action.RETRAIN, 2)).granted
    world.answer(Action.RETRAIN, START + DAY * 1.5)
    assert world.claim(world.decide(found(Action.ASK, 2))).granted


def test_nothing_closes_the_question_in_this_window_and_not_for_ever(world: World) -> None:
    number = world.answer(Action.NOTHING, START + DAY * 1.5)
    for _ in range(2):  # the same look again
        decision = world.decide(found(Action.ASK, 2))
        assert (decision.action, decision.is_a_persons) == (Action.NOTHING, True)
    (settled,) = world.of_kind(EventKind.ANSWER_SETTLED)
    assert settled.event.refers == number
    assert open_questions(world.journal.entries()) == []
    assert world.decide(found(Action.ASK, 3)).action is Action.ASK


@pytest.mark.parametrize("action", [Action.RETRAIN, Action.ROLL_BACK, Action.ASK])
def test_nothing_is_no_answer_to_what_was_not_asked(world: World, action: Action) -> None:
    world.answer(Action.NOTHING, START + DAY * 1.5)
    decision = world.decide(found(action, 2, reasons=("Inputs are broken",)))
    assert (decision.action, decision.is_a_persons) == (action, False)
    assert "ada answered question 2: NOTHING" in decision.reasons[-2]
    assert len(world.of_kind(EventKind.ANSWER_SETTLED)) == 1


def test_nothing_is_trained_where_something_is_to_be_taken_back(world: World) -> None:
    world.answer(Action.RETRAIN, START + DAY * 1.5)
    decision = world.decide(found(Action.ROLL_BACK, 2))
    assert (decision.action, decision.change) == (Action.ROLL_BACK, CHANGE)
    assert decision.reasons[-1] == "what is to be taken back comes before a training"
    assert world.decide(found(Action.NOTHING, 3)).action is Action.NOTHING


def test_the_change_that_a_person_names_is_taken_back_once(world: World) -> None:
    world.changes = (CHANGE, replace(CHANGE, what="schema 3", at=START))
    number = world.answer(Action.ROLL_BACK, START + DAY * 1.5, CHANGE)
    decision = world.decide(found(Action.RETRAIN, 2))
    assert (decision.action, decision.change) == (Action.ROLL_BACK, CHANGE)
    decided = world.of_kind(EventKind.DECIDED)[-1]
    ask_rollback(world.journal, decided, decision.now, "pipeline")
    settle_answers(world.journal, MODEL, decision.now, "pipeline")
    (settled,) = world.of_kind(EventKind.ANSWER_SETTLED)
    assert (settled.event.refers, "taken back" in settled.event.reason) == (number, True)
    assert world.decide(found(Action.NOTHING, 3)).action is Action.NOTHING


def test_without_a_name_the_newest_change_before_the_question_is_taken_back(world: World) -> None:
    newer = replace(CHANGE, what="schema 3", at=START)
    world.changes = (newer, CHANGE, replace(CHANGE, what="after it", at=START + DAY * 1.2))
    world.answer(Action.ROLL_BACK, START + DAY * 1.5)
    assert world.decide(found(Action.ASK, 2)).change == newer


@pytest.mark.parametrize(
    ("changes", "action", "said"),
    [
        ((), Action.ASK, "wants a change taken back, and none is known"),
        ((replace(CHANGE, undone=True),), Action.NOTHING, "was taken back already"),
    ],
)
def test_what_cannot_be_taken_back_is_told(
    world: World, changes: tuple[Change, ...], action: Action, said: str
) -> None:
    world.changes = changes
    world.answer(Action.ROLL_BACK, START + DAY * 1.5, CHANGE)
    decision = world.decide(found(Action.NOTHING, 2))
    assert (decision.action, said in decision.reasons[0]) == (action, True)
    assert open_answers(world.journal.entries()) == []


def test_an_answer_about_another_model_is_void_and_a_later_one_counts(world: World) -> None:
    world.answer(Action.RETRAIN, START + DAY * 1.2)
    assert world.decide(found(Action.ASK, 2, model_digest=OTHER)).action is Action.ASK
    (settled,) = world.of_kind(EventKind.ANSWER_SETTLED)
    assert settled.event.reason == "void: another model answers users now"
    assert world.decide(found(Action.ASK, 3)).action is Action.ASK


def test_what_is_answered_later_is_not_known_yet_in_a_replay(world: World) -> None:
    world.answer(Action.RETRAIN, START + DAY * 5)
    assert world.decide(found(Action.NOTHING, 2)).action is Action.NOTHING
    assert world.decide(found(Action.NOTHING, 6)).action is Action.RETRAIN


def test_the_timeline_tells_what_came_of_an_answer(world: World) -> None:
    world.answer(Action.NOTHING, START + DAY * 1.5)
    world.decide(found(Action.ASK, 2))
    told = [(one.what, one.about) for one in timeline(world.journal.entries())]
    assert ("answered: NOTHING", "entry 2") in told
    assert ("answer settled", "entry 3") in told


steps = st.lists(
    st.tuples(
        st.sampled_from(["look", "look", "answer", "claim", "end"]),
        st.sampled_from([Action.ASK, Action.NOTHING, Action.RETRAIN, Action.ROLL_BACK]),
        st.sampled_from([Action.NOTHING, Action.RETRAIN, Action.ROLL_BACK]),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=80)
@given(steps)
def test_in_no_order_of_events_is_an_answer_carried_out_twice(
    tmp_path_factory: pytest.TempPathFactory, todo: list[tuple[str, Action, Action, bool]]
) -> None:
    world = World(tmp_path_factory.mktemp("journal"), (CHANGE,))
    day, running, pending = 1, list[Claim](), list[RetrainingDecision]()
    for what, rules, wanted, crashes in todo:
        now = START + DAY * day
        if what == "look":
            day += not crashes  # a look that was cut off is repeated
            decision = world.decide(found(rules, day))
            if decision.action is Action.RETRAIN:
                pending.append(decision)
            if decision.action is Action.ROLL_BACK and not crashes:
                decided = world.of_kind(EventKind.DECIDED)[-1]
                ask_rollback(world.journal, decided, now, "pipeline")
        elif what == "answer" and open_questions(world.journal.entries()):
            asked = open_questions(world.journal.entries())[0]
            change = CHANGE if wanted is Action.ROLL_BACK else None
            answer_person(world.journal, asked.sequence, now, "ada", wanted, "why", change)
        elif what == "claim" and pending:
            claim = world.claim(pending.pop(0), f"run {len(pending)}")
            running += [claim] if claim.granted else []
        elif what == "end" and running:
            end_training(world.journal, running.pop().sequence, now, actor="pipeline",
                         outcome=TrainingOutcome.FAILED, reason="why")  # fmt: skip
    entries = world.journal.entries()
    answers = [one for one in entries if one.event.kind is EventKind.PERSON_ANSWERED]
    for kind in (EventKind.TRAINING_CLAIMED, EventKind.ANSWER_SETTLED):
        of = [one.event.refers for one in entries if one.event.kind is kind and one.event.refers]
        assert len(set(of)) == len(of)
    for one in answers:
        claims = [e for e in entries if e.event.kind is EventKind.TRAINING_CLAIMED
                  and e.event.refers == one.sequence]  # fmt: skip
        assert not claims or one.event.answer is Action.RETRAIN
    assert world.journal.verified().is_intact
    known = in_force(entries, MODEL, START + DAY * 1_000, START + DAY * 1_000)
    assert known is None or known == answers[-1]
