"""A column in one window or many against its reference, as numbers; nothing is decided here.

Each statistic comes as a square that is, without drift and of independent rows, distributed as the
square of Kolmogorov's or as chi-square. Rows are not independent: windows differ by more than
chance, by weekday, burst and season. The variance between windows, `spread`, is added to that
within them: the square is divided by 1 + spread * size, and then again has a known tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri, kolmogi, kolmogorov

from phasegate.monitoring.counts import Counts, NumericCounts
from phasegate.monitoring.profile import NumericReference, Reference
from phasegate.statistics import two_samples
from phasegate.statistics.distances import PSI_GROUPS

RARE = 0.01
"""Categories with a smaller share of the reference are one group of the stability index."""
SMALLEST_P = 1e-300


@dataclass(frozen=True, eq=False, slots=True)
class Values:
    """What a column holds in some windows.

    Attributes:
        bins: [windows, bins]: of numbers, the profile's; of categories, each of the profile's, then
            the others, then the unseen.
        missing: [windows].
        invalid: infinite, or no number; [windows].
        unseen: [windows].
    """

    bins: np.ndarray
    missing: np.ndarray
    invalid: np.ndarray
    unseen: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """Finite numbers or categories, [windows]."""
        return self.bins.sum(axis=-1)

    @property
    def rows(self) -> np.ndarray:
        """All, whatever they are; [windows]."""
        return self.values + self.missing + self.invalid


@dataclass(frozen=True, eq=False, slots=True)
class Square:
    """A statistic of windows, [windows] each.

    Attributes:
        value: near 0 without drift; NaN where it could not be computed.
        size: what both samples together are worth, n m / (n + m).
        freedom: degrees of freedom of chi-square; 0 for the square of Kolmogorov's distribution.
    """

    value: np.ndarray
    size: np.ndarray
    freedom: np.ndarray

    def spread(self) -> float:
        """Variance between windows, in units of one row's, that nine of ten of them keep within."""
        usable = np.isfinite(self.value) & (self.size > 0)
        if not usable.any():
            return 0.0
        high = np.where(self.freedom > 0, chdtri(np.maximum(self.freedom, 1), 0.1), _KOLMOGOROV_90)
        needed = (self.value[usable] / high[usable] - 1) / self.size[usable]
        return max(0.0, float(np.quantile(needed, 0.9, method="higher")))

    def p_value(self, spread: float = 0.0) -> np.ndarray:
        """Share of drift-free windows that are as far away by chance, [windows]; NaN stays."""
        value = self.value / (1 + spread * self.size)
        tail = np.where(
            self.freedom > 0,
            chdtrc(np.maximum(self.freedom, 1), value),
            kolmogorov(np.sqrt(np.maximum(value, 0))),
        )
        return np.where(np.isfinite(value), tail, np.nan)

    def evidence(self, spread: float = 0.0) -> np.ndarray:
        """Minus the logarithm of the p-value, [windows]; NaN stays."""
        return -np.log(np.maximum(self.p_value(spread), SMALLEST_P))

    def crossed(self) -> np.ndarray:
        """Evidence of each window by the spread of the half that it is not in, [windows].

        Windows are in order of time. The spread of a few weeks is itself uncertain, more so where
        days that follow each other are alike; evidence by their own spread would not show it.
        """
        half = len(self.value) // 2
        parts = self.part(slice(None, half)), self.part(slice(half, None))
        spreads = parts[1].spread(), parts[0].spread()
        return np.concatenate(
            [one.evidence(spread) for one, spread in zip(parts, spreads, strict=True)]
        )

    def part(self, chosen: slice | np.ndarray) -> Square:
        """Of some windows, in the same order."""
        return Square(self.value[chosen], self.size[chosen], self.freedom[chosen])


_KOLMOGOROV_90 = float(kolmogi(0.1)) ** 2


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """How far windows are from their reference, [windows] each.

    Attributes:
        values: finite numbers or categories in the window.
        distance: KS distance at the edges, or total variation.
        p_value: of KS or chi-square, as if rows were independent.
        psi, debiased: stability index, and less its expectation without drift.
        missing, reference_missing: shares.
        shape: statistic of the distance.
        stability: that of the index.
        absence: that of the share of missing values.
    """

    values: np.ndarray
    distance: np.ndarray
    p_value: np.ndarray
    psi: np.ndarray
    debiased: np.ndarray
    missing: np.ndarray
    reference_missing: np.ndarray
    shape: Square
    stability: Square
    absence: Square


def reference_values(reference: Reference) -> Values:
    """The reference as one window."""
    one = np.ones(1)
    if isinstance(reference, NumericReference):
        return Values(
            np.array([reference.counts], float),
            reference.missing * one,
            reference.infinite * one,
            0 * one,
        )
    bins = np.array([[*reference.counts, reference.others, 0]], float)
    return Values(bins, reference.missing * one, 0 * one, 0 * one)


def window_values(counts: Sequence[Counts]) -> Values:
    """Counts of one column in some windows."""
    if isinstance(counts[0], NumericCounts):
        return Values(
            np.array([one.bins for one in counts], float),
            np.array([one.missing for one in counts], float),
            np.array([one.infinite + one.invalid for one in counts], float),
            np.zeros(len(counts)),
        )
    return Values(
        np.array([[*one.bins, one.others, one.unseen] for one in counts], float),
        np.array([one.missing for one in counts], float),
        np.zeros(len(counts)),
        np.array([one.unseen for one in counts], float),
    )


def groups(reference: Reference) -> np.ndarray:
    """Which bin is in which group of the stability index, [bins, groups] of 0 and 1.

    Of numbers, ten groups between quantiles of the reference, a bin where its middle is; of
    categories, each that is not rare, and the rest.
    """
    counts = np.asarray(reference.counts, float)
    shares = counts / max(counts.sum(), 1.0)
    if isinstance(reference, NumericReference):
        middles = np.cumsum(shares) - shares / 2
        group = np.clip((middles * PSI_GROUPS).astype(int), 0, PSI_GROUPS - 1)
    else:
        shares = counts / max(counts.sum() + reference.others, 1.0)
        own = shares >= RARE
        group = np.concatenate([np.where(own, np.cumsum(own), 0), [0, 0]])
    _, group = np.unique(group, return_inverse=True)
    return np.eye(group.max() + 1)[group]


def compare(
    reference: Values, window: Values, grouping: np.ndarray, *, numeric: bool
) -> Comparison:
    """Hold windows against references.

    Args:
        reference: of one window, or as many as `window`.
        window: [windows].
        grouping: of the stability index.
        numeric: whether the bins have an order.
    """
    n, m = reference.values, window.values
    size = np.broadcast_to(two_samples.harmonic(n, m), m.shape)
    if numeric:
        distance = two_samples.distance(reference.bins, window.bins)
        shape = Square(size * distance**2, size, np.zeros(m.shape))
        p_value = np.where(np.isfinite(distance), shape.p_value(), np.nan)
    else:
        distance = two_samples.total_variation(reference.bins, window.bins)
        statistic, freedom, p_value = two_samples.chi_square(reference.bins, window.bins)
        one_group = freedom <= 0
        shape = Square(np.where(one_group, 0.0, statistic), size, np.maximum(freedom, 1))
        shape.value[~np.isfinite(p_value)] = np.nan
    index, used = two_samples.stability_index(reference.bins @ grouping, window.bins @ grouping)
    stability = Square(index * size, size, np.maximum(used - 1.0, 1.0))
    return Comparison(
        m, distance, p_value, index,
        index - two_samples.stability_bias(used, n, m),
        _share(window.missing, window.rows),
        np.broadcast_to(_share(reference.missing, reference.rows), m.shape),
        shape, stability,
        share_square(reference.missing, reference.rows, window.missing, window.rows),
    )  # fmt: skip


def share_square(
    first: np.ndarray, of_first: np.ndarray, second: np.ndarray, of_second: np.ndarray
) -> Square:
    """Statistic of two shares, [windows]; the variance is that of a share with one row more each.

    That row keeps a share of which the reference has none from an infinite distance.
    """
    size = np.broadcast_to(two_samples.harmonic(of_first, of_second), np.shape(of_second))
    gap = _share(second, of_second) - _share(first, of_first)
    pooled = (first + second + 1) / (of_first + of_second + 2)
    return Square(size * gap**2 / (pooled * (1 - pooled)), size, np.ones(size.shape))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
