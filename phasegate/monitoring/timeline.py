"""What became of a model over time, told from its monitoring journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from phasegate.monitoring.retraining.entry import Entry, EventKind


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, for a person.

    Attributes:
        sequence: of the journal's entry.
        at: event time.
        what: in a word or two.
        about: the window, version or change that it is about.
        reason: one sentence.
        actor: who or what did it.
    """

    sequence: int
    at: datetime
    what: str
    about: str
    reason: str
    actor: str


def timeline(entries: Sequence[Entry]) -> list[Moment]:
    """All that happened, in order."""
    return [_moment(entry) for entry in entries]


def _moment(entry: Entry) -> Moment:
    event = entry.event
    what, about = str(event.kind), f"entry {event.refers}" if event.refers else ""
    if event.kind is EventKind.DECIDED and event.decision:
        what = str(event.decision.action)
        about = f"{event.decision.since:%Y-%m-%d} to {event.decision.until:%Y-%m-%d}"
    elif event.kind is EventKind.TRAINING_ENDED and event.training:
        what = f"training: {event.training.outcome}"
        about = event.training.version or about
    elif event.kind is EventKind.TRAINING_CLAIMED and event.training:
        what = "training begins"
        about = f"for the window until {event.training.key.until:%Y-%m-%d}"
    elif event.kind is EventKind.PERSON_ANSWERED:
        what = f"answered: {event.answer}"
    elif event.change is not None:
        about = event.change.what
    return Moment(entry.sequence, event.at, what, about, event.reason, event.actor)
