"""Share of rows that are decided positively: too many and too few are both harm."""

from __future__ import annotations

from phasegate.release.decision import Finding
from phasegate.release.judges.entities import too_few
from phasegate.release.judges.look import Look
from phasegate.release.judges.weighing import Interval, unknown, weigh
from phasegate.statistics import clusters


def decisions(look: Look) -> tuple[Finding, ...]:
    """Size of the shift between the cohorts, by entity, against the margin.

    BLOCK: one of the two ends, each at half of the gate's budget, is beyond the margin. PASS: both
    ends, each at the whole budget for false promotions, are within it (two one-sided tests,
    Schuirmann 1987: one that is beyond has to be missed, and only one can be).
    """
    name = f"shift of decisions{look.rival}, on cohorts"
    cohorts = look.evidence.cohorts
    if cohorts is None or not look.has_champion:
        return (unknown(look, name, "there are no two cohorts"),)
    new, old = cohorts.challenger.decisions, cohorts.champion.decisions
    if why := too_few(new, old):
        return (unknown(look, name, why),)
    near = clusters.difference_bounds(new, old, look.harm / 2, look.planned, sides=1)
    far = clusters.difference_bounds(new, old, look.clear, look.planned, sides=1)
    seen = Interval(
        estimate=abs(near.estimate),
        lower=max(near.lower, -near.upper, 0.0),
        upper=max(far.upper, -far.lower),
        units=int(new.requests),
    )
    return (weigh(look, name, seen, look.gate.limit),)
