"""Tests of whether two samples are of one distribution, from counts of the same bins.

All take counts as [..., bins] and compare along the last axis. What cannot be computed (a side
without counts, a count that is negative or not finite) is NaN: never a p-value of 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, kolmogorov

from phasegate.statistics.distances import SMALLEST_SHARE

LEAST_EXPECTED = 5.0


class ChiSquare(NamedTuple):
    """Pearson's statistic, its degrees of freedom, and the p-value; arrays [...]."""

    statistic: np.ndarray
    freedom: np.ndarray
    p_value: np.ndarray


def harmonic(n: np.ndarray | float, m: np.ndarray | float) -> np.ndarray:
    """n m / (n + m), the size that two samples together are worth; 0 where either is empty."""
    n, m = np.asarray(n, float), np.asarray(m, float)
    total = n + m
    return np.divide(n * m, total, out=np.zeros(np.broadcast(n, m).shape), where=total > 0)


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Largest difference between the distribution functions at the edges, [...].

    At most the Kolmogorov-Smirnov distance of the values; equal to it where each value is an edge.
    """
    first, second = _shares(first), _shares(second)
    return np.abs(np.cumsum(first, axis=-1) - np.cumsum(second, axis=-1)).max(axis=-1)


def distance_p_value(distance: np.ndarray, n: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Probability of at least this distance between samples of n and m of one distribution.

    Asymptotic (Smirnov 1939): the tail of Kolmogorov's distribution at distance sqrt(n m/(n + m)).
    Too large, never too small, where values are discrete.
    """
    return kolmogorov(np.sqrt(harmonic(n, m)) * distance)


def total_variation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Half the sum of the differences of the shares, [...]: between 0 and 1."""
    return np.abs(_shares(first) - _shares(second)).sum(axis=-1) / 2


def chi_square(first: np.ndarray, second: np.ndarray) -> ChiSquare:
    """Pearson's test of homogeneity of two rows of counts.

    Groups of which fewer than five are expected on either side are put together; when even these
    are fewer, with the rarest of the others. Two samples within one group differ in nothing that
    the test can see: 0 at 0 degrees of freedom, p-value 1.
    """
    first, second = np.broadcast_arrays(np.asarray(first, float), np.asarray(second, float))
    known = _are_counts(first) & _are_counts(second)
    a, b = (np.where(known[..., None], side, 1.0) for side in (first, second))
    n, m = a.sum(axis=-1, keepdims=True), b.sum(axis=-1, keepdims=True)
    both = a + b
    expected = both * (np.minimum(n, m) / (n + m))
    rare = expected < LEAST_EXPECTED
    pooled = np.where(rare, expected, 0.0).sum(axis=-1, keepdims=True)
    rarest = np.argmin(np.where(rare, np.inf, expected), axis=-1)[..., None]
    joins = (pooled > 0) & (pooled < LEAST_EXPECTED) & ~rare.all(axis=-1, keepdims=True)
    at = np.arange(a.shape[-1]) == rarest
    rare = rare | (joins & at)
    numerator = (a * m - b * n) ** 2 / (n * m)
    terms = np.divide(numerator, both, out=np.zeros_like(a), where=(both > 0) & ~rare)
    of_rare = [np.where(rare, side, 0.0).sum(axis=-1) for side in (a, b)]
    total = of_rare[0] + of_rare[1]
    gap = (of_rare[0] * m[..., 0] - of_rare[1] * n[..., 0]) ** 2 / (n * m)[..., 0]
    statistic = terms.sum(axis=-1) + np.divide(
        gap, total, out=np.zeros_like(total), where=total > 0
    )
    freedom = (~rare & (both > 0)).sum(axis=-1) + (total > 0) - 1.0
    p_value = np.where(freedom > 0, chdtrc(np.maximum(freedom, 1), statistic), 1.0)
    return ChiSquare(*(np.where(known, one, np.nan) for one in (statistic, freedom, p_value)))


def stability_index(expected: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Population stability index of counts in groups, and the number of groups in use; [...].

    Sum of (a - e) log(a / e) over the groups (Siddiqi 2006); shares below 0.0001 are taken as that.
    """
    e, a = _shares(expected), _shares(actual)
    used = ((e > 0) | (a > 0)).sum(axis=-1)
    e, a = np.maximum(e, SMALLEST_SHARE), np.maximum(a, SMALLEST_SHARE)
    return ((a - e) * np.log(a / e)).sum(axis=-1), used


def stability_bias(groups: np.ndarray, n: np.ndarray, m: np.ndarray) -> np.ndarray:
    """What the index of n and m values of one distribution is on average: (B - 1) (1/n + 1/m).

    Yurdakul & Naranjo 2020, "Statistical properties of the population stability index", equation 4:
    n m / (n + m) times the index is about chi-square with B - 1 degrees of freedom.
    """
    size = harmonic(n, m)
    return np.divide(
        np.asarray(groups, float) - 1, size,
        out=np.full(np.broadcast(groups, size).shape, np.inf), where=size > 0,
    )  # fmt: skip


def _shares(counts: np.ndarray) -> np.ndarray:
    """Counts as shares; NaN where they are no counts of anything."""
    counts = np.asarray(counts, float)
    known = _are_counts(counts)[..., None]
    total = np.where(known, counts, 1.0).sum(axis=-1, keepdims=True)
    return np.where(known, counts / total, np.nan)


def _are_counts(values: np.ndarray) -> np.ndarray:
    return np.all(np.isfinite(values) & (values >= 0), axis=-1) & (values.sum(axis=-1) > 0)
