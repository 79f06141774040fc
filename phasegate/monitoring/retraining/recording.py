"""What is written into a monitoring journal: each function does nothing where it is said already.

All raise `Unavailable` and `BadInput` as `Journal` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.claims import Claim, may_train
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.monitoring.retraining.entry import (
    Entry,
    Event,
    EventKind,
    Training,
    TrainingKey,
    TrainingOutcome,
)
from phasegate.monitoring.retraining.journal import Journal


def announce_change(journal: Journal, change: Change, now: datetime) -> Entry:
    """Say that something was changed under the model; the same change is said once."""

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        said = [e for e in entries if e.event.kind is EventKind.CHANGE_ANNOUNCED]
        same = (entry for entry in said if entry.event.change == change)
        return next(same, None) or Event(
            EventKind.CHANGE_ANNOUNCED, now, change.actor, change.what, change=change
        )

    return _recorded(journal, propose)


def undo_change(
    journal: Journal, sequence: int, now: datetime, actor: str, reason: str, at: datetime
) -> Entry:
    """Say that an announced change was taken back.

    Args:
        sequence: of the entry that announced it.
        at: event time from which on its effect was gone.

    Raises:
        BadInput: there is no such announcement, or the change came after ``at``.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        announced = _entry(journal, entries, sequence, EventKind.CHANGE_ANNOUNCED)
        assert announced.event.change is not None
        if at < announced.event.change.at:
            raise BadInput("it cannot be undone before it was made", where=f"change {sequence}")
        undone = replace(announced.event.change, undone=True, undone_at=at)
        return _end(entries, EventKind.CHANGE_UNDONE, sequence) or Event(
            EventKind.CHANGE_UNDONE, now, actor, reason, refers=sequence, change=undone
        )

    return _recorded(journal, propose)


def record_decision(journal: Journal, decision: RetrainingDecision, actor: str) -> Entry:
    """Keep a decision; where it asks a person, the question too, which is open until answered.

    Returns:
        The entry of the decision.
    """

    def decided(entries: Sequence[Entry]) -> Event | Entry:
        return _of_decision(entries, EventKind.DECIDED, decision) or Event(
            EventKind.DECIDED, decision.now, actor, _first(decision), decision=decision
        )

    entry = _recorded(journal, decided)
    if decision.action is Action.ASK:
        ask_person(journal, entry, actor)
    return entry


def ask_person(journal: Journal, decided: Entry, actor: str) -> Entry:
    """Ask a person about a decision; the same question about a model is not asked twice at once.

    A question is the same where its first reason is, whatever the window.
    """
    decision = decided.event.decision
    assert decision is not None

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        for entry in open_questions(entries):
            asked = entry.event.decision
            if asked and (asked.model_digest, entry.event.reason) == (
                decision.model_digest,
                _first(decision),
            ):
                return entry
        return _of_decision(entries, EventKind.PERSON_ASKED, decision) or Event(
            EventKind.PERSON_ASKED,
            decision.now,
            actor,
            _first(decision),
            refers=decided.sequence,
            decision=decision,
        )

    return _recorded(journal, propose)


def answer_person(
    journal: Journal, sequence: int, now: datetime, actor: str, answer: Action, reason: str
) -> Entry:
    """Say what a person wants done.

    Args:
        sequence: of the entry that asked.

    Raises:
        BadInput: nobody asked that, or it was answered otherwise.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        asked = _entry(journal, entries, sequence, EventKind.PERSON_ASKED)
        there = _end(entries, EventKind.PERSON_ANSWERED, sequence)
        if there is not None and there.event.answer is not answer:
            raise BadInput(f"it was answered: {there.event.answer}", where=f"question {sequence}")
        return there or Event(
            EventKind.PERSON_ANSWERED,
            now,
            actor,
            reason,
            refers=sequence,
            decision=asked.event.decision,
            answer=answer,
        )

    return _recorded(journal, propose)


def open_questions(entries: Sequence[Entry]) -> list[Entry]:
    """Questions to a person that are not answered."""
    return _open(entries, EventKind.PERSON_ASKED, EventKind.PERSON_ANSWERED)


def open_rollbacks(entries: Sequence[Entry]) -> list[Entry]:
    """Rollbacks that were asked for and are not done."""
    return _open(entries, EventKind.ROLLBACK_ASKED, EventKind.ROLLBACK_DONE)


def claim_training(
    journal: Journal,
    key: TrainingKey,
    rules: RetrainingRules,
    now: datetime,
    *,
    actor: str,
    holder: str,
    reason: str,
) -> Claim:
    """Claim the training of a key; of any number that ask at once, one gets it.

    Args:
        holder: name of the run that asks; after a crash it gets its claim again.
        reason: why, for the journal.

    Returns:
        The claim, with the sequence of its entry where it is granted; `end_training` wants that.
    """
    claim = Claim(False, "")

    def propose(entries: Sequence[Entry]) -> Event | None:
        nonlocal claim
        claim = may_train(entries, key, rules, now, holder)
        if not claim.granted or claim.sequence:
            return None
        training = Training(key, holder)
        return Event(EventKind.TRAINING_CLAIMED, now, actor, reason, training=training)

    entry = journal.record(propose)
    return claim if entry is None else Claim(True, claim.reason, entry.sequence)


def end_training(
    journal: Journal,
    sequence: int,
    now: datetime,
    *,
    actor: str,
    outcome: TrainingOutcome,
    reason: str,
    run: str = "",
    version: str = "",
) -> Entry:
    """Say how a training ended.

    Args:
        sequence: of its claim.

    Raises:
        BadInput: it was not claimed, or ended otherwise.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        claimed = _entry(journal, entries, sequence, EventKind.TRAINING_CLAIMED)
        assert claimed.event.training is not None
        ended = replace(claimed.event.training, run=run, outcome=outcome, version=version)
        there = _end(entries, EventKind.TRAINING_ENDED, sequence)
        if there is not None and there.event.training != ended:
            known = there.event.training.outcome if there.event.training else "unknown"
            raise BadInput(f"it ended already: {known}", where=f"training {sequence}")
        return there or Event(
            EventKind.TRAINING_ENDED, now, actor, reason, refers=sequence, training=ended
        )

    return _recorded(journal, propose)


def ask_rollback(journal: Journal, decided: Entry, now: datetime, actor: str) -> Entry:
    """Ask for a change to be taken back; the same change is asked for once, until that is done.

    Args:
        decided: entry of the decision, which names the change.
    """
    decision = decided.event.decision
    assert decision is not None
    assert decision.change is not None

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        same = (e for e in open_rollbacks(entries) if e.event.change == decision.change)
        return next(same, None) or Event(
            EventKind.ROLLBACK_ASKED,
            now,
            actor,
            _first(decision),
            refers=decided.sequence,
            change=decision.change,
        )

    return _recorded(journal, propose)


def rollback_done(journal: Journal, sequence: int, now: datetime, actor: str, reason: str) -> Entry:
    """Say that a change was taken back, or that it could not be: the reason tells.

    Raises:
        BadInput: nobody asked for that.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        asked = _entry(journal, entries, sequence, EventKind.ROLLBACK_ASKED)
        return _end(entries, EventKind.ROLLBACK_DONE, sequence) or Event(
            EventKind.ROLLBACK_DONE,
            now,
            actor,
            reason,
            refers=sequence,
            change=asked.event.change,
        )

    return _recorded(journal, propose)


def _recorded(journal: Journal, propose: object) -> Entry:
    entry = journal.record(propose)  # type: ignore[arg-type]
    assert entry is not None
    return entry


def _entry(journal: Journal, entries: Sequence[Entry], sequence: int, kind: EventKind) -> Entry:
    if 0 < sequence <= len(entries) and entries[sequence - 1].event.kind is kind:
        return entries[sequence - 1]
    raise BadInput(f"entry {sequence} is no '{kind}'", where=journal.where)


def _end(entries: Sequence[Entry], kind: EventKind, sequence: int) -> Entry | None:
    ends = (e for e in entries if e.event.kind is kind and e.event.refers == sequence)
    return next(ends, None)


def _open(entries: Sequence[Entry], begun: EventKind, ended: EventKind) -> list[Entry]:
    over = {entry.event.refers for entry in entries if entry.event.kind is ended}
    return [e for e in entries if e.event.kind is begun and e.sequence not in over]


def _of_decision(
    entries: Sequence[Entry], kind: EventKind, decision: RetrainingDecision
) -> Entry | None:
    digest = decision.digest
    of_kind = (entry for entry in entries if entry.event.kind is kind and entry.event.decision)
    return next((entry for entry in of_kind if entry.event.decision.digest == digest), None)


def _first(decision: RetrainingDecision) -> str:
    return decision.reasons[0] if decision.reasons else str(decision.action)
