"""Exact confidence sequences of means of bounded values: empirical Bernstein.

Howard, Ramdas, McAuliffe & Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence
sequences": Theorem 4 with the gamma-exponential mixture of Proposition 9. They hold from the first
value and cover, at every look, the average so far of each value's mean given all before it: no
independence, no common distribution and no central limit are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaln

from phasegate.statistics.bounds import Bounds, Numbers, plain, split
from phasegate.statistics.normal_mixture import tightest
from phasegate.statistics.roots import bracket

DEVIATION = 0.25
"""Standard deviation that the bounds are tuned for, as a share of the range; see ``boundary``."""


@dataclass(frozen=True)
class Moments:
    """What is kept of values in the order in which they came, in units of their range.

    Attributes:
        count: values seen.
        total: sum of x, where x = (value - lower) / (upper - lower).
        predictable: sum of (x_i - mean_{i-1})^2, the mean before the first value being 1/2.
    """

    count: Numbers
    total: Numbers
    predictable: Numbers

    @classmethod
    def of(cls, values: np.ndarray, lower: float, upper: float) -> Moments:
        """From values [..., n] in order; see ``then``."""
        return cls(0.0, 0.0, 0.0).then(values, lower, upper)

    def then(self, values: np.ndarray, lower: float, upper: float) -> Moments:
        """These moments and the values [..., n] that came after them.

        A value that is not finite or not between lower and upper makes them NaN, and what is made
        of them vacuous: the bounds assume the range.
        """
        x = (np.asarray(values, dtype=float) - lower) / (upper - lower)
        x = np.where((x >= 0) & (x <= 1), x, np.nan)
        count, total = np.asarray(self.count, dtype=float), np.asarray(self.total, dtype=float)
        seen = count[..., None] + np.arange(x.shape[-1])
        before = total[..., None] + np.cumsum(x, axis=-1) - x
        means = np.where(seen > 0, before / np.maximum(seen, 1), 0.5)
        return Moments(
            plain(count + np.full(x.shape[:-1], x.shape[-1])),
            plain(total + x.sum(axis=-1)),
            plain(self.predictable + np.sum((x - means) ** 2, axis=-1)),
        )


def boundary(variance: Numbers, alpha: Numbers, tuned: Numbers) -> Numbers:
    """u(V): a sum less its predictable mean stays below it at all V with probability >= 1 - alpha.

    Gamma-exponential mixture at scale c = 1, Howard et al. (2021), Proposition 9, with rho best for
    V = ``tuned`` (theirs for the one-sided normal mixture). Infinity where an argument is not
    finite, the variance is negative, ``tuned`` not positive, or alpha not between 0 and 1.
    """
    v, alpha, tuned = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (variance, alpha, tuned))
    )
    known = np.isfinite(v) & (v >= 0) & np.isfinite(tuned) & (tuned > 0) & (alpha > 0) & (alpha < 1)
    v, alpha, tuned = (np.where(known, x, 0.5) for x in (v, alpha, tuned))
    args = (v, tightest(tuned, alpha, sides=1), np.log(alpha))
    highest = 2 * (np.sqrt(v) + 1)
    while np.any(short := _excess(highest, *args) < 0):
        highest = np.where(short, 2 * highest, highest)
    _, right = bracket(_excess, (np.zeros_like(highest), highest), args)
    return plain(np.where(known, np.where(np.isnan(right), np.inf, right), np.inf))


def log_mixture(s: Numbers, v: Numbers, rho: Numbers) -> Numbers:
    """Logarithm of the mixture at the sum ``s`` and its variance ``v``; Proposition 9, c = 1."""
    constant = rho * np.log(rho) - gammaln(rho) - np.log(gammainc(rho, rho))
    shape, rate = v + rho, s + v + rho
    return (
        constant + gammaln(shape) + np.log(gammainc(shape, rate)) - shape * np.log(rate) + (s + v)
    )


def mean_bounds(
    moments: Moments,
    lower: float,
    upper: float,
    alpha: Numbers,
    planned: Numbers,
    sides: int = 2,
    deviation: float = DEVIATION,
) -> Bounds:
    """Bounds of the average of the values' conditional means; [lower, upper] if nothing is known.

    With ``sides=1`` either bound holds with probability 1 - alpha by itself, not both at once.

    Args:
        planned: count at which the bounds are to be tightest, fixed before the first look.
        deviation: standard deviation expected, as a share of the range. A wrong guess, like a wrong
            plan, costs width and never validity.

    Raises:
        ValueError: sides is neither 1 nor 2, or the range is empty.
    """
    if sides not in (1, 2):
        raise ValueError(f"sides is 1 or 2, not {sides}")
    if not lower < upper:
        raise ValueError(f"a range goes upwards, not from {lower} to {upper}")
    count = np.asarray(moments.count, dtype=float)
    tuned = np.asarray(planned, dtype=float) * deviation**2
    reach = boundary(moments.predictable, split(alpha, sides), tuned)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(count > 0, moments.total / count, np.nan)
        margin = reach / count
        low, high = mean - margin, mean + margin
    span = upper - lower
    return Bounds.of(lower + span * mean, lower + span * low, lower + span * high, (lower, upper))


def difference_bounds(
    challenger: Moments,
    champion: Moments,
    lower: float,
    upper: float,
    alpha: Numbers,
    planned: Numbers,
    sides: int = 2,
    deviation: float = DEVIATION,
) -> Bounds:
    """Bounds of mean(challenger) - mean(champion), by a union of two sequences at alpha / 2 each.

    ``planned`` is the count of each of the two; see ``mean_bounds``.
    """
    half = split(alpha)
    new = mean_bounds(challenger, lower, upper, half, planned, sides, deviation)
    old = mean_bounds(champion, lower, upper, half, planned, sides, deviation)
    return Bounds.of(new.estimate - old.estimate, new.lower - old.upper, new.upper - old.lower)


def _excess(s: np.ndarray, v: np.ndarray, rho: np.ndarray, log_alpha: np.ndarray) -> np.ndarray:
    return log_mixture(s, v, rho) + log_alpha
