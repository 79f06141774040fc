"""An entry of a model's monitoring journal: who did what, when, why, and on what it rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from phasegate.digests import digest_json
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.values import from_json, to_json

SCHEMA = "phasegate.monitoring/1"
FIRST = "0" * 64  # what the first entry of a chain follows


class EventKind(StrEnum):
    """What can happen."""

    CHANGE_ANNOUNCED = "change announced"
    CHANGE_UNDONE = "change undone"
    DECIDED = "decided"
    TRAINING_CLAIMED = "training claimed"
    TRAINING_ENDED = "training ended"
    ROLLBACK_ASKED = "rollback asked"
    ROLLBACK_DONE = "rollback done"
    PERSON_ASKED = "person asked"
    PERSON_ANSWERED = "person answered"
    ANSWER_SETTLED = "answer settled"


FOLLOWS = {
    EventKind.CHANGE_UNDONE: (EventKind.CHANGE_ANNOUNCED,),
    EventKind.TRAINING_ENDED: (EventKind.TRAINING_CLAIMED,),
    EventKind.ROLLBACK_DONE: (EventKind.ROLLBACK_ASKED,),
    EventKind.PERSON_ANSWERED: (EventKind.PERSON_ASKED,),
    EventKind.ANSWER_SETTLED: (EventKind.PERSON_ANSWERED,),
}
"""What an event of a kind says the end of; `Event.refers` names the entry."""


class TrainingOutcome(StrEnum):
    """How a training ended."""

    REGISTERED = "registered"
    BLOCKED = "blocked by a gate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TrainingKey:
    """What a training is for; there is one training of a key, however often it is asked for.

    Attributes:
        model_digest: of the champion that is to be replaced.
        until: end of the window that called for it, event time.
        profile_digest: of the reference that the window was compared with.
    """

    model_digest: str
    until: datetime
    profile_digest: str


@dataclass(frozen=True, slots=True)
class Training:
    """A training that was claimed, or has ended.

    Attributes:
        key: what for.
        holder: of the claim: name of the run that asked, which may ask again after a crash.
        run: of the end: name of the training run.
        outcome: of the end; None of a claim.
        version: of the end: ``NAME/VERSION`` in the registry, where one was registered.
    """

    key: TrainingKey
    holder: str
    run: str = ""
    outcome: TrainingOutcome | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    Attributes:
        kind: of event.
        at: event time at which it was recorded.
        actor: who or what did it.
        reason: one sentence.
        refers: sequence of the entry that this is the end of, or rests on, as a decision or a claim
            does on a person's answer; 0 for none.
        change: that was announced, undone, or is to be taken back.
        decision: what was decided.
        training: that was claimed, or has ended.
        answer: what a person wants done; None where no person answered.
    """

    kind: EventKind
    at: datetime
    actor: str
    reason: str
    refers: int = 0
    change: Change | None = None
    decision: RetrainingDecision | None = None
    training: Training | None = None
    answer: Action | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain.

    Attributes:
        sequence: counts from 1.
        previous: `hash` of the entry before; zeros for the first.
        model: name of the model.
        token: tells this try to write from that of anybody who writes the same.
        event: what happened.
        hash: hex sha256 over all of the above.
        schema: version of this format.
    """

    sequence: int
    previous: str
    model: str
    token: str
    event: Event
    hash: str = ""
    schema: str = SCHEMA

    def sealed(self) -> Entry:
        """The entry with its hash."""
        return replace(self, hash=self.expected_hash())

    def expected_hash(self) -> str:
        """The hash that an unchanged entry has."""
        return digest_json({**self.to_json(), "hash": ""})

    def to_json(self) -> dict[str, Any]:
        """As JSON values, its format always among them; `from_json` reads them."""
        return {**to_json(self), "schema": self.schema, "hash": self.hash}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "journal entry") -> Entry:
        """The entry of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
