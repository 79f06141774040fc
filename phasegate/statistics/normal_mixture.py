"""Normal mixtures: how many standard errors cover an estimate at every look.

Robbins (1970), "Statistical methods related to the law of the iterated logarithm"; Howard, Ramdas,
McAuliffe & Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences"; made
valid for estimates that obey a central limit theorem by Waudby-Smith, Arbour, Sinha, Kennedy &
Ramdas (2021), "Time-uniform central limit theory and asymptotic confidence sequences".
"""

from __future__ import annotations

import numpy as np
from scipy.special import lambertw, log_ndtr

from phasegate.statistics.bounds import Numbers, plain

NEWTON_STEPS = 12  # quadratic, from above: five reach the last bit


def multiplier(t: Numbers, alpha: Numbers, planned: Numbers, sides: int = 2) -> Numbers:
    """c(t): |estimate - mean| <= c(t) * standard_error at all t with probability >= 1 - alpha.

    With rho = t_planned / x, x = -W_{-1}(-alpha^2 / e) - 1, which makes c tightest at ``planned``
    (Howard et al., Proposition 3; a mixture is valid for any rho that is fixed in advance):

    - ``sides=2``: c(t) = sqrt((t + rho) / t * (log((t + rho) / rho) + 2 log(1 / alpha)))
      (Waudby-Smith et al., Theorem 2.2; their rho^2 is 1 / rho here);
    - ``sides=1``: only above, or only below. The root of the half-normal mixture itself (Howard et
      al., Proposition 6; Waudby-Smith et al. bound it in closed form in their appendix), with the
      rho of the two-sided mixture at 2 alpha.

    Args:
        t: clock: values seen, or anything that grows no slower than information does.
        planned: the clock at which the bounds are to be tightest, fixed before the first look.

    Returns:
        Infinity where an argument is not finite, t or planned is not positive, or alpha is not
        between 0 and 1.

    Raises:
        ValueError: sides is neither 1 nor 2.
    """
    if sides not in (1, 2):
        raise ValueError(f"sides is 1 or 2, not {sides}")
    t, alpha, planned = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (t, alpha, planned))
    )
    known = (
        np.isfinite(t) & (t > 0) & np.isfinite(planned) & (planned > 0) & (alpha > 0) & (alpha < 1)
    )
    t, alpha, planned = (np.where(known, a, 0.5) for a in (t, alpha, planned))
    rho = tightest(planned, alpha, sides)
    return plain(np.where(known, boundary(t, alpha, rho, sides) / np.sqrt(t), np.inf))


def boundary(v: np.ndarray, alpha: np.ndarray, rho: np.ndarray, sides: int = 2) -> np.ndarray:
    """u(v): Brownian motion stays within it at all v with probability >= 1 - alpha.

    Howard et al. (2021), equations 14 (two sides) and Proposition 6 (one side).
    """
    information = np.log1p(v / rho)
    if sides == 2:
        return np.sqrt((v + rho) * (information - 2 * np.log(alpha)))
    return np.sqrt(v + rho) * half_normal_root(information / 2 - np.log(alpha))


def tightest(planned: np.ndarray, alpha: np.ndarray, sides: int = 2) -> np.ndarray:
    """Howard et al. (2021), Proposition 3 and section 3.2: rho that is best at ``planned``."""
    two_sided = np.minimum(alpha * (3 - sides), 0.5)
    return planned / (-lambertw(-(two_sided**2) / np.e, k=-1).real - 1)


def half_normal_root(threshold: np.ndarray) -> np.ndarray:
    """z > 0 with z^2 / 2 + log(2 Phi(z)) = threshold, for thresholds > 0.

    Convex and increasing in z, and sqrt(2 threshold) is not below the root: every step of Newton's
    method stays above it, so what is returned is not too small.
    """
    z = np.sqrt(2 * threshold)
    for _ in range(NEWTON_STEPS):
        log_cdf = log_ndtr(z)
        hazard = np.exp(-(z**2) / 2 - log_cdf) / np.sqrt(2 * np.pi)
        z = z - (z**2 / 2 + np.log(2) + log_cdf - threshold) / (z + hazard)
    return z
