"""What is to be done about a model, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from phasegate.digests import digest_json
from phasegate.values import from_json, to_json


class Action(StrEnum):
    """What can be done."""

    NOTHING = "NOTHING"
    RETRAIN = "RETRAIN"
    ROLL_BACK = "ROLL_BACK"
    ASK = "ASK"


class ChangeKind(StrEnum):
    """What can change under a model."""

    RELEASE = "release"
    PIPELINE = "pipeline"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that somebody changed, from the audit log of releases or the monitoring journal.

    Attributes:
        kind: of change.
        at: event time.
        what: as a person reads it, such as ``feature pipeline v14``.
        actor: who made it.
        release: of a release: the name of the release that promoted the model; else empty.
        undone: whether it was taken back already.
        undone_at: event time of that; None where it was not, or where that is not known.
        model_digest: of a release: of the model that it promoted; else empty.
    """

    kind: ChangeKind
    at: datetime
    what: str
    actor: str
    release: str = ""
    undone: bool = False
    undone_at: datetime | None = None
    model_digest: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """How performance went, told by the Bayesian information criterion.

    Attributes:
        kind: constant, season, step or slope; unknown where there is too little.
        at: event time of the step; None for the others.
        before, after: the metric on either side of the step, or at the ends of the slope.
        bic: of each of the models, by name; lower is better.
    """

    kind: str
    at: datetime | None
    before: float
    after: float
    bic: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RetrainingDecision:
    """What is to be done.

    Attributes:
        action: what.
        reasons: sentences, the deciding one first.
        model_digest: of the model it is about.
        profile_digest: of its reference.
        since, until: the window that was looked at.
        now: event time.
        shape: how performance went.
        change: that is to be taken back; None unless `action` is ROLL_BACK.
        evidence: digests of the reports that it rests on, by their name.
    """

    action: Action
    reasons: tuple[str, ...]
    model_digest: str
    profile_digest: str
    since: datetime
    until: datetime
    now: datetime
    shape: Shape
    change: Change | None
    evidence: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Hex sha256 of its JSON values."""
        return digest_json(self.to_json())

    @property
    def is_a_persons(self) -> bool:
        """Whether a person wants it, rather than the rules alone: see `answers.follow`."""
        return "answer" in self.evidence

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(
        cls, value: Mapping[str, Any], where: str = "retraining decision"
    ) -> RetrainingDecision:
        """The decision of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
