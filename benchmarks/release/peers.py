"""What others decide on the same streams: rules that are looked at again and again.

Each answers the position of the request at which it first speaks against the challenger, and the
one at which it first speaks for it; the number of requests where it never does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import t as student

from benchmarks.release.streams import Stream

WINDOW = 500
"""Requests in one point of the metrics that canary tools read: a minute of theirs."""


@dataclass(frozen=True)
class Spoken:
    """When a rule first spoke, as positions of requests."""

    against: int
    promoting: int


def peeked_t_test(stream: Stream, first: int, alpha: float = 0.05) -> Spoken:
    """Welch's t-test on requests, two-sided, at every request from the challenger's ``first`` on.

    Welch (1947), "The generalization of Student's problem when several different population
    variances are involved"; meant for one look.
    """
    sides = [_moments(stream.value, mask) for mask in (stream.challenger, ~stream.challenger)]
    (n1, mean1, error1), (n0, mean0, error0) = sides
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = error1 + error0
        t = (mean1 - mean0) / np.sqrt(squares)
        freedom = squares**2 / (error1**2 / (n1 - 1) + error0**2 / (n0 - 1))
        critical = student.ppf(1 - alpha / 2, np.where(freedom > 1, freedom, 1.0))
    ready = (n1 >= first) & (n0 >= first)
    return Spoken(_first(ready & (t < -critical)), _first(ready & (t > critical)))


def fixed_threshold(
    stream: Stream, tolerance: float = 0.05, failures: int = 5, checks: int = 20
) -> Spoken:
    """A metric of each window against a threshold, as Flagger's analysis does.

    A window fails when the challenger's mean is below the champion's by more than ``tolerance``;
    ``failures`` of them roll back, ``checks`` windows before that promote.
    """
    mine, theirs = _points(stream)
    failed = np.cumsum(mine < theirs - tolerance * np.abs(theirs))
    length = len(stream.value)
    against = _first(failed >= failures, length)
    against = min((against + 1) * WINDOW - 1, length)
    promoting = checks * WINDOW - 1
    return Spoken(against, promoting if promoting < against else length)


def mann_whitney(
    stream: Stream, every: int = 5, confidence: float = 0.98, tolerance: float = 0.25
) -> Spoken:
    """The test on points of one window each, as Kayenta's judge classifies a metric.

    ``Low`` when the confidence interval of the shift is below -tolerance * |estimate|, ``High``
    when above it (kayenta-judge, MannWhitneyClassifier, with the defaults of NetflixACAJudge);
    looked at every ``every`` windows, on all points so far.
    """
    mine, theirs = _points(stream)
    length = len(stream.value)
    against = promoting = length
    for count in range(2 * every, len(mine) + 1, every):
        differences = np.sort((mine[:count, None] - theirs[None, :count]).ravel())
        spread = np.sqrt(count * count * (2 * count + 1) / 12)
        below = int(np.floor(count * count / 2 + ndtri((1 - confidence) / 2) * spread))
        if below < 0:
            continue
        bound = tolerance * abs(np.median(differences))
        position = count * WINDOW - 1
        if differences[-1 - below] < -bound:
            against = min(against, position)
        if differences[below] > bound:
            promoting = min(promoting, position)
        if min(against, promoting) < length:
            break
    return Spoken(against, promoting)


def _moments(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean and squared standard error of a cohort after each request."""
    n = np.cumsum(mask, dtype=float)
    total = np.cumsum(np.where(mask, values, 0.0))
    squares = np.cumsum(np.where(mask, values**2, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = (squares - n * mean**2) / (n - 1)
        return n, mean, variance / n


def _points(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each window that has requests of both cohorts: challenger's, champion's."""
    windows = len(stream.value) // WINDOW
    shape = (windows, WINDOW)
    mask = stream.challenger[: windows * WINDOW].reshape(shape)
    values = stream.value[: windows * WINDOW].reshape(shape)
    mine, theirs = mask.sum(1), (~mask).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (values * mask).sum(1) / mine, (values * ~mask).sum(1) / theirs
    both = (mine > 0) & (theirs > 0)
    return means[0][both], means[1][both]


def _first(found: np.ndarray, otherwise: int | None = None) -> int:
    position = int(np.argmax(found))
    return position if found[position] else (len(found) if otherwise is None else otherwise)
