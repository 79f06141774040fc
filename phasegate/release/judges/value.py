"""Business value: what the challenger earns, or earns more than the champion."""

from __future__ import annotations

import math
from collections.abc import Callable

from phasegate.release.decision import Finding
from phasegate.release.judges.entities import too_few
from phasegate.release.judges.look import Look
from phasegate.release.judges.weighing import Interval, unknown, weigh
from phasegate.release.policy import BusinessMetric
from phasegate.reports.numerals import number
from phasegate.statistics import bernoulli, bounded, clusters
from phasegate.statistics.bounds import Bounds

OF_CHAMPION = 0.2
"""Part of an error rate that is spent on the champion's mean, where the limit is a share of it."""

OF_EQUAL = 0.1
"""Part of it that is kept for pairs of which none has differed yet, where values have bounds."""

Interval_at = Callable[[float, int], Bounds]
"""Bounds at an error rate, on one side or two."""


def value(look: Look) -> tuple[Finding, ...]:
    """Value of a row, against the champion's on pairs or between cohorts, or against a limit.

    Bounds are asymptotic by entity (`clusters`), or exact ones of bounded values (`bounded`): which
    of the two the policy says, so that it is never the better of two that were looked at. The exact
    ones are of the mean over rows of pairs, and over the first rows of entities of cohorts.

    Where the limit is a share r of the champion's mean m, the difference has to be above -r |m|.
    Both are bounded and the union of the two errors is the gate's: BLOCK goes by the lowest limit
    that m leaves possible, PASS by the highest. That is conservative, and no more so than the
    bounds of m are wide. On pairs m is always bounded asymptotically.

    Cohorts in which rows have no value are not compared: which ones have none may depend on what
    was decided. Of pairs the same rows are left out for both.
    """
    gate, metric = look.gate, look.policy.metric
    relative = gate.relative and gate.against == "champion"
    name = f"value{look.rival}, on {gate.on}"
    if metric is None:
        return (unknown(look, name, "the policy has no business metric"),)
    if gate.against == "champion" and not look.has_champion:
        return (unknown(look, name, "the champion answers nothing to compare with"),)
    of = _difference(look, metric) if gate.against == "champion" else _own(look, metric)
    mean = _champion(look, metric) if relative and not isinstance(of, str) else of
    for missing in (of, mean):
        if isinstance(missing, str):
            return (unknown(look, name, missing),)

    spent = 1 - OF_CHAMPION if relative else 1.0
    near, far = of(look.harm * spent, 1), of(look.clear * spent, 1)
    limit = blocks_at = -gate.limit if gate.against == "champion" else gate.limit
    if relative:
        lowest, highest = (mean(rate * OF_CHAMPION, 2) for rate in (look.harm, look.clear))
        if not math.isfinite(highest.estimate):
            return (unknown(look, name, "the champion's value is not a number"),)
        blocks_at, limit = _limits(gate.limit, lowest)[0], _limits(gate.limit, highest)[1]

    def show(amount: float) -> str:
        return f"{number(amount)} {metric.unit}".rstrip()

    seen = Interval(near.estimate, far.lower, near.upper, *_seen(look))
    return (weigh(look, name, seen, limit, harm="below", blocks_at=blocks_at, show=show),)


def _difference(look: Look, metric: BusinessMetric) -> Interval_at | str:
    pairs, cohorts = look.evidence.pairs, look.evidence.cohorts
    if look.gate.on == "pairs":
        if pairs is None:
            return "there are no pairs"
        if metric.exact:
            span = _span(metric)
            return _bounded_mean(look, pairs.bounded, -span, span)
        return _paired(look, pairs.difference, _span(metric))
    if cohorts is None:
        return "there are no cohorts"
    new, old = cohorts.challenger, cohorts.champion
    if unvalued := new.unvalued + old.unvalued:
        return _unvalued(unvalued)
    if not metric.exact:
        if why := too_few(new.value, old.value):
            return why
        return lambda alpha, sides: clusters.difference_bounds(
            new.value, old.value, alpha, look.planned, sides
        )
    if new.bounded is None or old.bounded is None or not _span(metric) > 0:
        return "it was not measured as a value with bounds"
    entities = look.phase.minimum.entities
    return lambda alpha, sides: bounded.difference_bounds(
        new.bounded, old.bounded, metric.lower, metric.upper, alpha, entities, sides
    )


def _own(look: Look, metric: BusinessMetric) -> Interval_at | str:
    cohorts = look.evidence.cohorts
    if look.gate.on == "pairs" or cohorts is None:
        return "the challenger earns nothing by itself without a cohort"
    if unvalued := cohorts.challenger.unvalued:
        return _unvalued(unvalued)
    if metric.exact:
        return _bounded_mean(look, cohorts.challenger.bounded, metric.lower, metric.upper)
    return _mean(look, cohorts.challenger.value)


def _champion(look: Look, metric: BusinessMetric) -> Interval_at | str:
    if look.gate.on == "pairs":
        return _mean(look, look.evidence.pairs.champion_value)
    champion = look.evidence.cohorts.champion
    if metric.exact:
        return _bounded_mean(look, champion.bounded, metric.lower, metric.upper)
    return _mean(look, champion.value)


def _mean(look: Look, sums: clusters.Clusters | None) -> Interval_at | str:
    if why := too_few(sums):
        return why
    return lambda alpha, sides: clusters.mean_bounds(sums, alpha, look.planned, sides)


def _paired(look: Look, sums: clusters.Clusters | None, span: float) -> Interval_at | str:
    """Bounds of the mean difference, also where no row has differed yet.

    Then its variance is not known, but the share of rows that may differ is bounded, and so is by
    how much. A part of the error rate is kept for that case, so that which of the two bounds is
    taken may depend on what was seen.
    """
    if (why := too_few(sums)) or not math.isfinite(span):
        return why or _mean(look, sums)

    def at(alpha: float, sides: int) -> Bounds:
        if sums.value_squared == 0:
            furthest = span * bernoulli.upper(0, sums.requests, alpha * OF_EQUAL / sides)
            return Bounds.of(0.0, -furthest, furthest)
        return clusters.mean_bounds(sums, alpha * (1 - OF_EQUAL), look.planned, sides)

    return at


def _bounded_mean(
    look: Look, moments: bounded.Moments | None, lower: float | None, upper: float | None
) -> Interval_at | str:
    if moments is None or lower is None or upper is None or not lower < upper:
        return "it was not measured as a value with bounds"
    minimum = look.phase.minimum
    planned = minimum.requests if look.gate.on == "pairs" else minimum.entities
    return lambda alpha, sides: bounded.mean_bounds(moments, lower, upper, alpha, planned, sides)


def _unvalued(rows: int) -> str:
    return f"the metric's SQL gives null for {number(rows)} rows, which may be a choice of rows"


def _span(metric: BusinessMetric) -> float:
    if metric.lower is None or metric.upper is None:
        return math.nan
    return metric.upper - metric.lower


def _limits(share: float, mean: Bounds) -> tuple[float, float]:
    """Lowest and highest of -share |m| over the m that are possible."""
    ends = abs(mean.lower), abs(mean.upper)
    least = 0.0 if mean.lower <= 0 <= mean.upper else min(ends)
    return min(-share * least, -share * max(ends)), max(-share * least, -share * max(ends))


def _seen(look: Look) -> tuple[int, str]:
    """How many the estimate rests on, and what they are."""
    exact = look.policy.metric.exact
    if look.gate.on == "pairs":
        pairs = look.evidence.pairs
        seen, of = pairs.bounded.count if exact else pairs.difference.requests, "rows"
    else:
        challenger = look.evidence.cohorts.challenger
        seen = challenger.bounded.count if exact else challenger.value.requests
        of = "entities" if exact else "rows"
    return (int(seen) if math.isfinite(seen) else 0), of
