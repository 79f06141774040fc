"""How long answers take: the challenger's slowest against the champion's, or against a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from phasegate.release.decision import Finding
from phasegate.release.judges.look import Look
from phasegate.release.judges.shares import difference, own
from phasegate.release.judges.weighing import Interval, unknown, weigh
from phasegate.statistics import bernoulli
from phasegate.statistics.distances import LATENCY_EDGES_US, quantile


def latency(look: Look) -> tuple[Finding, ...]:
    """Share of the challenger's answers beyond ``limit`` times the champion's quantile.

    Harm is a share above 1 - quantile. The champion's quantile is not known but bounded: BLOCK
    counts what is beyond ``limit`` times its upper bound, PASS what is beyond its lower one, each
    bound and each share at half of the error rate (a union of two). Both bounds are found on the
    grid of edges, where a search costs nothing: counts beyond an edge fall from edge to edge, so a
    bound is wrong only if the test at the edge next to the true quantile is, and what is counted
    beyond a bound that is right is on the safe side of what is beyond the true one.
    """
    name = f"answers beyond {look.gate.limit:g} times champion's p{100 * look.gate.quantile:g}"
    name = f"{name}, {look.source}"
    histograms = _histograms(look)
    if histograms is None or not look.has_champion:
        return (unknown(look, name, "there are no latencies of both"),)
    new, old = histograms
    of, old_of = int(new.sum()), int(old.sum())
    if not (of > 0 and old_of > 0):
        return (unknown(look, name, "there are no latencies of both"),)
    allowed = 1 - look.gate.quantile
    beyond = _counts_from(old)
    inside = bernoulli.log_e_value(old_of - beyond, old_of, look.gate.quantile)
    outside = bernoulli.log_e_value(beyond, old_of, allowed)
    highest = _first(inside >= _evidence(look.harm / 2))
    lowest = _last(outside >= _evidence(look.clear / 2))
    ratio = look.gate.limit
    certain = 0 if highest is None else _from(new, ratio * LATENCY_EDGES_US[highest])[0]
    possible = of if lowest is None else _from(new, ratio * LATENCY_EDGES_US[lowest])[1]
    about = _from(new, ratio * quantile(old, LATENCY_EDGES_US, look.gate.quantile))
    seen = Interval(
        estimate=about[0] / of,
        lower=bernoulli.lower(certain, of, look.harm / 2),
        upper=bernoulli.upper(possible, of, look.clear / 2),
        units=of,
    )
    return (weigh(look, name, seen, allowed),)


def slow(look: Look) -> tuple[Finding, ...]:
    """Share of the answers that take longer than ``over_ms``.

    A bin that holds ``over_ms`` counts as slow for PASS, and as not slow for BLOCK.
    """
    name = f"answers over {look.gate.over_ms:g} ms{look.rival}, {look.source}"
    histograms = _histograms(look)
    if histograms is None:
        return (unknown(look, name, "there are no latencies"),)
    rates = {"harm": look.harm, "clear": look.clear}
    threshold = 1000 * look.gate.over_ms
    new, old = ((*_from(counts, threshold), int(counts.sum())) for counts in histograms)
    if not look.against_champion:
        least, most, of = new
        return (own(look, name, (most, of), look.gate.limit, least=least, **rates),)
    if not look.has_champion:
        return (unknown(look, name, "the champion answers nothing to compare with"),)
    return (difference(look, name, new, old, look.gate.limit, **rates),)


def _histograms(look: Look) -> tuple[np.ndarray, np.ndarray] | None:
    """Counts of challenger and champion; None where there are none of this grid."""
    if look.of_copies:
        pairs = look.evidence.pairs
        both = pairs and (pairs.challenger_latency, pairs.champion_latency)
    else:
        cohorts = look.evidence.cohorts
        both = cohorts and (cohorts.challenger.latency, cohorts.champion.latency)
    return tuple(np.asarray(counts) for counts in both) if both and _are_counts(both) else None


def _are_counts(histograms: Sequence[Sequence[int]]) -> bool:
    return all(
        len(counts) == len(LATENCY_EDGES_US) - 1 and all(count >= 0 for count in counts)
        for counts in histograms
    )


def _counts_from(counts: np.ndarray) -> np.ndarray:
    """Those at or beyond each left edge: [bins], falling."""
    return np.cumsum(counts[::-1])[::-1]


def _from(counts: np.ndarray, threshold: float) -> tuple[int, int]:
    """Those at or beyond a threshold: for certain, and at most. The last bin has no right edge."""
    left, right = LATENCY_EDGES_US[:-1], np.append(LATENCY_EDGES_US[1:-1], math.inf)
    return int(counts[left >= threshold].sum()), int(counts[right > threshold].sum())


def _evidence(alpha: float) -> float:
    return -math.log(alpha) if alpha > 0 else math.inf


def _first(reached: np.ndarray) -> int | None:
    return int(np.argmax(reached)) if reached.any() else None


def _last(reached: np.ndarray) -> int | None:
    return int(np.flatnonzero(reached)[-1]) if reached.any() else None
