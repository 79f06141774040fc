"""Answers of persons in a monitoring journal: an entry settles each, once something came of it.

Raises `Unavailable` and `BadInput` as `Journal` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from phasegate.monitoring.retraining.answers import outcome
from phasegate.monitoring.retraining.entry import Entry, Event, EventKind
from phasegate.monitoring.retraining.journal import Journal
from phasegate.monitoring.retraining.lookup import end_of, open_ones, recorded


def settle_answers(journal: Journal, model_digest: str, now: datetime, actor: str) -> list[Entry]:
    """Say what came of each answer that something came of, and which will come to nothing.

    Args:
        model_digest: of the model that answers users now; answers about another one are void.
        now: event time.

    Returns:
        The entries that say so, also where another writer was faster.
    """
    entries = journal.entries()
    answers = open_ones(entries, EventKind.PERSON_ANSWERED, EventKind.ANSWER_SETTLED)
    known = [one for one in answers if one.event.at <= now]
    found = []
    for answer in known:
        later = next((one for one in known if one.sequence > answer.sequence), None)
        said = _what_came(entries, answer, later, model_digest)
        if said:
            found.append(_settle(journal, answer, now, actor, said))
    return found


def _what_came(
    entries: Sequence[Entry], answer: Entry, later: Entry | None, model_digest: str
) -> str:
    if said := outcome(entries, answer):
        return said
    asked = answer.event.decision
    if asked is not None and asked.model_digest != model_digest:
        return "void: another model answers users now"
    if later is not None:
        return f"void: entry {later.sequence} is a later answer"
    return ""


def _settle(journal: Journal, answer: Entry, now: datetime, actor: str, said: str) -> Entry:
    def propose(entries: Sequence[Entry]) -> Event | Entry:
        return end_of(entries, EventKind.ANSWER_SETTLED, answer.sequence) or Event(
            EventKind.ANSWER_SETTLED,
            now,
            actor,
            said,
            refers=answer.sequence,
            answer=answer.event.answer,
        )

    return recorded(journal, propose)
