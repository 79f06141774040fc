"""Whether a training may begin: one for each reason, never two at once, and not too often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.entry import Entry, EventKind, TrainingKey, TrainingOutcome


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a training may begin.

    Attributes:
        granted: whether it may.
        reason: one sentence.
        sequence: of the entry of a claim that is the asker's already; 0 where there is none.
    """

    granted: bool
    reason: str
    sequence: int = 0


def may_train(
    entries: Sequence[Entry],
    key: TrainingKey,
    rules: RetrainingRules,
    now: datetime,
    holder: str = "",
) -> Claim:
    """Whether a training of a key may begin, of nothing but the journal.

    Refused, in this order: while a training runs that was claimed less than ``timeout`` ago and
    has not ended (its own holder gets its claim again: it crashed, and goes on); while a rollback
    is under way for as long; where this key was trained for already, whatever came of it; and
    less than ``cooldown`` after the claim of a training that did not fail. One that never ended
    blocks nothing after its timeout.

    Args:
        entries: of the journal, in order.
        key: what the training would be for.
        rules: cool-down and timeout, of event time.
        now: event time.
        holder: name of the run that asks; the same after a crash.
    """
    ends = {
        entry.event.refers: entry.event.training.outcome
        for entry in entries
        if entry.event.kind is EventKind.TRAINING_ENDED and entry.event.training
    }
    claims = [entry for entry in entries if entry.event.kind is EventKind.TRAINING_CLAIMED]
    for entry in claims:
        if entry.sequence in ends or now >= entry.event.at + rules.timeout:
            continue
        training = entry.event.training
        if training and holder and (training.holder, training.key) == (holder, key):
            return Claim(True, f"claimed by {holder} already", entry.sequence)
        return Claim(False, f"a training runs since {entry.event.at:%Y-%m-%d %H:%M} UTC")
    if rollback := _open_rollback(entries, rules, now):
        return Claim(False, f"a rollback was asked for at {rollback:%Y-%m-%d %H:%M} UTC")
    for entry in claims:
        if entry.event.training and entry.event.training.key == key:
            outcome = ends.get(entry.sequence) or "it never ended"
            return Claim(False, f"this window was trained for already: {outcome}")
    for entry in claims:
        outcome = ends.get(entry.sequence)
        counts = outcome is not None and outcome is not TrainingOutcome.FAILED
        if counts and now < entry.event.at + rules.cooldown:
            since = entry.event.at
            free = since + rules.cooldown
            return Claim(
                False,
                f"the last training was at {since:%Y-%m-%d %H:%M} UTC; the next may be from "
                f"{free:%Y-%m-%d %H:%M} UTC on",
            )
    return Claim(True, "no training runs, and the last one was long enough ago")


def last_training(entries: Sequence[Entry], now: datetime) -> datetime | None:
    """When the newest training was claimed that did not fail, running ones included.

    Args:
        now: event time; what was claimed later than that, in a replay, is not known yet.
    """
    failed = {
        entry.event.refers
        for entry in entries
        if entry.event.kind is EventKind.TRAINING_ENDED
        and entry.event.training
        and entry.event.training.outcome is TrainingOutcome.FAILED
    }
    return max(
        (
            entry.event.at
            for entry in entries
            if entry.event.kind is EventKind.TRAINING_CLAIMED
            and entry.sequence not in failed
            and entry.event.at <= now
        ),
        default=None,
    )


def _open_rollback(
    entries: Sequence[Entry], rules: RetrainingRules, now: datetime
) -> datetime | None:
    done = {e.event.refers for e in entries if e.event.kind is EventKind.ROLLBACK_DONE}
    return max(
        (
            entry.event.at
            for entry in entries
            if entry.event.kind is EventKind.ROLLBACK_ASKED
            and entry.sequence not in done
            and now < entry.event.at + rules.timeout
        ),
        default=None,
    )
