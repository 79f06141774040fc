"""Fit the map from a booster's score to a probability, on rows that it never saw."""

from __future__ import annotations

import numpy as np

from phasegate.models import Calibration
from phasegate.models.calibration import log_odds

_STEPS, _CONVERGED = 100, 1e-10


def fit_calibration(kind: str, raw: np.ndarray, labels: np.ndarray) -> Calibration:
    """A calibration of a kind: none, sigmoid or isotonic.

    Args:
        raw: the booster's probabilities, float [rows].
        labels: 0 or 1 [rows], both present.
    """
    raw = np.asarray(raw, dtype=np.float64)
    if kind == "isotonic":
        return _isotonic(raw, labels)
    if kind == "sigmoid":
        return _sigmoid(raw, labels)
    return Calibration("none")


def _isotonic(raw: np.ndarray, labels: np.ndarray) -> Calibration:
    """Centred isotonic regression (Oron and Flournoy 2017), by SciPy's pool-adjacent-violators.

    Each pooled block becomes one knot, at the mean of its scores, and lines join the knots. The
    flat steps of plain isotonic regression (Zadrozny and Elkan 2002) would tie most scores, and
    leave few thresholds to choose from.
    """
    from scipy.optimize import isotonic_regression

    x, group, count = np.unique(raw, return_inverse=True, return_counts=True)
    positive = np.bincount(group, weights=labels)
    start = isotonic_regression(positive / count, weights=count).blocks[:-1]
    rows = np.add.reduceat(count, start)
    return Calibration(
        "isotonic",
        x=tuple((np.add.reduceat(x * count, start) / rows).tolist()),
        y=tuple((np.add.reduceat(positive, start) / rows).tolist()),
    )


def _sigmoid(raw: np.ndarray, labels: np.ndarray) -> Calibration:
    """Platt scaling: logistic regression of the label on the log-odds, by Newton's method.

    Targets are drawn in from 0 and 1 as in Platt (1999), which keeps the fit finite when the
    classes separate.
    """
    z = log_odds(raw)
    positive = labels.sum()
    high, low = (positive + 1) / (positive + 2), 1 / (len(labels) - positive + 2)
    target = np.where(labels == 1, high, low)
    base = float(target.mean())
    flat = Calibration("sigmoid", slope=0.0, intercept=float(np.log(base / (1 - base))))
    slope, intercept = flat.slope, flat.intercept
    loss = _log_loss(slope * z + intercept, target)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(slope * z + intercept)))
        error, weight = p - target, p * (1 - p) + 1e-12
        g1, g0 = (error * z).sum(), error.sum()
        h11, h10, h00 = (weight * z * z).sum(), (weight * z).sum(), weight.sum()
        determinant = h11 * h00 - h10 * h10 + 1e-12
        d1 = (h00 * g1 - h10 * g0) / determinant
        d0 = (h11 * g0 - h10 * g1) / determinant
        step = 1.0
        while step > _CONVERGED:
            new = _log_loss((slope - step * d1) * z + intercept - step * d0, target)
            if new <= loss:
                break
            step /= 2
        else:
            break
        slope, intercept = slope - step * d1, intercept - step * d0
        if loss - new < _CONVERGED * max(1.0, loss):
            break
        loss = new
    # A falling map would turn the ranking around; flat is then the best that does not.
    if slope < 0:
        return flat
    return Calibration("sigmoid", slope=float(slope), intercept=float(intercept))


def _log_loss(margin: np.ndarray, target: np.ndarray) -> float:
    return float((np.logaddexp(0.0, margin) - target * margin).sum())
