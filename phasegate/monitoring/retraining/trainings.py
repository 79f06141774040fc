"""Trainings in a monitoring journal: claimed by one, and ended.

Both raise `Unavailable` and `BadInput` as `Journal` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.claims import Claim, may_train
from phasegate.monitoring.retraining.entry import (
    Entry,
    Event,
    EventKind,
    Training,
    TrainingKey,
    TrainingOutcome,
)
from phasegate.monitoring.retraining.journal import Journal
from phasegate.monitoring.retraining.lookup import end_of, entry_of, open_ones, recorded


def claim_training(
    journal: Journal,
    key: TrainingKey,
    rules: RetrainingRules,
    now: datetime,
    *,
    actor: str,
    holder: str,
    reason: str,
    answer: int = 0,
) -> Claim:
    """Claim the training of a key; of any number that ask at once, one gets it.

    Args:
        holder: name of the run that asks; after a crash it gets its claim again.
        reason: why, for the journal.
        answer: sequence of a person's answer that asks for it, which asks for one training.

    Returns:
        The claim, with the sequence of its entry where it is granted; `end_training` wants that.
    """
    claim = Claim(False, "")

    def propose(entries: Sequence[Entry]) -> Event | None:
        nonlocal claim
        claim = may_train(entries, key, rules, now, holder)
        if not claim.granted or claim.sequence:
            return None
        if earlier := _claim_of(entries, answer):
            claim = Claim(False, f"the answer was carried out already: entry {earlier}")
            return None
        training = Training(key, holder)
        return Event(
            EventKind.TRAINING_CLAIMED, now, actor, reason, refers=answer, training=training
        )

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
        claimed = entry_of(journal, entries, sequence, EventKind.TRAINING_CLAIMED)
        assert claimed.event.training is not None
        ended = replace(claimed.event.training, run=run, outcome=outcome, version=version)
        there = end_of(entries, EventKind.TRAINING_ENDED, sequence)
        if there is not None and there.event.training != ended:
            known = there.event.training.outcome if there.event.training else "unknown"
            raise BadInput(f"it ended already: {known}", where=f"training {sequence}")
        return there or Event(
            EventKind.TRAINING_ENDED, now, actor, reason, refers=sequence, training=ended
        )

    return recorded(journal, propose)


def open_claims(entries: Sequence[Entry]) -> list[Entry]:
    """Claims of trainings that have not ended, those past their timeout included."""
    return open_ones(entries, EventKind.TRAINING_CLAIMED, EventKind.TRAINING_ENDED)


def _claim_of(entries: Sequence[Entry], answer: int) -> int:
    """Sequence of the claim that rests on an answer; 0 where none does."""
    claims = (e for e in entries if e.event.kind is EventKind.TRAINING_CLAIMED)
    return next((e.sequence for e in claims if answer and e.event.refers == answer), 0)
