"""Claims of trainings: never two at once, one for each key, and not before the cool-down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.claims import last_training, may_train
from phasegate.monitoring.retraining.entry import (
    Entry,
    Event,
    EventKind,
    Training,
    TrainingKey,
    TrainingOutcome,
)
from tests.monitoring.retraining.samples import DAY, MODEL, PROFILE, START

RULES = RetrainingRules()


@dataclass
class Memory:
    """A journal in memory."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, event: Event) -> int:
        """Add an entry; returns its sequence."""
        number = len(self.entries) + 1
        self.entries.append(Entry(number, "", "m", "", event))
        return number

    def claim(self, until: datetime, now: datetime, holder: str) -> int:
        """Ask for a training; the sequence of the claim, or 0."""
        key = TrainingKey(MODEL, until, PROFILE)
        found = may_train(self.entries, key, RULES, now, holder)
        if not found.granted or found.sequence:
            return found.sequence
        training = Training(key, holder)
        return self.add(Event(EventKind.TRAINING_CLAIMED, now, "t", "why", training=training))

    def end(self, sequence: int, now: datetime, outcome: TrainingOutcome) -> None:
        """A training ends."""
        training = self.entries[sequence - 1].event.training
        ended = Training(training.key, training.holder, "run", outcome)
        event = Event(EventKind.TRAINING_ENDED, now, "t", "w", refers=sequence, training=ended)
        self.add(event)


moves = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "end", "fail"]),
        st.integers(0, 4),  # whose window, and which claim ends
        st.integers(0, 5),  # of days that pass
        st.sampled_from(["r1", "r2", "r3"]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=300)
@given(moves)
def test_in_no_order_of_events_do_two_trainings_run_at_once(
    steps: list[tuple[str, int, int, str]],
) -> None:
    journal, now = Memory(), START
    running: dict[int, datetime] = {}
    keys: set[datetime] = set()
    succeeded: list[datetime] = []
    for what, number, days, holder in steps:
        now += DAY * days / 2
        if what == "claim":
            until = START + DAY * number
            before = len(journal.entries)
            sequence = journal.claim(until, now, holder)
            alive = [one for one, since in running.items() if now < since + RULES.timeout]
            if len(journal.entries) > before:
                assert not alive
                assert until not in keys
                assert all(now >= since + RULES.cooldown for since in succeeded)
                running[sequence] = now
                keys.add(until)
            elif sequence:
                assert sequence in alive
        elif running:
            sequence = sorted(running)[number % len(running)]
            since = running.pop(sequence)
            failed = what == "fail"
            outcome = TrainingOutcome.FAILED if failed else TrainingOutcome.REGISTERED
            journal.end(sequence, now, outcome)
            succeeded += [] if failed else [since]


def test_a_holder_that_crashed_gets_its_claim_again_and_nobody_else_does() -> None:
    journal = Memory()
    claim = journal.claim(START, START, "r1")
    assert claim
    assert journal.claim(START, START + DAY / 2, "r1") == claim
    assert not journal.claim(START, START + DAY / 2, "r2")
    assert not journal.claim(START + DAY, START + DAY / 2, "r1")  # for another window


def test_a_training_that_never_ended_blocks_until_its_timeout_and_not_longer() -> None:
    journal = Memory()
    assert journal.claim(START, START, "r1")
    just = START + RULES.timeout
    assert not journal.claim(START + DAY, just - timedelta(microseconds=1), "r2")
    assert journal.claim(START + DAY, just, "r2")


def test_the_cool_down_counts_what_did_not_fail() -> None:
    for outcome, is_free in ((TrainingOutcome.FAILED, True), (TrainingOutcome.BLOCKED, False)):
        journal = Memory()
        journal.end(journal.claim(START, START, "r1"), START + DAY / 4, outcome)
        assert bool(journal.claim(START + DAY, START + DAY, "r2")) is is_free
        assert bool(last_training(journal.entries, START + DAY)) is True


def test_no_training_begins_while_a_rollback_is_under_way() -> None:
    journal = Memory()
    asked = journal.add(Event(EventKind.ROLLBACK_ASKED, START, "t", "skew"))
    assert not journal.claim(START, START + DAY / 2, "r1")
    journal.add(Event(EventKind.ROLLBACK_DONE, START + DAY / 2, "t", "done", refers=asked))
    assert journal.claim(START, START + DAY / 2, "r1")
