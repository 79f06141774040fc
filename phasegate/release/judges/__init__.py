"""What each gate makes of the evidence: pure functions from sufficient statistics to findings.

BLOCK says that harm is shown, by a bound that holds at every look, at the gate's part of the budget
for false rollbacks. PASS says that the opposite bound, at the budget for false promotions, clears
the limit. All else is INCONCLUSIVE: nothing that is missing, empty or not a number passes.

Each file is a kind of evidence: ``paired`` (one request, two answers), ``speed``, ``errors``,
``decisions``, ``value``, and ``mismatch`` (whether the cohorts are split as they should be);
``look`` is what all of them are given, ``weighing`` how bounds and a limit become a finding.
"""

import math

from phasegate.release.decision import Finding
from phasegate.release.evidence import Evidence
from phasegate.release.judges import decisions, errors, paired, speed, value
from phasegate.release.judges.look import Look
from phasegate.release.judges.mismatch import mismatch
from phasegate.release.judges.weighing import unknown
from phasegate.release.policy import Gate, Phase, Policy

__all__ = ["judge", "mismatch"]

_JUDGES = {
    "coverage": paired.coverage,
    "disagreement": paired.disagreement,
    "psi": paired.psi,
    "ks": paired.ks,
    "latency": speed.latency,
    "slow": speed.slow,
    "errors": errors.errors,
    "decisions": decisions.decisions,
    "value": value.value,
}


def judge(
    gate: Gate, evidence: Evidence, phase: Phase, policy: Policy, guardrail: bool
) -> tuple[Finding, ...]:
    """What a gate, or guardrail, of a phase makes of the evidence: at least one finding.

    Args:
        gate: of ``phase``.
        evidence: whatever of it is None is not known, and passes nothing.
        phase: that the evidence is of.
        policy: that the phase is of; it splits the error budgets.
        guardrail: whether only BLOCK counts.
    """
    look = Look(gate, evidence, phase, policy, guardrail)
    if not (math.isfinite(gate.limit) and math.isfinite(gate.over_ms) and 0 < gate.quantile < 1):
        return (unknown(look, gate.metric, "the gate's limit is not a number"),)
    return _JUDGES[gate.metric](look)
