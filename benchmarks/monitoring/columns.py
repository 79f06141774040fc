"""Thirty columns of a reference and a window, of the kinds that tests of drift stumble over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ROWS = 1_000_000


def _normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n)


def _with_nulls(rng: np.random.Generator, n: int) -> np.ndarray:
    values = rng.normal(size=n)
    values[rng.random(n) < 0.2] = np.nan
    return values


def _discrete(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.poisson(3.0, n).astype(float)


def _heaped(rng: np.random.Generator, n: int) -> np.ndarray:
    values = np.round(rng.exponential(40.0, n), 2)
    values[rng.random(n) < 0.5] = 0.0
    at_tens = rng.random(n) < 0.2
    values[at_tens] = np.ceil(values[at_tens] / 10) * 10
    return values


def _heavy_tailed(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.exp(2.5 * rng.normal(size=n))


def _skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.gamma(0.5, 2.0, n)


KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": _normal,
    "with nulls": _with_nulls,
    "discrete": _discrete,
    "heaped": _heaped,
    "heavy-tailed": _heavy_tailed,
    "skewed": _skewed,
}
CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "same": lambda values, _: values,
    "same again": lambda values, _: values,
    "1 % wider": lambda values, _: values * 1.01,
    "5 % wider": lambda values, _: values * 1.05,
    "2 % other rows": lambda values, rng: np.where(
        rng.random(len(values)) < 0.02, np.nanquantile(values, 0.98), values
    ),
}
NAMES = tuple(f"{kind}, {change}" for kind in KINDS for change in CHANGES)


def pair(rows: int, seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of a reference and of a window, of so many rows each."""
    rng = np.random.default_rng(seed)
    reference, window = {}, {}
    for kind, make in KINDS.items():
        for change, apply in CHANGES.items():
            name = f"{kind}, {change}"
            reference[name] = make(rng, rows)
            window[name] = apply(make(rng, rows), rng)
    return reference, window
