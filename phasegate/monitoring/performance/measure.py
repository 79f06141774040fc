"""Precision, recall and accuracy on labels, with an interval that allows for returning entities.

Several rows of one card or customer are no independent trials. Wilson's (1927) score interval is
taken at the effective number of rows: rows over the design effect, by which the variance of the
ratio estimate between entities (linearised: Cochran 1977, "Sampling techniques", section 11; here
`Clusters.dispersion`) exceeds that of independent rows. The quantile is Student's with one degree
of freedom less than effective entities. Korn & Graubard (1998), "Confidence intervals for
proportions with small expected number of positive counts estimated from survey data"; Wilson's form
of it was the best of seven in Franco, Little, Louis & Slud (2019), "Comparative study of confidence
intervals for proportions in complex sample surveys".

What it assumes: entities are independent of each other, given the time; and rows without an entity
are of entities of their own, request by request. Rows of one entity may depend in any way. A
campaign that hits many entities at once is not allowed for.
"""

from __future__ import annotations

import math

from scipy.stats import t as student

from phasegate.monitoring.performance.series import Confusion, Figure
from phasegate.statistics.clusters import Clusters

METRICS = ("precision", "recall", "accuracy")
UNKNOWN = Figure(math.nan, 0.0, 1.0, 0.0, 0)


def ratio(confusion: Confusion, metric: str) -> tuple[int, int]:
    """Numerator and denominator of a metric, in rows."""
    hits = confusion.true_positive
    if metric == "precision":
        return hits, hits + confusion.false_positive
    if metric == "recall":
        return hits, hits + confusion.false_negative
    if metric == "accuracy":
        return hits + confusion.true_negative, confusion.rows
    raise ValueError(f"{metric!r} is none of {', '.join(METRICS)}")


def measured(relevant: Clusters, confidence: float) -> Figure:
    """A proportion of rows, with its interval; without rows NaN, and the interval excludes nothing.

    Args:
        relevant: rows of the denominator, and hits among them, by entity.
        confidence: of the two-sided interval, between 0 and 1.
    """
    rows, hits = float(relevant.requests), float(relevant.value)
    if not 0 <= hits <= rows or rows <= 0:
        return UNKNOWN
    share = hits / rows
    entities = float(relevant.effective_entities)
    effective = rows / design_effect(relevant)
    freedom = max(entities - 1.0, 0.5)
    quantile = float(student.ppf(0.5 + confidence / 2, freedom))
    lower, upper = wilson(share, effective, quantile)
    return Figure(share, lower, upper, hits, int(rows))


def design_effect(relevant: Clusters) -> float:
    """How many rows say as much as one independent row: at least 1, at most rows per entity.

    Where all rows are hits, or none is, entities show no variance, which is no evidence that their
    rows are independent: then each entity counts once. So it does where there are too few to tell.
    """
    rows, hits = float(relevant.requests), float(relevant.value)
    most = rows / max(float(relevant.effective_entities), 1.0)
    share = hits / rows
    independent = share * (1 - share)
    dispersion = float(relevant.dispersion)
    if independent <= 0 or not math.isfinite(dispersion):
        return max(most, 1.0)
    return max(dispersion / independent, 1.0)


def wilson(share: float, trials: float, quantile: float) -> tuple[float, float]:
    """Score interval of a proportion.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference": the
    proportions p with |share - p| <= quantile sqrt(p (1 - p) / trials).

    Args:
        share: of successes.
        trials: independent ones; need not be whole.
        quantile: of the two-sided error.
    """
    square = quantile * quantile / trials
    centre = (share + square / 2) / (1 + square)
    half = math.sqrt(square * share * (1 - share) + square * square / 4) / (1 + square)
    # The ends of 0 and 1 are exact, whatever the rounding.
    lower = 0.0 if share <= 0 else min(max(centre - half, 0.0), share)
    upper = 1.0 if share >= 1 else max(min(centre + half, 1.0), share)
    return lower, upper
