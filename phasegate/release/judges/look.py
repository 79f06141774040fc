"""One gate's look at the evidence of its phase."""

from __future__ import annotations

from dataclasses import dataclass

from phasegate.release.evidence import Evidence
from phasegate.release.policy import Gate, Phase, Policy
from phasegate.traffic.plan import WHOLE


@dataclass(frozen=True, slots=True)
class Look:
    """What a judge is given.

    Attributes:
        gate: what to look at, and its limit.
        evidence: what is known.
        phase: that the evidence is of.
        policy: that the phase is of.
        guardrail: whether only BLOCK counts.
    """

    gate: Gate
    evidence: Evidence
    phase: Phase
    policy: Policy
    guardrail: bool

    @property
    def harm(self) -> float:
        """Probability, at most, of a false BLOCK by this gate."""
        return self.policy.alpha_of(self.gate)

    @property
    def clear(self) -> float:
        """Probability, at most, of a false PASS by this gate."""
        return self.policy.false_promotion

    @property
    def planned(self) -> int:
        """Requests at which bounds are to be tightest: fixed before anything is seen."""
        return self.phase.minimum.requests

    @property
    def of_copies(self) -> bool:
        """Whether nothing but copies reaches the challenger."""
        return self.phase.weight == 0

    @property
    def has_champion(self) -> bool:
        """Whether the champion still answers something."""
        return self.phase.weight < WHOLE

    @property
    def against_champion(self) -> bool:
        """Whether the gate's limit is how much worse than the champion it may be."""
        return self.gate.against == "champion"

    @property
    def source(self) -> str:
        """What the evidence of this phase is of, as a name says it."""
        return "on pairs" if self.of_copies else "on cohorts"

    @property
    def rival(self) -> str:
        """What the gate compares with, as a name says it."""
        return " against champion" if self.against_champion else ""
