"""Simulated error at every look. Each would fail with bounds made for one look.

Fixed seeds. What is allowed is alpha and what 2,000 simulations scatter by.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from phasegate.statistics import bernoulli, bounded, multinomial
from phasegate.statistics.clusters import Clusters, difference_bounds, mean_bounds
from phasegate.statistics.normal_mixture import boundary, multiplier, tightest

SIMULATIONS = 2000
ALPHA = 0.05
ALLOWED = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / SIMULATIONS)


def returning(seed: int, share: float, requests: int) -> Iterator[tuple[Clusters, Clusters]]:
    """Challenger and champion after every request, one of SIMULATIONS each.

    Entities come back at heavy-tailed rates, have lognormal values of their own, and each request
    adds autocorrelated lognormal noise to it. The two cohorts do not differ.
    """
    rng, each = np.random.default_rng(seed), np.arange(SIMULATIONS)
    pool = requests // 3
    rates = rng.gamma(0.7, 1, (SIMULATIONS, pool))
    up_to = np.cumsum(rates / rates.sum(axis=1, keepdims=True), axis=1)
    own = np.exp(0.7 * rng.standard_normal((SIMULATIONS, pool)))
    ours = rng.random((SIMULATIONS, pool)) < share
    n, y, noise = (np.zeros((SIMULATIONS, pool)) for _ in range(3))
    sums = np.zeros((2, 6, SIMULATIONS))
    for _ in range(requests):
        e = np.minimum((up_to < rng.random((SIMULATIONS, 1))).sum(axis=1), pool - 1)
        noise[each, e] = 0.6 * noise[each, e] + rng.standard_normal(SIMULATIONS)
        x = own[each, e] + np.exp(0.5 * noise[each, e])
        before, total = n[each, e], y[each, e]
        added = np.stack(
            [
                before == 0,
                np.ones_like(x),
                2 * before + 1,
                x,
                2 * total * x + x**2,
                total + x * before + x,
            ]
        )
        sums[1] += added * ours[each, e]
        sums[0] += added * ~ours[each, e]
        n[each, e], y[each, e] = before + 1, total + x
        yield Clusters(*sums[1]), Clusters(*sums[0])


def test_returning_heavy_tailed_entities_are_rarely_called_different_at_any_look() -> None:
    wrong = {sides: np.zeros(SIMULATIONS, dtype=bool) for sides in (1, 2)}
    once = np.zeros(SIMULATIONS, dtype=bool)
    for challenger, champion in returning(seed=1, share=0.4, requests=700):
        enough = np.minimum(challenger.effective_entities, champion.effective_entities) >= 10
        two = difference_bounds(challenger, champion, ALPHA, 280)
        one = difference_bounds(challenger, champion, ALPHA, 280, sides=1)
        wrong[2] |= enough & ((two.lower > 0) | (two.upper < 0))
        wrong[1] |= enough & (one.lower > 0)
        fixed = two.upper - two.estimate
        fixed *= 1.96 / multiplier(challenger.requests, ALPHA, 280)
        once |= enough & (np.abs(two.estimate) > fixed)
    assert wrong[2].mean() <= ALLOWED
    assert wrong[1].mean() <= ALLOWED
    assert once.mean() > ALLOWED  # what looking costs without a correction


@pytest.mark.parametrize("sides", [1, 2])
def test_brownian_motion_crosses_with_probability_alpha_and_not_much_less(sides: int) -> None:
    """Looked at over five decades of the clock: the bound is not loose either."""
    rng = np.random.default_rng(2)
    clock = np.geomspace(1, 1e5, 800)
    steps = np.sqrt(np.diff(clock, prepend=0)) * rng.standard_normal((SIMULATIONS, 800))
    z = np.cumsum(steps, axis=1) / np.sqrt(clock)
    z = np.abs(z) if sides == 2 else z
    error = (z > multiplier(clock, ALPHA, 100, sides)).any(axis=1).mean()
    assert 0.4 * ALPHA < error <= ALLOWED
    rho = tightest(np.array(100.0), np.array(ALPHA), sides)
    narrower = boundary(clock, ALPHA, rho, sides) / np.sqrt(clock) * 0.8
    assert (z > narrower).any(axis=1).mean() > ALLOWED


@pytest.mark.parametrize("p", [0.03, 0.3])
def test_proportions_are_covered_at_every_look(p: float) -> None:
    rng = np.random.default_rng(3)
    looks = 600
    successes = np.cumsum(rng.random((SIMULATIONS, looks)) < p, axis=1)
    trials = np.broadcast_to(np.arange(1, looks + 1), successes.shape)
    for s, q in ((successes, p), (trials - successes, 1 - p)):
        # The lower bound is above q exactly when the evidence for more than q reaches 1 / alpha.
        seen, where = np.unique(s * (looks + 1) + trials, return_inverse=True)
        evidence = bernoulli.log_e_value(seen // (looks + 1), seen % (looks + 1), q)
        above = (evidence >= -np.log(ALPHA))[where].reshape(s.shape)
        assert 0.005 < above.any(axis=1).mean() <= ALLOWED
        assert ((bernoulli.lower(s[:, -1], looks, ALPHA) > q) == above[:, -1]).all()


def test_means_of_bounded_values_that_drift_and_depend_are_covered_at_every_look() -> None:
    """What is covered is the average of the conditional means, which wander with the values."""
    rng = np.random.default_rng(4)
    wrong = np.zeros(SIMULATIONS, dtype=bool)
    moments = bounded.Moments(*np.zeros((3, SIMULATIONS)))
    conditional = np.zeros(SIMULATIONS)
    mean = np.full(SIMULATIONS, 0.05)
    for look in range(1, 1501):
        value = rng.random(SIMULATIONS) < mean
        conditional += mean
        moments = moments.then(value[:, None], 0, 1)
        mean = np.clip(0.05 + 0.1 * value + 0.04 * np.sin(look / 100), 0.01, 0.99)
        if look % 5 == 0:
            bounds = bounded.mean_bounds(moments, 0, 1, ALPHA, 500)
            average = conditional / look
            wrong |= (bounds.lower > average) | (bounds.upper < average)
    assert wrong.mean() <= ALLOWED
    assert (bounds.upper - bounds.lower).mean() < 0.06


def test_a_mean_of_few_entities_is_covered_once_there_are_thirty() -> None:
    rng = np.random.default_rng(5)
    y = rng.gamma(2, 1, (SIMULATIONS, 1000))
    sums = [np.cumsum(a, axis=1) for a in (np.ones_like(y), y, y**2)]
    clusters = Clusters(sums[0], sums[0], sums[0], sums[1], sums[2], sums[1])
    bounds = mean_bounds(clusters, ALPHA, 500)
    wrong = ((bounds.lower > 2) | (bounds.upper < 2))[:, 30:].any(axis=1)
    assert 0.005 < wrong.mean() <= ALLOWED


def test_shares_that_hold_are_rarely_called_off() -> None:
    rng = np.random.default_rng(6)
    ours = np.cumsum(rng.random((SIMULATIONS, 2000)) < 0.1, axis=1)
    counts = np.stack([np.arange(1, 2001) - ours, ours], axis=-1)
    p_values = multinomial.p_value(counts, np.array([0.9, 0.1]), concentration=100)
    error = (p_values <= ALPHA).any(axis=1).mean()
    assert 0.005 < error <= ALLOWED
    off = multinomial.p_value(counts[:, -1], np.array([0.8, 0.2]))
    assert np.mean(off <= ALPHA) > 0.99
