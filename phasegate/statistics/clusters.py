"""Means per request whose standard errors allow for entities that return.

Deng, Knoblich & Lu (2018), "Applying the delta method in metric analytics: a practical guide with
novel ideas", section 3.1 (ratio metrics) and 3.3 (cluster randomisation).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from phasegate.statistics.bounds import Bounds, Numbers, plain
from phasegate.statistics.normal_mixture import multiplier

ROUNDING = 1e-12
"""Share of the squares below which a variance may be rounding of the sums, and nothing else."""


@dataclass(frozen=True)
class Clusters:
    """Sums over the entities of one cohort; entity e has n_e requests with total value y_e.

    Fields are floats, or arrays of one shape (many simulations, metrics or slices at once).

    Attributes:
        entities: N, entities with at least one request.
        requests, requests_squared: sum of n_e, of n_e^2.
        value, value_squared: sum of y_e, of y_e^2.
        value_requests: sum of y_e n_e.
    """

    entities: Numbers
    requests: Numbers
    requests_squared: Numbers
    value: Numbers
    value_squared: Numbers
    value_requests: Numbers

    @classmethod
    def of(cls, requests: np.ndarray, value: np.ndarray) -> Clusters:
        """From n_e and y_e, both [..., entities]; entities without requests do not count."""
        n, y = np.broadcast_arrays(
            np.asarray(requests, dtype=float), np.asarray(value, dtype=float)
        )
        y = np.where(n == 0, 0.0, y)
        sums = ((n != 0), n, n * n, y, y * y, y * n)
        return cls(*(plain(np.sum(s, axis=-1, dtype=float)) for s in sums))

    @classmethod
    def none(cls) -> Clusters:
        """No entities yet: adding it changes nothing."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def __add__(self, other: Clusters) -> Clusters:
        """Both cohorts together. No entity may be in both: its squares would be missing."""
        return Clusters(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def mean(self) -> Numbers:
        """Value per request; NaN without requests."""
        requests = np.asarray(self.requests, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return plain(np.where(requests > 0, self.value / requests, np.nan))

    @property
    def effective_entities(self) -> Numbers:
        """(sum of n_e)^2 / sum of n_e^2: entities of equal traffic that would tell as much.

        Kish (1965), "Survey sampling"; 0 without requests, and of sums that are not finite. The
        central limit needs these to be many, and not the entities.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            effective = np.asarray(self.requests, dtype=float) ** 2 / self.requests_squared
        return plain(np.where(np.isfinite(effective), effective, 0.0))

    @property
    def dispersion(self) -> Numbers:
        """Variance of ``mean`` times the requests: what one more request is worth, inverted.

        N / (N - 1) sum of (y_e - mean n_e)^2, per request. 0 where no entity differs from another;
        infinity with fewer than two entities, and of sums that are not finite.
        """
        entities, requests = np.asarray(self.entities, float), np.asarray(self.requests, float)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            mean = self.value / requests
            squares = self.value_squared + mean**2 * self.requests_squared
            residuals = squares - 2 * mean * self.value_requests
            residuals = np.where(residuals <= ROUNDING * squares, 0.0, residuals)
            dispersion = residuals * entities / (entities - 1) / requests
            known = (entities >= 2) & (requests > 0) & np.isfinite(dispersion)
        return plain(np.where(known, dispersion, np.inf))

    @property
    def standard_error(self) -> Numbers:
        """Of ``mean``, with the small-sample factor N / (N - 1).

        Infinity where the dispersion is not known, or 0: a variance of which nothing has been seen
        is unknown.
        """
        return plain(_error(np.asarray(self.dispersion), self.requests))


def mean_bounds(clusters: Clusters, alpha: Numbers, planned: Numbers, sides: int = 2) -> Bounds:
    """Asymptotic confidence sequence of the value per request; see ``difference_bounds``.

    With ``sides=1`` either bound holds with probability 1 - alpha by itself, not both at once.
    """
    with np.errstate(invalid="ignore"):
        error = np.asarray(clusters.standard_error)
        margin = multiplier(clusters.requests, alpha, planned, sides) * error
        return Bounds.of(clusters.mean, clusters.mean - margin, clusters.mean + margin)


def difference_bounds(
    challenger: Clusters,
    champion: Clusters,
    alpha: Numbers,
    planned: Numbers,
    sides: int = 2,
    scale: Numbers = 1.0,
) -> Bounds:
    """Confidence sequence of mean(challenger) - scale * mean(champion), for disjoint entities.

    A relative margin is a scale: "at most 2 % worse" is mean(challenger) - 0.98 mean(champion) > 0.
    With ``sides=1`` either bound holds with probability 1 - alpha by itself, not both at once.

    The clock of the multiplier is the challenger's requests. Where every entity has one request
    that is Waudby-Smith et al. (2021), Theorem 2.2. Where entities return, their later requests
    carry less information than the first, so the clock runs faster than information does, and that
    is safe: the sum of residuals has positively correlated increments, hence
    corr(Z_s, Z_t) >= sqrt(s / t) for the standardised differences Z at clocks s < t, the value that
    it has for the Brownian motion for which c(t) is made. By Slepian's inequality the more
    correlated process of two with the same variances crosses a boundary less often. (One side at a
    time; the two-sided boundary at alpha is within 0.2 % of the one-sided one at alpha / 2.)

    Both cohorts are given the larger of the two dispersions. A small cohort of skewed values that
    has not met its tail yet has too low a mean and too small an error at the same time; the other
    cohort has met it. Where the two really differ this only widens the bounds.

    What it assumes:

    - Entities are independent of each other, and assigned at random at a share that stays the same
      while these sums are collected: with a new share, start new sums.
    - Values have a finite variance, and at the first look there are enough entities for the central
      limit theorem and for the variance: nothing here can see that. In simulations with lognormal,
      Pareto, rare and autocorrelated values the error stayed below alpha (0.05 to 0.002) from 30
      ``effective_entities`` of each cohort on. Looked at from the second entity on it was above
      where entities return.
    - Requests of one entity may depend on each other in any way but negative correlation.
    - The clock must not run slower than information: it does, a little, where traffic turns from
      few heavy entities to many light ones. c(t) grows with sqrt(log t), so that costs little.

    Args:
        planned: the challenger's requests at which the bounds are tightest, fixed in advance.
    """
    scale = np.asarray(scale, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = challenger.mean - scale * champion.mean
        dispersion = np.maximum(challenger.dispersion, scale**2 * champion.dispersion)
        requests = 1 / (1 / np.asarray(challenger.requests) + 1 / np.asarray(champion.requests))
        margin = multiplier(challenger.requests, alpha, planned, sides) * _error(
            dispersion, requests
        )
        return Bounds.of(estimate, estimate - margin, estimate + margin)


def _error(dispersion: np.ndarray, requests: Numbers) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(dispersion / requests)
    return np.where((error > 0) & np.isfinite(error), error, np.inf)
