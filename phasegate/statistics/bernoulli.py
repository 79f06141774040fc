"""Exact confidence sequences of proportions: beta-binomial mixtures.

Robbins (1970), "Statistical methods related to the law of the iterated logarithm"; Howard, Ramdas,
McAuliffe & Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences",
Propositions 7 and 8; Ville's inequality. The prior is Jeffreys', Beta(1/2, 1/2), cut off at the
proportion under test: nothing has to be planned, and rare events lose little.

They hold at every look, from the first trial, for outcomes of which each has the same probability
given all that came before: entities, or requests that do not depend on each other. For requests of
entities that return use ``clusters``, or ``bounded``, which allows for any dependence.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincc, betaln, xlog1py, xlogy

from phasegate.statistics.bounds import Bounds, Numbers, plain, split
from phasegate.statistics.roots import bracket

JEFFREYS = (0.5, 0.5)
LEAST = -700.0  # logarithm of the smallest bound that is told from 0

Counts = tuple[Numbers, Numbers]
"""(successes, trials)."""


def log_e_value(
    successes: Numbers, trials: Numbers, proportion: Numbers, prior: tuple = JEFFREYS
) -> Numbers:
    """Logarithm of the evidence that the proportion is higher than ``proportion``.

    The likelihood ratio of a proportion drawn from Beta(*prior), given that it is higher, to
    ``proportion`` itself: a supermartingale for every proportion up to that one, so its exponential
    exceeds 1 / alpha at any look with probability at most alpha.

    Returns:
        0 (an e-value of 1) for counts that are none, and for proportions outside [0, 1].
    """
    s, n, p = _floats(successes, trials, proportion)
    known = _are_counts(s, n) & (p >= 0) & (p <= 1)
    s, n, p = (np.where(known, x, 0.0) for x in (s, n, p))
    return plain(np.where(known, _log_mixture(p, s, n - s, *prior), 0.0))


def lower(successes: Numbers, trials: Numbers, alpha: Numbers) -> Numbers:
    """Bound above which the proportion is at all looks at once with probability >= 1 - alpha.

    0 for counts that are none (not finite, negative, more successes than trials), without
    successes, and where alpha is not between 0 and 1.
    """
    s, n, alpha = _floats(successes, trials, alpha)
    known = _are_counts(s, n) & (s >= 1) & (alpha > 0) & (alpha < 1)
    s, n, alpha = (np.where(known, x, (1.0, 1.0, 0.5)[i]) for i, x in enumerate((s, n, alpha)))
    # Evidence falls with the proportion up to here: the derivative of its logarithm is at most
    # hazard(p) - (s - n p) / (p (1 - p)), where p (1 - p) times the hazard of Jeffreys' prior, the
    # density at p given p or more, is at most 1/2.
    highest = (s - 0.5) / n
    ends = np.full_like(highest, LEAST), np.log(highest)
    args = (s, n - s, np.log(alpha))
    # Still reached there, which takes an alpha near 1, or never, with an alpha near 0: not higher.
    reached = _excess(ends[1], *args) >= 0
    left, _ = bracket(_excess, ends, args)
    left = np.where(np.isnan(left), 0.0, np.exp(left))
    return plain(np.where(known, np.where(reached, highest, left), 0.0))


def upper(successes: Numbers, trials: Numbers, alpha: Numbers) -> Numbers:
    """Bound below which the proportion is at all looks at once with probability >= 1 - alpha.

    1 where ``lower`` would be 0 of the failures.
    """
    s, n = _floats(successes, trials)
    with np.errstate(invalid="ignore"):
        failures = n - s
    return plain(np.asarray(1.0 - lower(failures, n, alpha)))


def bounds(successes: Numbers, trials: Numbers, alpha: Numbers) -> Bounds:
    """Both bounds at once with probability >= 1 - alpha; (0, 1) for counts that are none."""
    s, n, half = _floats(successes, trials, split(alpha))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(_are_counts(s, n), s / n, np.nan)
    return Bounds.of(share, lower(s, n, half), upper(s, n, half), ends=(0.0, 1.0))


def difference_lower(challenger: Counts, champion: Counts, alpha: Numbers) -> Numbers:
    """Bound above which p_challenger - p_champion is at all looks, by a union of two sequences."""
    half = split(alpha)
    return plain(np.asarray(lower(*challenger, half)) - upper(*champion, half))


def difference_upper(challenger: Counts, champion: Counts, alpha: Numbers) -> Numbers:
    """Bound below which p_challenger - p_champion is at all looks, by a union of two sequences."""
    return plain(-np.asarray(difference_lower(champion, challenger, alpha)))


def _log_mixture(
    p: np.ndarray, successes: np.ndarray, failures: np.ndarray, a: Numbers, b: Numbers
) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        posterior = betaln(a + successes, b + failures) + np.log(
            betaincc(a + successes, b + failures, p)
        )
        prior = betaln(a, b) + np.log(betaincc(a, b, p))
        likelihood = xlogy(successes, p) + xlog1py(failures, -p)
        # At p = 1 nothing is higher: no evidence.
        return np.where(p < 1, posterior - prior - likelihood, 0.0)


def _excess(
    log_p: np.ndarray, successes: np.ndarray, failures: np.ndarray, log_alpha: np.ndarray
) -> np.ndarray:
    return _log_mixture(np.exp(log_p), successes, failures, *JEFFREYS) + log_alpha


def _floats(*values: Numbers) -> list[np.ndarray]:
    return np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in values))


def _are_counts(successes: np.ndarray, trials: np.ndarray) -> np.ndarray:
    return np.isfinite(trials) & (trials > 0) & (successes >= 0) & (successes <= trials)
