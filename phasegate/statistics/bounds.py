"""An estimate with bounds that hold at every look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Numbers = float | np.ndarray
"""A number, or an array of numbers: one for each of many simulations or metrics."""


@dataclass(frozen=True)
class Bounds:
    """An estimate and its confidence bounds: floats, or arrays of one shape.

    A bound that nothing is known about is vacuous (the end of the range, never NaN), so that no
    comparison with it passes. The estimate of nothing is NaN.
    """

    estimate: Numbers
    lower: Numbers
    upper: Numbers

    @classmethod
    def vacuous(
        cls, shape: tuple[int, ...] = (), lower: float = -np.inf, upper: float = np.inf
    ) -> Bounds:
        """Bounds that exclude nothing between the ends of the range."""
        return cls.of(np.full(shape, np.nan), np.full(shape, lower), np.full(shape, upper))

    @classmethod
    def of(
        cls,
        estimate: Numbers,
        lower: Numbers,
        upper: Numbers,
        ends: tuple[float, float] | None = None,
    ) -> Bounds:
        """Bounds clipped to ``ends`` (default: the real line), vacuous where one is NaN."""
        least, most = ends or (-np.inf, np.inf)
        estimate, lower, upper = np.broadcast_arrays(estimate, lower, upper)
        unknown = np.isnan(estimate) | np.isnan(lower) | np.isnan(upper)
        lower = np.where(unknown, least, np.clip(lower, least, most))
        upper = np.where(unknown, most, np.clip(upper, least, most))
        return cls(plain(np.asarray(estimate, dtype=float)), plain(lower), plain(upper))


def plain(values: np.ndarray) -> Numbers:
    """A float where the array has no dimensions, else the array."""
    return values if np.ndim(values) else float(values)


def split(alpha: Numbers, parts: int = 2) -> np.ndarray:
    """An even share of alpha for each of several sequences; NaN where it is not between 0 and 1."""
    alpha = np.asarray(alpha, dtype=float)
    return np.where((alpha > 0) & (alpha < 1), alpha / parts, np.nan)
