"""Whether a proportion stayed, swung, stepped or slid: four models of counts, told apart by BIC.

Windows are binomial. With L a model's greatest log likelihood and k its parameters,

    BIC = -2 L / c + k ln(n),

Schwarz (1978), "Estimating the dimension of a model"; the place of a step that had to be searched
for is a parameter (Yao 1988, "Estimating the number of change-points via Schwarz' criterion"). One
that was announced is none; of m announced ones the likeliest pays 2 ln(m) for having been chosen,
which is what a prior of 1/m each comes to. Windows differ by more than their rows explain, by
weekdays and seasons: c, at least 1, is Pearson's chi-square over its degrees of freedom, of the
model that fits best (McCullagh & Nelder 1989, section 4.5; QAIC in Burnham & Anderson 2002,
section 2.5), and n is the rows that are left of it, their number over c.

| model          | logit of the proportion            | k |
|----------------|------------------------------------|---|
| constant       | a                                  | 1 |
| slope          | a + b t                            | 2 |
| announced step | a, from a named window on b        | 2 |
| step           | a, from some window on b           | 3 |
| season         | a + b sin(2 pi t/T) + c cos(...)   | 4 |

A season is only looked for where it comes round more than once: T goes from three windows to two
thirds of the time that is seen. A slower one cannot be told from a slope, by anybody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, xlogy

_PERIODS = 16  # of a season that are tried, in equal ratios
_ROUNDS = 40  # of Newton's method; it needs about six
_STEEPEST = 30.0  # logit beyond which a proportion is 0 or 1


@dataclass(frozen=True, slots=True)
class Course:
    """The four models of a series.

    Attributes:
        kind: with the least BIC: constant, season, step or slope; unknown of too few windows.
        index: first window after the likeliest step; None where there is none.
        announced: whether that step's place was given.
        levels: proportions before and after that step; NaN without one.
        ends: of the slope, at the first and the last window.
        bic: by name of the model; lower is better.
        dispersion: variance of windows, over that of independent rows.
    """

    kind: str
    index: int | None
    announced: bool
    levels: tuple[float, float]
    ends: tuple[float, float]
    bic: dict[str, float]
    dispersion: float


UNKNOWN = Course("unknown", None, False, (math.nan, math.nan), (math.nan, math.nan), {}, math.nan)


def compare(
    hits: Sequence[float],
    of: Sequence[float],
    times: Sequence[float] | None = None,
    announced: Sequence[int] = (),
) -> Course:
    """Which of the models a series of counts goes by.

    Args:
        hits: of each window, from 0 to `of`.
        of: trials of each window, above 0.
        times: of the windows, ascending, in any unit; by default evenly spaced.
        announced: windows with which something is known to have changed; others are ignored.

    Returns:
        `UNKNOWN` of fewer than three windows (two where one was announced), and of what are no
        counts.
    """
    h, n = np.asarray(hits, dtype=float), np.asarray(of, dtype=float)
    t = np.arange(len(n), dtype=float) if times is None else np.asarray(times, dtype=float)
    places = sorted({int(place) for place in announced if 1 <= place < len(n)})
    if h.shape != n.shape or t.shape != n.shape or len(n) < (2 if places else 3):
        return UNKNOWN
    if not (np.isfinite([h, n, t]).all() and (n > 0).all() and (h >= 0).all() and (h <= n).all()):
        return UNKNOWN
    if not (np.diff(t) > 0).all():
        return UNKNOWN
    t = (t - t[0]) / (t[-1] - t[0])
    fits = {"constant": (np.full(len(n), h.sum() / n.sum()), 1)}
    searched = best = None
    if len(n) >= 3:
        fits["slope"] = (_fitted(h, n, np.stack([np.ones_like(t), t], axis=1)), 2)
        searched = _best_step(h, n, range(1, len(n)))
        fits["step"] = (_step(h, n, searched), 3)
    if places:
        best = _best_step(h, n, places)
        fits["announced step"] = (_step(h, n, best), 2)
    if len(n) >= 6 and (season := _season(h, n, t)) is not None:
        fits["season"] = (season, 4)
    dispersion = _dispersion(h, n, fits)
    rows = max(float(n.sum()) / dispersion, 2.0)
    bic = {
        name: float(-2 * _log_likelihood(h, n, p) / dispersion + k * math.log(rows))
        for name, (p, k) in fits.items()
    }
    if places:
        bic["announced step"] += 2 * math.log(len(places))
    kind = min(bic, key=lambda name: (bic[name], fits[name][1]))
    is_announced = bic.get("announced step", math.inf) <= bic.get("step", math.inf)
    index = best if is_announced else searched
    level = _step(h, n, index) if index is not None else np.full(2, math.nan)
    slope = fits["slope"][0] if "slope" in fits else np.full(2, math.nan)
    return Course(
        kind="step" if kind == "announced step" else kind,
        index=index,
        announced=is_announced and best is not None,
        levels=(float(level[0]), float(level[-1])),
        ends=(float(slope[0]), float(slope[-1])),
        bic=bic,
        dispersion=dispersion,
    )


def _log_likelihood(h: np.ndarray, n: np.ndarray, p: np.ndarray) -> float:
    return float((xlogy(h, p) + xlogy(n - h, 1 - p)).sum())


def _best_step(h: np.ndarray, n: np.ndarray, places: Sequence[int]) -> int:
    return max(places, key=lambda place: _log_likelihood(h, n, _step(h, n, place)))


def _step(h: np.ndarray, n: np.ndarray, place: int) -> np.ndarray:
    before, after = h[:place].sum() / n[:place].sum(), h[place:].sum() / n[place:].sum()
    return np.where(np.arange(len(n)) < place, before, after)


def _fitted(h: np.ndarray, n: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Proportions of the logistic regression of greatest likelihood, by damped Newton steps."""
    mean = np.clip(h.sum() / n.sum(), 1e-9, 1 - 1e-9)
    weights = np.zeros(columns.shape[1])
    weights[0] = logit(mean)
    least = _log_likelihood(h, n, expit(columns @ weights))
    for _ in range(_ROUNDS):
        p = expit(columns @ weights)
        spread = n * p * (1 - p)
        curvature = columns.T @ (spread[:, None] * columns) + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(curvature, columns.T @ (h - n * p))
        while True:
            tried = weights + step
            flat = np.clip(columns @ tried, -_STEEPEST, _STEEPEST)
            found = _log_likelihood(h, n, expit(flat))
            if found >= least or np.abs(step).max() < 1e-9:
                break
            step = step / 2
        if found - least < 1e-9:
            break
        weights, least = tried, found
    return expit(np.clip(columns @ weights, -_STEEPEST, _STEEPEST))


def _season(h: np.ndarray, n: np.ndarray, t: np.ndarray) -> np.ndarray | None:
    shortest, longest = 3.0 / (len(t) - 1), 2.0 / 3.0
    if shortest >= longest:
        return None
    found = []
    for period in np.geomspace(shortest, longest, _PERIODS):
        angle = 2 * np.pi * t / period
        columns = np.stack([np.ones_like(t), np.sin(angle), np.cos(angle)], axis=1)
        found.append(_fitted(h, n, columns))
    return max(found, key=lambda p: _log_likelihood(h, n, p))


def _dispersion(h: np.ndarray, n: np.ndarray, fits: dict[str, tuple[np.ndarray, int]]) -> float:
    least = math.inf
    for p, k in fits.values():
        if len(n) > k:
            spread = n * p * (1 - p)
            missed = np.where(spread > 0, (h - n * p) ** 2 / np.where(spread > 0, spread, 1.0), 0.0)
            least = min(least, float(missed.sum()) / (len(n) - k))
    return max(1.0, least) if math.isfinite(least) else 1.0
