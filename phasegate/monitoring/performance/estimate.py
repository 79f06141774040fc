"""Precision, recall and accuracy before labels are known: confidence-based performance estimation.

A calibrated score is the probability that its row's label is 1, so the expected numbers of hits and
misses are sums of scores. NannyML, "How it works: confidence-based performance estimation (CBPE)",
and Bialek, Kuberski, Perrakis & Bifet (2024), "Estimating model performance under covariate shift
without labels", whose recalibration this takes over in a parametric form (see `calibration`). The
interval is of what will be *measured*, and has two sources:

- outcomes: given its rates the number of positives among the rows of a window is Poisson-binomial.
  It is drawn, group by group, from the binomial with the same mean and variance (Ehm 1991,
  "Binomial approximation to the Poisson binomial distribution"), where the variance of rates within
  the group is that of its scores;
- calibration: rates were learned from finitely many held-out rows, and are drawn from their
  posterior, the same rate for all rows of a group in one draw.

What it assumes: P(label | score) is that of the reference. If the inputs move (covariate shift),
the scores move with them, and the estimate follows as far as scores tell what the inputs would. If
what the inputs *mean* moves (concept drift), scores do not, and **the estimate does not see it**:
that only labels show, later. And outcomes are independent given their scores: where labels of one
entity depend on each other beyond that, the interval is too narrow, which the coverage of past
estimates shows.
"""

from __future__ import annotations

import math

import numpy as np

from phasegate.monitoring.performance.calibration import DRAWS, LabelledGroups, pools, rates
from phasegate.monitoring.performance.series import Figure
from phasegate.monitoring.performance.tally import ScoreSums

SEED = 20_240_115  # the same window has the same estimate, whoever looks, and whenever


def estimated(
    groups: LabelledGroups,
    sums: ScoreSums,
    metric: str,
    confidence: float,
    *,
    draws: int = DRAWS,
) -> Figure | None:
    """What a metric is expected to be, and an interval of what will be measured.

    Args:
        groups: reference rows with labels.
        sums: of the window's answers, on the same bins.
        metric: precision, recall or accuracy.
        confidence: of the interval, between 0 and 1.
        draws: from outcomes and calibration.

    Returns:
        None where there is nothing to divide by. `hits` is the expected numerator; `of` the
        denominator, of recall the expected one, rounded.
    """
    generator = np.random.default_rng(SEED)
    pool = pools(groups.rows)
    rows, score, square = (_pooled(one, pool) for one in (sums.rows, sums.score, sums.square))
    decided = _pooled(np.broadcast_to([0, 1], pool.shape), pool) > 0
    used = rows > 0
    if metric == "precision":
        used &= decided  # rows decided 0 have no part in it
    rows, score, square, decided = rows[used], score[used], square[used], decided[used]
    mean = score / rows
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (score - square) / (rows * mean * (1 - mean))
    # Share of the binomial variance that is left when rates differ from row to row.
    within = np.clip(np.nan_to_num(spread, nan=1.0), 0.0, 1.0)
    labelled, positive, believed = (
        _pooled(one, pool)[used]
        for one in (groups.rows, groups.positive, groups.rows * np.nan_to_num(groups.score))
    )
    with np.errstate(invalid="ignore"):
        known = LabelledGroups(labelled, positive, believed / labelled)
    expected, drawn = rates(known, mean, generator, draws)
    outcomes = _poisson_binomial(rows, drawn, within, generator)
    size = _by_decision(rows, decided)
    hits, of = _ratio(_by_decision(rows * expected, decided), size, metric)
    hits_drawn, of_drawn = _ratio(_by_decision(outcomes, decided), size, metric)
    if not float(of) > 0:
        return None
    # Without positives recall is undefined; such a draw excludes nothing.
    defined = of_drawn > 0
    shares = np.divide(hits_drawn, of_drawn, out=np.zeros_like(hits_drawn), where=defined)
    tail = (1 - confidence) / 2
    lower = np.quantile(np.where(defined, shares, 0.0), tail, method="lower")
    upper = np.quantile(np.where(defined, shares, 1.0), 1 - tail, method="higher")
    value = float(hits / of)
    return Figure(
        value, min(float(lower), value), max(float(upper), value), float(hits), round(float(of))
    )


def _pooled(values: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """Sums over the groups of each pool: [pools] of [bins, 2]."""
    return np.bincount(pool.ravel(), values.ravel())


def _by_decision(values: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """Sums over the groups decided 0, and over those decided 1: [2, ...] of [..., groups]."""
    return np.array([values[..., decided == one].sum(axis=-1) for one in (0, 1)])


def _ratio(positives: np.ndarray, rows: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator; positives and rows of those decided 0, then of those decided 1."""
    missed, hit = positives
    if metric == "precision":
        return hit, np.full_like(hit, rows[1])
    if metric == "recall":
        return hit, hit + missed
    return hit + rows[0] - missed, np.full_like(hit, rows.sum())


def _poisson_binomial(
    rows: np.ndarray, share: np.ndarray, within: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Draws of sums of unlike trials: [draws, groups].

    Args:
        rows: trials, [groups].
        share: mean probability, [draws, groups].
        within: variance over that of ``rows`` trials of the mean probability, [groups].
    """
    mean = rows * share
    # n trials of probability p with n p = mean and n p (1 - p) = within * mean * (1 - share)
    alike = 1 - within * (1 - share)
    with np.errstate(invalid="ignore", divide="ignore"):
        trials = np.where(alike > 0, mean / alike, rows)
    trials = np.clip(np.maximum(np.rint(trials), np.ceil(mean)), 0, rows).astype(np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        probability = np.clip(np.where(trials > 0, mean / trials, 0.0), 0.0, 1.0)
    return generator.binomial(trials, probability).astype(float)


def is_held(estimate: Figure | None, truth: Figure | None) -> bool | None:
    """Whether an estimate's interval holds what was measured later; None while one is unknown."""
    if estimate is None or truth is None or not math.isfinite(truth.value):
        return None
    rounding = 1e-12
    return estimate.lower - rounding <= truth.value <= estimate.upper + rounding
