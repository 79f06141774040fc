"""The same requests, answered by both models: who is missing, and how much the two differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Finding
from phasegate.release.evidence import Proportion
from phasegate.release.judges.look import Look
from phasegate.release.judges.shares import own
from phasegate.release.judges.weighing import measured, unknown
from phasegate.reports.numerals import number
from phasegate.statistics import bernoulli
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import kolmogorov_smirnov
from phasegate.statistics.distances import psi as population_stability_index

MOST_SLICES = 50
"""Values of a column, a missing one among them, that can be judged one by one."""

JUDGED_ROWS = 0.95
"""Share of the rows whose slices must be large enough to be judged."""


def coverage(look: Look) -> tuple[Finding, ...]:
    """Share of the champion's requests that were answered by both: a fact about the log.

    Requests whose records conflict are not covered. Never BLOCK: what is missing may still arrive.
    """
    pairs = look.evidence.pairs
    if pairs is None or not pairs.requests > 0:
        return (unknown(look, "coverage", "there are no pairs"),)
    covered = pairs.answered / pairs.requests
    if 0 <= pairs.answered <= pairs.requests and covered >= look.gate.limit:
        outcome, why = Outcome.PASS, "enough of the champion's requests have a pair"
    else:
        outcome = Outcome.INCONCLUSIVE
        why = (
            f"{number(pairs.failed)} failed, {number(pairs.absent)} are absent, "
            f"{number(pairs.conflicting)} conflict; late ones may still arrive"
        )
    return (
        measured(
            look, "coverage", covered, outcome, pairs.requests, of="requests", harm="below", why=why
        ),
    )


def disagreement(look: Look) -> tuple[Finding, ...]:
    """Share of the rows that the two decide differently, over all rows or slice by slice."""
    name = f"disagreement by {look.gate.by}" if look.gate.by else "disagreement"
    if (pairs := look.evidence.pairs) is None:
        return (unknown(look, name, "there are no pairs"),)
    if look.gate.by:
        return (_worst_slice(look, name, pairs.slices.get(look.gate.by, {})),)
    return (_disagreement(look, name, pairs.disagreements, look.harm, pairs.differing),)


def psi(look: Look) -> tuple[Finding, ...]:
    """Population stability index of the challenger's scores against the champion's."""
    return (_distance(look, "PSI of the scores", population_stability_index),)


def ks(look: Look) -> tuple[Finding, ...]:
    """Largest difference between the distribution functions of the scores."""
    return (_distance(look, "KS distance of the scores", kolmogorov_smirnov),)


def _disagreement(
    look: Look, name: str, seen: Proportion, harm: float, by_entity: Clusters | None = None
) -> Finding:
    counts, limit = (seen.count, seen.of), look.gate.limit
    return own(
        look, name, counts, limit,
        harm=harm, clear=look.clear, by_entity=by_entity, of="rows",
    )  # fmt: skip


def _worst_slice(look: Look, name: str, slices: Mapping[str, Proportion]) -> Finding:
    """BLOCK if a slice blocks, PASS if all that can be judged pass; the worst speaks for them.

    Each slice has alpha / `MOST_SLICES`, however many there are: a share that went by the slices
    seen so far would change with the data. Values come and never go, so that as long as they are
    not too many, no more than `MOST_SLICES` have ever been looked at, and each one's sequence
    begins when it appears: the sum over them is at most alpha. Where there are more, of which the
    rarest are counted together, nothing is decided.

    A slice that is so small that it could not pass without a single disagreement says nothing;
    those that can be judged must hold `JUDGED_ROWS` of the rows.
    """
    if len(slices) > MOST_SLICES:
        why = f"it has more than {MOST_SLICES} values, too many to judge one by one"
        return unknown(look, name, why)
    rows = sum(seen.of for seen in slices.values())
    harm = look.harm / MOST_SLICES
    found = {
        value: _disagreement(look, f"{name}, {value}", seen, harm)
        for value, seen in sorted(slices.items())
        if bernoulli.upper(0, seen.of, look.clear) <= look.gate.limit
        or bernoulli.lower(seen.count, seen.of, harm) > look.gate.limit
    }
    for outcome in (Outcome.BLOCK, Outcome.INCONCLUSIVE):
        if those := [one for one in found.values() if one.outcome is outcome]:
            return max(those, key=lambda one: one.estimate)
    judged = sum(slices[value].of for value in found)
    if not (rows > 0 and judged >= JUDGED_ROWS * rows):
        why = f"only {number(judged)} of {number(rows)} rows are in slices large enough to judge"
        return unknown(look, name, why, rows)
    return max(found.values(), key=lambda one: one.upper)


def _distance(look: Look, name: str, of: Callable[..., float]) -> Finding:
    """A distance as it is: no error rate is claimed, so it says nothing before the minimum."""
    pairs = look.evidence.pairs
    if pairs is None or not pairs.answered > 0:
        return unknown(look, name, "there are no pairs")
    champion, challenger = pairs.champion_scores, pairs.challenger_scores
    if not sum(champion) > 0 or len(champion) != len(challenger):
        return unknown(look, name, "there are no scores of both", pairs.answered)
    seen = of(champion, challenger)
    limit, units = look.gate.limit, pairs.answered
    if not math.isfinite(seen):
        return unknown(look, name, "there are no scores of both", units)
    if units < look.phase.minimum.requests:
        outcome = Outcome.INCONCLUSIVE
        why = f"looked at from {number(look.phase.minimum.requests)} pairs on"
    elif seen <= limit:
        outcome, why = Outcome.PASS, f"it is within {number(limit)}"
    else:
        outcome, why = Outcome.BLOCK, f"it is more than {number(limit)}"
    return measured(
        look, name, seen, outcome, units, of="pairs", harm="above", why=why, show=number
    )
