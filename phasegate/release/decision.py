"""What can be decided about a release, and what each gate found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from phasegate.contracts.verdict import Outcome
from phasegate.values import from_json, to_json


class Action(StrEnum):
    """What a decision does to a release."""

    HOLD = "hold"
    ADVANCE = "advance"
    FINISH = "finish"
    FREEZE = "freeze"
    ROLL_BACK = "roll back"
    END_INCONCLUSIVE = "end inconclusive"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a gate or guardrail made of the evidence.

    Attributes:
        name: what was looked at, such as ``value against champion, on pairs``.
        outcome: PASS, BLOCK or INCONCLUSIVE; of a guardrail only BLOCK counts.
        guardrail: whether it only rolls back.
        observed: as a person reads it.
        required: as a person reads it.
        reason: one sentence.
        estimate: the number behind it; not a number where there is none.
        lower: lower end of its interval, which holds at every look.
        upper: upper end.
        limit: what the interval is held against.
        units: how many it rests on.
    """

    name: str
    outcome: Outcome
    guardrail: bool
    observed: str
    required: str
    reason: str
    estimate: float
    lower: float
    upper: float
    limit: float
    units: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and why.

    Attributes:
        action: what to do.
        reasons: sentences for a person, the most important first.
        findings: of every gate and guardrail that was looked at.
    """

    action: Action
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "decision") -> Decision:
        """The decision of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
