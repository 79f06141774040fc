"""What a person answered, until it was carried out: by the next decision, and once.

The journal alone says what is open. An answer is taken up by the entry of the decision that follows
it, and carried out by the claim of a training that rests on it, or by a rollback that rests on that
decision. A run that is killed in between is followed by one that finds the answer still open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.monitoring.retraining.entry import Entry, EventKind

ANSWER, SET_ASIDE = "answer", "answer set aside"
"""Names of the evidence that is an answer's entry: one that was followed, and one that was not."""


def in_force(
    entries: Sequence[Entry], model_digest: str, until: datetime, now: datetime
) -> Entry | None:
    """The answer that a decision has to follow; the newest, where there are several.

    It is about the model that answers users now, and is open, or was taken up for a window that
    ends no earlier: who looks at a window again decides the same.

    Args:
        entries: of the journal, in order.
        model_digest: of the model.
        until: end of the window that is decided about.
        now: event time; what was answered later, in a replay, is not known yet.
    """
    taken = _taken_up(entries)
    for entry in reversed(_answers(entries)):
        asked = entry.event.decision
        if asked is None or asked.model_digest != model_digest or entry.event.at > now:
            continue
        decided = [one.event.decision for one in taken.get(entry.sequence, ())]
        again = any(one is not None and one.until >= until for one in decided)
        return entry if again or not outcome(entries, entry) else None
    return None


def follow(
    decision: RetrainingDecision, entries: Sequence[Entry], changes: Sequence[Change]
) -> tuple[RetrainingDecision, Entry | None]:
    """What a person's answer makes of a decision.

    RETRAIN and ROLL_BACK are done whatever the rules say, except that nothing is trained where the
    rules find something that is to be taken back. NOTHING answers the question that was asked: it
    is not asked again in this window; what the rules find besides stands.

    Args:
        decision: of the rules.
        entries: of the journal, in order.
        changes: under the model, as they stand now.

    Returns:
        The decision, and the entry of the answer that it rests on; None where there is none.
    """
    entry = in_force(entries, decision.model_digest, decision.until, decision.now)
    if entry is None:
        return decision, None
    action, change, remark = _wanted(decision, entry, question(entries, entry), changes)
    said = _sentence(entry)
    if action is None:
        evidence = {**decision.evidence, SET_ASIDE: entry.hash}
        return replace(
            decision, reasons=(*decision.reasons, said, remark), evidence=evidence
        ), entry
    reasons = tuple(dict.fromkeys(one for one in (remark, said, *decision.reasons) if one))
    evidence = {**decision.evidence, ANSWER: entry.hash}
    return (
        replace(decision, action=action, reasons=reasons, change=change, evidence=evidence),
        entry,
    )


def question(entries: Sequence[Entry], answer: Entry) -> Entry:
    """The entry that asked what was answered."""
    return entries[answer.event.refers - 1]


def sequence_of(entries: Sequence[Entry], decision: RetrainingDecision) -> int:
    """Sequence of the answer that a decision follows; 0 where it follows none."""
    wanted = decision.evidence.get(ANSWER)
    return next((one.sequence for one in entries if wanted and one.hash == wanted), 0)


def outcome(entries: Sequence[Entry], answer: Entry) -> str:
    """What came of an answer, in a sentence; empty while it is open."""
    settled = (one for one in entries if one.event.kind is EventKind.ANSWER_SETTLED)
    for one in settled:
        if one.event.refers == answer.sequence:
            return one.event.reason
    taken = _taken_up(entries).get(answer.sequence, [])
    for one in entries:
        event = one.event
        if event.kind is EventKind.TRAINING_CLAIMED and event.refers == answer.sequence:
            return f"a training was claimed for it in entry {one.sequence}"
        if event.kind is EventKind.ROLLBACK_ASKED and event.refers in {t.sequence for t in taken}:
            return f"the change was asked to be taken back in entry {one.sequence}"
    for one in taken:
        action = one.event.decision.action if one.event.decision else None
        if answer.event.answer is Action.NOTHING or action is not answer.event.answer:
            return f"entry {one.sequence} took it up: {action}"
    return ""


def open_answers(entries: Sequence[Entry]) -> list[Entry]:
    """Answers that nothing has come of yet."""
    return [one for one in _answers(entries) if not outcome(entries, one)]


def _answers(entries: Sequence[Entry]) -> list[Entry]:
    return [one for one in entries if one.event.kind is EventKind.PERSON_ANSWERED]


def _taken_up(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """Decisions by the sequence of the answer that they rest on."""
    found: dict[int, list[Entry]] = {}
    for one in entries:
        if one.event.kind is EventKind.DECIDED and one.event.refers:
            found.setdefault(one.event.refers, []).append(one)
    return found


def _wanted(
    decision: RetrainingDecision, answer: Entry, asked: Entry, changes: Sequence[Change]
) -> tuple[Action | None, Change | None, str]:
    """What is to be done, about which change, and a remark; None where the rules' word stands."""
    wanted = answer.event.answer
    if wanted is Action.RETRAIN:
        if decision.action is Action.ROLL_BACK:
            return None, None, "what is to be taken back comes before a training"
        return wanted, None, ""
    if wanted is Action.ROLL_BACK:
        change = _as_it_stands(answer.event.change, asked, changes)
        if change is None:
            who = answer.event.actor
            return Action.ASK, None, f"{who} wants a change taken back, and none is known"
        if change.undone:
            return Action.NOTHING, None, f"'{change.what}' was taken back already"
        return wanted, change, ""
    is_same = bool(decision.reasons) and decision.reasons[0] == asked.event.reason
    if decision.action is Action.NOTHING or (decision.action is Action.ASK and is_same):
        return Action.NOTHING, None, ""
    return None, None, "that was another question than what decides now"


def candidates(changes: Sequence[Change], asked: Entry) -> Iterator[Change]:
    """Changes that may be taken back for a question, the newest first."""
    asked_of = asked.event.decision
    before = asked_of.until if asked_of else asked.event.at
    known = [one for one in changes if not one.undone and one.at <= before]
    yield from sorted(known, key=lambda one: (one.at, one.what), reverse=True)


def _as_it_stands(change: Change | None, asked: Entry, changes: Sequence[Change]) -> Change | None:
    """A change as it is known now; the newest one where none was named."""
    if change is None:
        return next(candidates(changes, asked), None)
    same = (one for one in changes if (one.kind, one.at, one.what, one.release) == (
        change.kind, change.at, change.what, change.release))  # fmt: skip
    return next(same, None)


def _sentence(answer: Entry) -> str:
    event = answer.event
    return f"{event.actor} answered question {event.refers}: {event.answer}, '{event.reason}'"
