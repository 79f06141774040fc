"""Shares of requests against a limit or the champion's, by exact bounds of proportions.

The bounds (`phasegate.statistics.bernoulli`) hold at every look while a request is no likelier to
be counted, given all before it, than the limit says. Entities that are counted again and again, or
outages that hit many requests at once, are likelier for a while: where those come and go while the
share over all time is within the limit, a BLOCK is likelier than the budget says. Sums by entity,
where there are any, keep the first from happening.
"""

from __future__ import annotations

from phasegate.release.decision import Finding
from phasegate.release.judges.entities import too_few
from phasegate.release.judges.look import Look
from phasegate.release.judges.weighing import Interval, unknown, weigh
from phasegate.statistics import bernoulli
from phasegate.statistics.clusters import Clusters, mean_bounds

Counts = tuple[int, int]
"""(counted, of all)."""


def own(
    look: Look,
    name: str,
    counted: Counts,
    limit: float,
    *,
    harm: float,
    clear: float,
    least: int | None = None,
    by_entity: Clusters | None = None,
    of: str = "requests",
) -> Finding:
    """One share against a limit.

    Args:
        counted: those that harm, and of how many; where some may or may not, those that may.
        least: those that harm for certain; where it is None, all of ``counted``.
        harm: probability, at most, of a false BLOCK.
        clear: probability, at most, of a false PASS.
        by_entity: the same sums by entity, for bounds that hold where an entity's requests are
            like each other; then the wider of both kinds counts.
        of: what is counted.
    """
    most, total = counted
    least = most if least is None else least
    if not total > 0:
        return unknown(look, name, "nothing was counted")
    lower, upper = bernoulli.lower(least, total, harm), bernoulli.upper(most, total, clear)
    if by_entity is not None and most:
        below, above = _by_entity(look, by_entity, harm, clear)
        lower, upper = min(lower, below), max(upper, above)
    seen = Interval(
        estimate=most / total,
        lower=lower,
        upper=upper,
        units=total,
        of=of,
    )
    return weigh(look, name, seen, limit)


def _by_entity(look: Look, sums: Clusters, harm: float, clear: float) -> tuple[float, float]:
    """Asymptotic bounds by entity; all there is between 0 and 1 while the entities are few."""
    if too_few(sums):
        return 0.0, 1.0
    below = mean_bounds(sums, harm, look.planned, sides=1).lower
    above = mean_bounds(sums, clear, look.planned, sides=1).upper
    return max(below, 0.0), min(above, 1.0)


def difference(
    look: Look,
    name: str,
    challenger: tuple[int, int, int],
    champion: tuple[int, int, int],
    limit: float,
    *,
    harm: float,
    clear: float,
) -> Finding:
    """How much larger the challenger's share is than the champion's.

    Args:
        challenger: those that harm for certain, those that may, and of how many.
        champion: the same of the champion.
    """
    (least, most, of), (old_least, old_most, old_of) = challenger, champion
    if not (of > 0 and old_of > 0):
        return unknown(look, name, f"{'champion' if of > 0 else 'challenger'} was not counted")
    seen = Interval(
        estimate=most / of - old_most / old_of,
        lower=bernoulli.difference_lower((least, of), (old_most, old_of), harm),
        upper=bernoulli.difference_upper((most, of), (old_least, old_of), clear),
        units=of,
    )
    return weigh(look, name, seen, limit)
