"""How far two distributions are apart, from counts over edges that never change.

Counts of cohorts, hours and machines can be added, because their edges are fixed in advance. What
is not known is far: distances of nothing are the largest there are.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from phasegate.statistics.bounds import Numbers, plain

SCORE_EDGES = np.concatenate([[0.0], expit(np.linspace(-10, 10, 255)), [1.0]])
"""256 bins of scores between 0 and 1: 254 that are even on the logit scale, and what is beyond."""

LATENCY_EDGES_US = np.geomspace(1, 600e6, 1022)
"""1021 bins of microseconds, each 2 % wide, from 1 us to 10 minutes."""

PSI_GROUPS = 10
SMALLEST_SHARE = 1e-4


def counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Values of each bin, int64 [bins]; a bin holds its left edge, not its right one.

    Values beyond the edges are counted at the nearest end; NaN is counted at the last one.
    """
    bins = np.searchsorted(edges, np.asarray(values).ravel(), side="right") - 1
    return np.bincount(np.clip(bins, 0, len(edges) - 2), minlength=len(edges) - 1)


def psi(expected: np.ndarray, actual: np.ndarray, groups: int = PSI_GROUPS) -> Numbers:
    """Population stability index: sum of (a - e) log(a / e) over groups of bins.

    Groups are whole bins between quantiles of ``expected`` (Siddiqi 2006, "Credit risk scorecards":
    ten of them; 0.1 is a small change, 0.25 a large one). Shares below 0.0001 are taken as that,
    the usual floor, so that a group without counts is not infinitely far. Of two samples of n and m
    from one distribution, about (groups - 1) (1 / n + 1 / m) is expected.

    Args:
        expected, actual: counts of the same bins, [..., bins].

    Returns:
        [...]; infinity where either has no counts, or a count that is negative or not finite.
    """
    expected, actual, known = _shares(expected, actual)
    # A bin is in the group that its middle falls in.
    middles = np.cumsum(expected, axis=-1) - expected / 2
    group = np.clip((middles * groups).astype(int), 0, groups - 1)
    distance = np.zeros(known.shape)
    for g in range(groups):
        e, a = (np.where(group == g, x, 0.0).sum(axis=-1) for x in (expected, actual))
        used = np.any((group == g) & (expected > 0), axis=-1) | (a > 0)
        e, a = np.maximum(e, SMALLEST_SHARE), np.maximum(a, SMALLEST_SHARE)
        distance += np.where(used, (a - e) * np.log(a / e), 0.0)
    return plain(np.where(known, distance, np.inf))


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> Numbers:
    """Largest difference between the distribution functions at the edges, [...] of [..., bins].

    At most the distance of the values themselves. 1 where either has no counts, or a count that is
    negative or not finite.
    """
    first, second, known = _shares(first, second)
    gap = np.abs(np.cumsum(first, axis=-1) - np.cumsum(second, axis=-1)).max(axis=-1)
    return plain(np.where(known, np.minimum(gap, 1.0), 1.0))


def quantile(counts: np.ndarray, edges: np.ndarray, q: float) -> Numbers:
    """Value below which a share q of the counts is, [...] of [..., bins].

    Even within a bin, so off by less than the width of one. Infinity where there are no counts, or
    one is negative or not finite: the latency of nothing is not small.

    Raises:
        ValueError: q is not between 0 and 1.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile is between 0 and 1, not {q}")
    counts = np.asarray(counts, dtype=float)
    known = _are_counts(counts)
    counts = np.where(known[..., None], counts, 0.0)
    # In counts, not in shares: those round, and a quantile at a step would fall off it.
    up_to = np.cumsum(counts, axis=-1)
    rank = q * up_to[..., -1]
    reached = (counts > 0) & (up_to >= rank[..., None])
    bin_ = np.argmax(reached, axis=-1)
    count, end = (np.take_along_axis(x, bin_[..., None], axis=-1)[..., 0] for x in (counts, up_to))
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.clip(1 - (end - rank) / count, 0.0, 1.0)
    value = edges[bin_] + within * (edges[bin_ + 1] - edges[bin_])
    return plain(np.where(known, value, np.inf))


def _shares(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both as shares, and whether both are counts of something; zeros where they are not."""
    first, second = np.broadcast_arrays(
        np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    )
    known = _are_counts(first) & _are_counts(second)
    parts = [np.where(known[..., None], part, 0.0) for part in (first, second)]
    totals = [np.where(known, part.sum(axis=-1), 1.0)[..., None] for part in parts]
    return parts[0] / totals[0], parts[1] / totals[1], known


def _are_counts(values: np.ndarray) -> np.ndarray:
    """Whether these are counts of something, [...] of [..., bins]."""
    return np.all(np.isfinite(values) & (values >= 0), axis=-1) & (values.sum(axis=-1) > 0)
