"""Curves of a model, thinned to what a chart can show."""

from __future__ import annotations

import math

import numpy as np

from phasegate.evaluation.metrics import Tally

POINTS = 200
NORMAL_95 = 1.959964
HISTOGRAM_BINS = 40


def roc_curve(tally: Tally) -> dict[str, np.ndarray]:
    """False and true positive rate and score at each level, from (0, 0) to (1, 1)."""
    x = np.concatenate([[0.0], tally.false_positives / tally.negatives])
    y = np.concatenate([[0.0], tally.true_positives / tally.positives])
    scores = np.concatenate([[1.0], tally.levels.scores])
    keep = thin(x, y)
    return {
        "false_positive_rate": x[keep],
        "true_positive_rate": y[keep],
        "score": scores[keep],
    }


def pr_curve(tally: Tally) -> dict[str, np.ndarray]:
    """Recall and precision at each level, the highest score first."""
    found = tally.true_positives + tally.false_positives
    recall, precision = tally.true_positives / tally.positives, tally.true_positives / found
    keep = thin(recall, precision)
    return {"recall": recall[keep], "precision": precision[keep]}


def threshold_curve(tally: Tally) -> dict[str, np.ndarray]:
    """Precision, recall and share decided positive for thresholds, ascending."""
    found = tally.true_positives + tally.false_positives
    scores, precision = tally.levels.scores, tally.true_positives / found
    keep = thin(scores, precision)[::-1]
    return {
        "threshold": scores[keep],
        "precision": precision[keep],
        "recall": (tally.true_positives / tally.positives)[keep],
        "selected": (found / tally.total)[keep],
    }


def calibration_curve(tally: Tally) -> list[dict[str, float]]:
    """Mean score and share of positives per bin of equal mass, with Wilson's 95 % interval."""
    bins = tally.levels.bins
    rows = np.bincount(bins, weights=tally.positive + tally.negative)
    mass = np.bincount(bins, weights=tally.levels.scores * (tally.positive + tally.negative))
    positives = np.bincount(bins, weights=tally.positive)
    curve = []
    for index in np.flatnonzero(rows > 0)[::-1]:
        lower, upper = wilson(positives[index], rows[index])
        curve.append(
            {
                "predicted": float(mass[index] / rows[index]),
                "observed": float(positives[index] / rows[index]),
                "lower": lower,
                "upper": upper,
                "rows": int(rows[index]),
            }
        )
    return curve


def score_histogram(tally: Tally) -> dict[str, np.ndarray]:
    """Share of each class per score bin of equal width."""
    edges = np.linspace(0.0, 1.0, HISTOGRAM_BINS + 1)
    scores = tally.levels.scores
    return {
        "edges": edges,
        "positive": np.histogram(scores, edges, weights=tally.positive)[0] / tally.positives,
        "negative": np.histogram(scores, edges, weights=tally.negative)[0] / tally.negatives,
    }


def wilson(successes: float, trials: float, z: float = NORMAL_95) -> tuple[float, float]:
    """Score interval of a binomial share (Wilson 1927)."""
    share, factor = successes / trials, z * z / trials
    middle = (share + factor / 2) / (1 + factor)
    half = z / (1 + factor) * math.sqrt(share * (1 - share) / trials + factor / (4 * trials))
    # At a share of 0 or 1 the end equals the share, but for rounding.
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def thin(x: np.ndarray, y: np.ndarray, points: int = POINTS) -> np.ndarray:
    """Indices of at most `points` points, evenly spread along the curve's length.

    Even spacing in rows would lose the first few alarms, which is where a rare class is decided.
    """
    if len(x) <= points:
        return np.arange(len(x))
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    return np.unique(np.searchsorted(length, np.linspace(0.0, length[-1], points)))
