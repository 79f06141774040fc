"""Paired bootstrap intervals of what two models do on the same rows.

Efron & Tibshirani (1993), chapters 8 (pairs and clusters) and 13 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

Statistic = Callable[[np.ndarray], np.ndarray]
"""From weights of rows, float64 [rows], to any number of values, float64 [measures]."""


@dataclass(frozen=True)
class Estimate:
    """A value on the rows as they are, with its interval; NaN where it is not defined.

    Attributes:
        undefined: share of replicates in which the value was not defined.
    """

    estimate: float
    lower: float
    upper: float
    undefined: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """One measure of the challenger, and of the champion on the same rows if there is one.

    Attributes:
        difference: challenger - champion, from the same replicates.
    """

    challenger: Estimate
    champion: Estimate | None = None
    difference: Estimate | None = None


def replicate_weights(
    rows: int, replicates: int, seed: int, clusters: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """How often each row is drawn in each replicate: float64 [rows], `replicates` times.

    Args:
        clusters: [rows], the entity of each row; entities are then drawn instead of rows, since
            rows of one entity are not independent.
        seed: of a Philox generator: the same on every machine.
    """
    generator = np.random.Generator(np.random.Philox(seed))
    if clusters is None:
        units, unit_of_row = rows, None
    else:
        names, unit_of_row = np.unique(clusters, return_inverse=True)
        units = len(names)
    for _ in range(replicates):
        drawn = generator.integers(0, units, units)
        counts = np.bincount(drawn, minlength=units).astype(np.float64)
        yield counts if unit_of_row is None else counts[unit_of_row]


def compare(
    challenger: Statistic,
    champion: Statistic | None,
    rows: int,
    weights: Iterable[np.ndarray],
    confidence: float,
) -> list[Comparison]:
    """Estimate every measure of both models, and their paired difference.

    Args:
        challenger, champion: give the same measures in the same order.
        weights: replicates; see `replicate_weights`.
        confidence: coverage of the intervals, between 0 and 1.

    Returns:
        one comparison per measure.
    """
    once = np.ones(rows)
    first = challenger(once)
    second = None if champion is None else champion(once)
    drawn = [(challenger(w), None if champion is None else champion(w)) for w in weights]
    ours = np.array([one for one, _ in drawn]).reshape(len(drawn), len(first))
    estimates = [_interval(*pair, confidence) for pair in zip(first, ours.T, strict=True)]
    if second is None:
        return [Comparison(one) for one in estimates]
    theirs = np.array([one for _, one in drawn]).reshape(len(drawn), len(first))
    return [
        Comparison(
            estimates[i],
            _interval(second[i], theirs[:, i], confidence),
            _interval(first[i] - second[i], ours[:, i] - theirs[:, i], confidence),
        )
        for i in range(len(first))
    ]


def _interval(estimate: float, replicates: np.ndarray, confidence: float) -> Estimate:
    """Percentile interval that assumes the worst of replicates in which the value is undefined.

    Leaving those out would condition on the lucky ones. They count as -infinity for the lower end
    and as +infinity for the upper, so a few widen the interval and many leave it without an end.
    """
    estimate = float(estimate)
    missing = ~np.isfinite(replicates)
    undefined = float(missing.mean()) if len(replicates) else 1.0
    if not (np.isfinite(estimate) and len(replicates)):
        return Estimate(estimate, np.nan, np.nan, undefined)
    tail = (1.0 - confidence) / 2
    lower = np.quantile(np.where(missing, -np.inf, replicates), tail, method="lower")
    upper = np.quantile(np.where(missing, np.inf, replicates), 1.0 - tail, method="higher")
    # A statistic with a bias, such as calibration error or the worst of several, can lie outside
    # the percentiles of its replicates; the interval is widened to hold it.
    return Estimate(
        estimate,
        min(float(lower), estimate) if np.isfinite(lower) else np.nan,
        max(float(upper), estimate) if np.isfinite(upper) else np.nan,
        undefined,
    )
