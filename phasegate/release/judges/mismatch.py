"""Whether entities met the two models at the shares that they were to be split by."""

from __future__ import annotations

import math

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Finding
from phasegate.release.evidence import Evidence
from phasegate.release.judges.weighing import share
from phasegate.release.policy import Phase, Policy
from phasegate.reports.numerals import number
from phasegate.statistics import multinomial
from phasegate.traffic.plan import WHOLE

NAME = "sample ratio"


def mismatch(evidence: Evidence, phase: Phase, policy: Policy) -> Finding:
    """BLOCK where the split of entities is not the phase's, which no comparison survives.

    By an anytime-valid test of multinomial counts (Lindon & Malek 2022) at `policy.mismatch`. An
    entity that both models answered, because the champion stepped in for a challenger that failed,
    was drawn for the challenger and is one of the challenger's.
    """
    expected = phase.weight / WHOLE
    cohorts = evidence.cohorts
    counts = (cohorts.champion.entities, cohorts.challenger.entities) if cohorts else (0, 0)
    total = sum(counts)
    if not (total > 0 and min(counts) >= 0):
        return _finding(Outcome.INCONCLUSIVE, math.nan, expected, 0, "no entities were seen")
    seen = counts[1] / total
    p = multinomial.p_value(counts, (1 - expected, expected))
    chance = f"p = {p:.2g} at every look"
    if p <= policy.mismatch:
        why = f"the cohorts are not split as they should be ({chance})"
        return _finding(Outcome.BLOCK, seen, expected, total, why)
    return _finding(Outcome.PASS, seen, expected, total, f"as it should be ({chance})")


def _finding(outcome: Outcome, seen: float, expected: float, units: int, why: str) -> Finding:
    observed = "no entities" if math.isnan(seen) else f"{share(seen)} of the entities"
    return Finding(
        name=NAME,
        outcome=outcome,
        guardrail=True,
        observed=observed,
        required=share(expected),
        reason=f"{NAME}: the challenger has {observed} of {number(units)}, "
        f"expected {share(expected)}: {why}",
        estimate=seen,
        lower=math.nan,
        upper=math.nan,
        limit=expected,
        units=units,
    )
