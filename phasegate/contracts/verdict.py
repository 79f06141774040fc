"""A gate's verdict: PASS, BLOCK or INCONCLUSIVE, on one subject, for stated reasons."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self

from phasegate.contracts.artifact import Artifact, describe
from phasegate.digests import canonical_json


class Outcome(StrEnum):
    """What a gate can say. Only PASS lets anything through."""

    PASS = "PASS"
    BLOCK = "BLOCK"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Check:
    """One thing that a gate looked at.

    Attributes:
        name: what was checked.
        outcome: what came of it.
        observed: the value that was seen, as a person reads it.
        required: the value that was needed.
        reason: one sentence.
    """

    name: str
    outcome: Outcome
    observed: str
    required: str
    reason: str


@dataclass(frozen=True)
class Judgement:
    """What a gate decided about a subject (by digest) on some data (by digest)."""

    gate: str
    subject_digest: str
    data_digest: str
    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """BLOCK if any check blocks, INCONCLUSIVE if any is or none was made, else PASS."""
        outcomes = {check.outcome for check in self.checks}
        if Outcome.BLOCK in outcomes:
            return Outcome.BLOCK
        return Outcome.PASS if outcomes == {Outcome.PASS} else Outcome.INCONCLUSIVE

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it did not pass; empty for PASS."""
        if not self.checks:
            return ("nothing was checked",)
        return tuple(check.reason for check in self.checks if check.outcome is not Outcome.PASS)

    def to_json(self) -> bytes:
        """Canonical JSON of the judgement, with its outcome."""
        return canonical_json({**asdict(self), "outcome": self.outcome})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a judgement; the outcome is derived again from the checks, never trusted."""
        value = json.loads(text)
        checks = tuple(
            Check(**{**check, "outcome": Outcome(check["outcome"])}) for check in value["checks"]
        )
        return cls(value["gate"], value["subject_digest"], value["data_digest"], checks)


@dataclass(frozen=True, kw_only=True)
class Verdict(Artifact):
    """A gate's judgement as an artifact."""

    schema_title = "system.Verdict"
    FILES = {"verdict.json": "Outcome, and each check with what was observed and required."}

    gate: str = describe("Component that judged.")
    outcome: str = describe("PASS, BLOCK or INCONCLUSIVE.")
    subject_digest: str = describe("Digest of the artifact that was judged.")
    data_digest: str = describe("Digest of the data that it was judged on.")

    def judgement(self) -> Judgement:
        """The judgement with all its checks, read from the artifact's file."""
        return Judgement.from_json((self.path / "verdict.json").read_bytes())
