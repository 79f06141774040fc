"""The two rules and the soft channels, over windows at a time: [windows] of what drifts.

What could not be computed does not drift here; whoever judges a window says so by other means.
"""

from __future__ import annotations

import numpy as np

from phasegate.monitoring.drift.comparison import Comparison, Square
from phasegate.monitoring.drift.variation import Spread
from phasegate.monitoring.policy import CalibratedRule, ChannelRules, LiteralRule


def literal(found: Comparison, rule: LiteralRule) -> np.ndarray:
    """Whether a column drifts by the rule of thumb."""
    return (found.psi > rule.psi) | (found.p_value < rule.p_value)


def enough(found: Comparison, rule: CalibratedRule) -> np.ndarray:
    """Whether there are as many values as the calibrated rule asks for."""
    return found.values >= max(rule.min_rows, 1)


def calibrated(
    found: Comparison, spread: Spread, threshold: float, rule: CalibratedRule
) -> np.ndarray:
    """Whether a column drifts: a distance that is unlikely, and large, and of enough values."""
    far = (found.distance >= rule.ks) & (found.shape.evidence(spread.shape) > threshold)
    unstable = found.debiased >= rule.psi
    unstable &= found.stability.evidence(spread.stability) > threshold
    return enough(found, rule) & (far | unstable)


def missing(found: Comparison, spread: Spread, threshold: float, rules: ChannelRules) -> np.ndarray:
    """Whether the share of missing values rose or fell."""
    gap = np.abs(found.missing - found.reference_missing)
    return (gap > rules.missing) & (found.absence.evidence(spread.absence) > threshold)


def factor(
    observed: np.ndarray, usual: np.ndarray, square: Square, spread: float, threshold: float,
    most: float,
) -> np.ndarray:  # fmt: skip
    """Whether a number differs from the usual one by more than a factor, and unlikely so.

    0 is further away than any factor, from anything but 0.
    """
    larger, smaller = np.maximum(observed, usual), np.minimum(observed, usual)
    return (larger > max(most, 1.0) * smaller) & (square.evidence(spread) > threshold)


def rate_square(rows: np.ndarray, usual: np.ndarray) -> Square:
    """Statistic of the number of rows in windows that usually have `usual`; [windows].

    Of independent arrivals the logarithm of a number varies by one over the number.
    """
    rows, usual = np.broadcast_arrays(np.asarray(rows, float), np.asarray(usual, float))
    log = np.log((np.maximum(rows, 0) + 1) / (usual + 1))
    return Square(usual * log**2, usual, np.ones(rows.shape))
