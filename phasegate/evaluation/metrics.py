"""Metrics of a binary classifier, as functions of weighted counts per distinct score.

Rows with the same score cannot be told apart by any of them, so the weights of the positive and of
the negative rows at each distinct score are all that a metric needs. A bootstrap replicate is
another weighting of the same rows: it costs one pass of counting, and no sorting.

A metric that is not defined (no positives, nothing predicted positive) is NaN, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

NOT_A_NUMBER = float("nan")
CALIBRATION_BINS = 15
LOWER_IS_BETTER = frozenset(
    {
        "brier",
        "log_loss",
        "calibration_error",
        "equalized_odds_difference",
        "equal_opportunity_difference",
        "demographic_parity_difference",
    }
)
METRICS = (
    "pr_auc",
    "roc_auc",
    "precision",
    "recall",
    "f1",
    "accuracy",
    "brier",
    "log_loss",
    "calibration_error",
    "value",
)


def higher_is_better(metric: str) -> bool:
    """Whether more of a metric is better; also of the worst slice's."""
    return metric.removeprefix("worst_slice_") not in LOWER_IS_BETTER


@dataclass(frozen=True)
class Values:
    """What one decision of each kind is worth, in the project's currency."""

    true_positive: float = 0.0
    false_positive: float = 0.0
    true_negative: float = 0.0
    false_negative: float = 0.0

    @classmethod
    def from_json(cls, value: Mapping[str, float]) -> Self:
        """From the project file's `evaluation.value`."""
        return cls(**{name: float(amount) for name, amount in value.items()})

    @property
    def declared(self) -> bool:
        """Whether any decision is worth anything."""
        return self != Values()


@dataclass(frozen=True, eq=False)
class Levels:
    """The distinct scores of some rows, descending, and what depends on nothing else.

    Attributes:
        scores: float64 [levels], probabilities.
        bins: int [levels], the calibration bin of each; bins hold about equally many rows.
    """

    scores: np.ndarray
    bins: np.ndarray

    @cached_property
    def bin_starts(self) -> np.ndarray:
        """Index of the first level of each bin."""
        return np.flatnonzero(np.diff(self.bins, prepend=-1))

    @cached_property
    def squared_errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared error of each level for a positive and for a negative row."""
        return (1.0 - self.scores) ** 2, self.scores**2

    @cached_property
    def log_losses(self) -> tuple[np.ndarray, np.ndarray]:
        """Negative log likelihood in nats; scores are kept off 0 and 1 by the machine epsilon."""
        epsilon = np.finfo(np.float64).eps
        scores = np.clip(self.scores, epsilon, 1.0 - epsilon)
        return -np.log(scores), -np.log1p(-scores)


@dataclass(frozen=True, eq=False)
class Tally:
    """Weights of positive and negative rows at each level; float64 [levels] each."""

    levels: Levels
    positive: np.ndarray
    negative: np.ndarray

    @cached_property
    def true_positives(self) -> np.ndarray:
        """Weight of positives at or above each level."""
        return np.cumsum(self.positive)

    @cached_property
    def false_positives(self) -> np.ndarray:
        """Weight of negatives at or above each level."""
        return np.cumsum(self.negative)

    @property
    def positives(self) -> float:
        return float(self.true_positives[-1]) if len(self.positive) else 0.0

    @property
    def negatives(self) -> float:
        return float(self.false_positives[-1]) if len(self.negative) else 0.0

    @property
    def total(self) -> float:
        return self.positives + self.negatives


@dataclass(frozen=True)
class Confusion:
    """Weights of the four kinds of decisions; numbers, or arrays of the same shape."""

    true_positive: float | np.ndarray
    false_positive: float | np.ndarray
    false_negative: float | np.ndarray
    true_negative: float | np.ndarray

    @property
    def total(self) -> float | np.ndarray:
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative


def confusion(tally: Tally, threshold: float) -> Confusion:
    """Decisions when scores at or above a threshold are decided positive."""
    above = int(np.count_nonzero(tally.levels.scores >= threshold))
    hits = float(tally.true_positives[above - 1]) if above else 0.0
    alarms = float(tally.false_positives[above - 1]) if above else 0.0
    return Confusion(hits, alarms, tally.positives - hits, tally.negatives - alarms)


def ratio(part: float | np.ndarray, whole: float | np.ndarray) -> float | np.ndarray:
    """part / whole, NaN where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(whole) > 0, np.divide(part, whole), NOT_A_NUMBER)[()]


def decision_metrics(counts: Confusion, values: Values) -> dict[str, float | np.ndarray]:
    """Metrics that depend on the decisions only; elementwise for arrays of counts.

    `value` is currency per decision; the total is that times the number of decisions.
    """
    hits, alarms = counts.true_positive, counts.false_positive
    misses, passes = counts.false_negative, counts.true_negative
    worth = (
        values.true_positive * hits
        + values.false_positive * alarms
        + values.false_negative * misses
        + values.true_negative * passes
    )
    return {
        "precision": ratio(hits, hits + alarms),
        "recall": ratio(hits, hits + misses),
        "f1": ratio(2 * hits, 2 * hits + alarms + misses),
        "accuracy": ratio(hits + passes, counts.total),
        "value": ratio(worth, counts.total),
    }


def pr_auc(tally: Tally) -> float:
    """Average precision: precision at each level, weighted by the recall that the level adds.

    Davis & Goadrich (2006) on why not to interpolate; the same as scikit-learn's.
    """
    if not (tally.positives > 0 and tally.negatives > 0):
        return NOT_A_NUMBER
    found = tally.true_positives + tally.false_positives
    precision = np.divide(tally.true_positives, found, out=np.zeros_like(found), where=found > 0)
    return _sum_product(tally.positive, precision) / tally.positives


def roc_auc(tally: Tally) -> float:
    """Share of pairs of a positive and a negative that are ranked right; ties count half."""
    if not (tally.positives > 0 and tally.negatives > 0):
        return NOT_A_NUMBER
    below = tally.true_positives - tally.positive / 2
    return _sum_product(tally.negative, below) / (tally.positives * tally.negatives)


def brier(tally: Tally) -> float:
    """Mean squared error of the probabilities (Brier 1950)."""
    return _mean(tally, tally.levels.squared_errors)


def log_loss(tally: Tally) -> float:
    """Mean negative log likelihood, in nats."""
    return _mean(tally, tally.levels.log_losses)


def calibration_error(tally: Tally) -> float:
    """Expected calibration error over bins of equal mass.

    Sum over bins of their share of rows times |mean score - share of positives|: Naeini, Cooper &
    Hauskrecht (2015), with equal-mass bins as Nguyen & O'Connor (2015) advise. It is biased upward
    in small samples, for the noise of each bin counts as error: it errs on the side of blocking.
    """
    if not tally.total > 0:
        return NOT_A_NUMBER
    gap = tally.levels.scores * (tally.positive + tally.negative) - tally.positive
    return float(np.abs(np.add.reduceat(gap, tally.levels.bin_starts)).sum()) / tally.total


def all_metrics(tally: Tally, threshold: float, values: Values) -> dict[str, float]:
    """Every metric of METRICS, in that order."""
    decided = decision_metrics(confusion(tally, threshold), values)
    ranked = {
        "pr_auc": pr_auc(tally),
        "roc_auc": roc_auc(tally),
        "brier": brier(tally),
        "log_loss": log_loss(tally),
        "calibration_error": calibration_error(tally),
    }
    both = {**decided, **ranked}
    return {name: float(both[name]) for name in METRICS}


def _mean(tally: Tally, losses: tuple[np.ndarray, np.ndarray]) -> float:
    if not tally.total > 0:
        return NOT_A_NUMBER
    positive, negative = losses
    loss = _sum_product(tally.positive, positive) + _sum_product(tally.negative, negative)
    return loss / tally.total


def _sum_product(left: np.ndarray, right: np.ndarray) -> float:
    """Dot product without BLAS, whose threads make it slow beside others and vary its last bits."""
    return float(np.einsum("i,i->", left, right))
