"""What is written into a monitoring journal: each function does nothing where it is said already.

All raise `Unavailable` and `BadInput` as `Journal` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.monitoring.retraining.entry import (
    Entry,
    Event,
    EventKind,
)
from phasegate.monitoring.retraining.journal import Journal
from phasegate.monitoring.retraining.lookup import end_of, entry_of, open_ones, recorded


def announce_change(journal: Journal, change: Change, now: datetime) -> Entry:
    """Say that something was changed under the model; the same change is said once."""

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        said = [e for e in entries if e.event.kind is EventKind.CHANGE_ANNOUNCED]
        same = (entry for entry in said if entry.event.change == change)
        return next(same, None) or Event(
            EventKind.CHANGE_ANNOUNCED, now, change.actor, change.what, change=change
        )

    return recorded(journal, propose)


def undo_change(
    journal: Journal, sequence: int, now: datetime, actor: str, reason: str, at: datetime
) -> Entry:
    """Say that an announced change was taken back; a rollback that asked for it is done then.

    Args:
        sequence: of the entry that announced it.
        at: event time from which on its effect was gone.

    Raises:
        BadInput: there is no such announcement, or the change came after ``at``.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        announced = entry_of(journal, entries, sequence, EventKind.CHANGE_ANNOUNCED)
        assert announced.event.change is not None
        if at < announced.event.change.at:
            raise BadInput("it cannot be undone before it was made", where=f"change {sequence}")
        undone = replace(announced.event.change, undone=True, undone_at=at)
        return end_of(entries, EventKind.CHANGE_UNDONE, sequence) or Event(
            EventKind.CHANGE_UNDONE, now, actor, reason, refers=sequence, change=undone
        )

    entry = recorded(journal, propose)
    announced = entry_of(journal, journal.entries(), sequence, EventKind.CHANGE_ANNOUNCED)
    for asked in open_rollbacks(journal.entries()):
        if asked.event.change == announced.event.change:
            rollback_done(journal, asked.sequence, now, actor, reason)
    return entry


def record_decision(
    journal: Journal, decision: RetrainingDecision, actor: str, answer: Entry | None = None
) -> Entry:
    """Keep a decision; where it asks a person, the question too, which is open until answered.

    Args:
        answer: of a person, that it rests on.

    Returns:
        The entry of the decision.
    """

    def decided(entries: Sequence[Entry]) -> Event | Entry:
        return _of_decision(entries, EventKind.DECIDED, decision) or Event(
            EventKind.DECIDED,
            decision.now,
            actor,
            _first(decision),
            refers=answer.sequence if answer else 0,
            decision=decision,
        )

    entry = recorded(journal, decided)
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

    return recorded(journal, propose)


def answer_person(
    journal: Journal,
    sequence: int,
    now: datetime,
    actor: str,
    answer: Action,
    reason: str,
    change: Change | None = None,
) -> Entry:
    """Say what a person wants done, which the next decision does.

    Args:
        sequence: of the entry that asked.
        change: that is to be taken back, where the answer is that.

    Raises:
        BadInput: nobody asked that, or it was answered otherwise.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        asked = entry_of(journal, entries, sequence, EventKind.PERSON_ASKED)
        there = end_of(entries, EventKind.PERSON_ANSWERED, sequence)
        if there is not None and there.event.answer is not answer:
            raise BadInput(f"it was answered: {there.event.answer}", where=f"question {sequence}")
        return there or Event(
            EventKind.PERSON_ANSWERED,
            now,
            actor,
            reason,
            refers=sequence,
            change=change,
            decision=asked.event.decision,
            answer=answer,
        )

    return recorded(journal, propose)


def open_questions(entries: Sequence[Entry]) -> list[Entry]:
    """Questions to a person that are not answered."""
    return open_ones(entries, EventKind.PERSON_ASKED, EventKind.PERSON_ANSWERED)


def open_rollbacks(entries: Sequence[Entry]) -> list[Entry]:
    """Rollbacks that were asked for and are not done."""
    return open_ones(entries, EventKind.ROLLBACK_ASKED, EventKind.ROLLBACK_DONE)


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

    return recorded(journal, propose)


def rollback_done(journal: Journal, sequence: int, now: datetime, actor: str, reason: str) -> Entry:
    """Say that a change was taken back, or that it could not be: the reason tells.

    Raises:
        BadInput: nobody asked for that.
    """

    def propose(entries: Sequence[Entry]) -> Event | Entry:
        asked = entry_of(journal, entries, sequence, EventKind.ROLLBACK_ASKED)
        return end_of(entries, EventKind.ROLLBACK_DONE, sequence) or Event(
            EventKind.ROLLBACK_DONE,
            now,
            actor,
            reason,
            refers=sequence,
            change=asked.event.change,
        )

    return recorded(journal, propose)


def _of_decision(
    entries: Sequence[Entry], kind: EventKind, decision: RetrainingDecision
) -> Entry | None:
    digest = decision.digest
    of_kind = (entry for entry in entries if entry.event.kind is kind and entry.event.decision)
    return next((entry for entry in of_kind if entry.event.decision.digest == digest), None)


def _first(decision: RetrainingDecision) -> str:
    return decision.reasons[0] if decision.reasons else str(decision.action)
