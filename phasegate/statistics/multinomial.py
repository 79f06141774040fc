"""Sample ratio mismatch: whether units arrive at the shares that they were assigned by.

Lindon & Malek (2022), "Anytime-valid inference for multinomial count data", section 3: the
likelihood of shares drawn from a Dirichlet distribution around the assigned ones, relative to that
of the assigned ones.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy

from phasegate.statistics.bounds import Numbers, plain

CONCENTRATION = 1_000.0
"""Of the Dirichlet prior: quickest to find shares that are off by about sqrt(s (1 - s) / 1000), 1.6
points of 50 %, 0.9 points of 10 %; smaller mismatches take longer and are found all the same."""


def log_e_value(
    counts: np.ndarray, shares: np.ndarray, concentration: float = CONCENTRATION
) -> Numbers:
    """Logarithm of the evidence against the shares; its exponential is a martingale under them.

    Above log(1 / alpha) at any look with probability at most alpha, if units are assigned
    independently: count what is randomised, entities where assignment is sticky, not requests.

    Args:
        counts: units of each cohort, [..., cohorts].
        shares: of the assignment, [..., cohorts] or [cohorts], in any unit.

    Returns:
        [...]. 0 (an e-value of 1) where nothing was counted, a count is negative or not finite, or
        shares are not weights. Infinity where a cohort without a share has units.
    """
    counts, shares = np.broadcast_arrays(
        np.asarray(counts, dtype=float), np.asarray(shares, dtype=float)
    )
    known = np.all(
        np.isfinite(counts) & (counts >= 0) & np.isfinite(shares) & (shares >= 0), axis=-1
    ) & (shares.sum(axis=-1) > 0)
    counts = np.where(known[..., None], counts, 0.0)
    shares = np.where(known[..., None], shares, 1.0)
    shares = shares / shares.sum(axis=-1, keepdims=True)
    assigned = shares > 0
    prior = concentration * np.where(assigned, shares, 1.0)
    of_cohorts = np.where(
        assigned, gammaln(prior + counts) - gammaln(prior) - xlogy(counts, shares), 0.0
    ).sum(axis=-1)
    total = counts.sum(axis=-1)
    of_all = gammaln(concentration + total) - gammaln(concentration)
    impossible = np.any(~assigned & (counts > 0), axis=-1)
    evidence = np.where(impossible, np.inf, of_cohorts - of_all)
    return plain(np.where(known & (total > 0), evidence, 0.0))


def p_value(
    counts: np.ndarray, shares: np.ndarray, concentration: float = CONCENTRATION
) -> Numbers:
    """Anytime-valid p-value of these counts: min(1, 1 / e-value), [...].

    The least of those of all looks so far is valid too.
    """
    return plain(np.exp(-np.maximum(log_e_value(counts, shares, concentration), 0.0)))
