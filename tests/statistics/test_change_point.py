from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import binom

from phasegate.statistics.change_point import UNKNOWN, compare

counts = st.lists(
    st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    min_size=3,
    max_size=14,
)


def _log_likelihood(h: np.ndarray, n: np.ndarray, p: np.ndarray) -> float:
    """Of binomial windows, less the binomial coefficients, which are the same for all models."""
    free = binom.logpmf(h, n, h / n) - _entropy(h, n)
    return float((binom.logpmf(h, n, p) - free).sum())


def _entropy(h: np.ndarray, n: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(h > 0, h * np.log(h / n), 0.0)
        no = np.where(n > h, (n - h) * np.log((n - h) / n), 0.0)
    return yes + no


@settings(deadline=None, max_examples=60)
@given(counts)
def test_constant_and_step_are_those_of_every_place_tried(pairs: list[tuple[int, int]]) -> None:
    h, n = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = compare(h, n)
    rows = max(n.sum() / found.dispersion, 2.0)
    constant = _log_likelihood(h, n, np.full(len(n), h.sum() / n.sum()))
    steps = []
    for place in range(1, len(n)):
        before = h[:place].sum() / n[:place].sum()
        after = h[place:].sum() / n[place:].sum()
        levels = np.array([before] * place + [after] * (len(n) - place))
        steps.append(_log_likelihood(h, n, levels))
    expected = -2 * constant / found.dispersion + math.log(rows)
    assert found.bic["constant"] == pytest.approx(expected, abs=1e-6)
    expected = -2 * max(steps) / found.dispersion + 3 * math.log(rows)
    assert found.bic["step"] == pytest.approx(expected, abs=1e-6)
    assert steps[found.index - 1] == pytest.approx(max(steps), abs=1e-9)
    # An announced step at the same place pays for two parameters, and for having been chosen.
    told = compare(h, n, announced=range(1, len(n)))
    rows = max(n.sum() / told.dispersion, 2.0)
    expected = -2 * max(steps) / told.dispersion + 2 * math.log(rows * (len(n) - 1))
    assert told.bic["announced step"] == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(counts)
def test_the_slope_is_of_greatest_likelihood(pairs: list[tuple[int, int]]) -> None:
    h, n = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = compare(h, n)
    t = np.linspace(0, 1, len(n))

    def cost(weights: np.ndarray) -> float:
        p = np.clip(expit(np.clip(weights[0] + weights[1] * t, -30, 30)), 1e-15, 1 - 1e-15)
        return -_log_likelihood(h, n, p)

    start = [logit(np.clip(h.sum() / n.sum(), 0.01, 0.99)), 0.0]
    best = -minimize(cost, start, method="Nelder-Mead", options={"maxiter": 4000}).fun
    rows = max(n.sum() / found.dispersion, 2.0)
    bic = -2 * best / found.dispersion + 2 * math.log(rows)
    assert found.bic["slope"] <= bic + 1e-4


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(), st.floats()), max_size=8),
    st.lists(st.integers(-3, 12), max_size=4),
)
def test_whatever_is_no_count_is_unknown(
    pairs: list[tuple[float, float]], places: list[int]
) -> None:
    hits, of = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = compare(hits, of, announced=places)
    if any(not 0 <= h <= n or not 0 < n < math.inf for h, n in pairs):
        assert found is UNKNOWN


def test_each_shape_is_told_by_its_name() -> None:
    t = np.arange(18)
    n = np.full(18, 800.0)
    shapes = {
        "constant": np.full(18, 0.9),
        "step": np.where(t < 11, 0.93, 0.85),
        "slope": 0.95 - 0.008 * t,
        "season": 0.9 + 0.05 * np.sin(2 * np.pi * t / 7),
    }
    for name, p in shapes.items():
        found = compare(np.round(n * p), n)
        assert found.kind == name, found.bic
    assert compare(np.round(n * shapes["step"]), n).index == 11


def test_noise_is_rarely_taken_for_a_fall() -> None:
    rng = np.random.default_rng(7)
    falls = 0
    for _ in range(400):
        p = np.clip(rng.normal(0.92, 0.015, 17), 0, 1)  # weeks differ by more than their rows
        of = np.full(17, 2_000)
        bic = compare(rng.binomial(of, p), of).bic
        falls += bic["constant"] - min(bic["step"], bic["slope"]) >= 6
    assert falls <= 12  # 3 %
