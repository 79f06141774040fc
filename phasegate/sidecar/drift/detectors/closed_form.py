"""The same questions asked by SciPy: KS and chi-square of columns, correlations of all together."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
from scipy.stats import chi2_contingency, ks_2samp, rankdata

from phasegate.sidecar.drift.detectors.columns import LEAST, Column, columns, matrices
from phasegate.sidecar.drift.detectors.findings import Test

_MOST_PERMUTATIONS = 9_999


def tests(reference: pa.Table, window: pa.Table, level: float, seed: int) -> list[Test]:
    """All tests.

    The joint test is about what columns one by one do not show: the largest difference of any two
    columns' rank correlation between the sides, against the same after rows were dealt to the sides
    anew (the max-type statistic of Cai, Liu and Xia 2013, by permutation: Good 2005, chapter 3).

    Args:
        reference, window: samples with the same columns.
        level: smallest p-value that has to be told apart; permutations are as many as that takes.
        seed: of the permutations.
    """
    found = [_test(one) for one in columns(reference, window)]
    return [*found, _joint(*matrices(reference, window), level, seed)]


def _test(column: Column) -> Test:
    method = "chi-square" if column.is_text else "KS"
    sizes = len(column.window), len(column.reference)
    if len(column.window) < LEAST:
        return Test(column.name, method, math.nan, math.nan, *sizes)
    if not column.is_text:
        ks = ks_2samp(column.reference, column.window, method="asymp")
        return Test(column.name, method, float(ks.statistic), float(ks.pvalue), *sizes)
    codes = int(max(column.reference.max(), column.window.max())) + 1
    table = np.array(
        [np.bincount(one.astype(int), minlength=codes) for one in (column.reference, column.window)]
    )
    statistic, p_value, *_ = chi2_contingency(table[:, table.sum(axis=0) > 0])
    return Test(column.name, method, float(statistic), float(p_value), *sizes)


def _joint(reference: np.ndarray, window: np.ndarray, level: float, seed: int) -> Test:
    # Ranks within each side: what a column's own distribution does is no matter of this test.
    rows = np.vstack([_standard_ranks(reference), _standard_ranks(window)])
    size, total = len(reference), len(rows)
    products, sums = rows.T @ rows, rows.sum(axis=0)

    def largest(side: np.ndarray) -> float:
        own, own_sums = side.T @ side, side.sum(axis=0)
        left = _correlations(own, own_sums, size)
        right = _correlations(products - own, sums - own_sums, total - size)
        return float(np.abs(left - right).max())

    observed = largest(rows[:size])
    draws = min(_MOST_PERMUTATIONS, max(199, math.ceil(2 / level)))
    generator = np.random.default_rng(seed)
    as_far = sum(
        largest(rows[generator.permutation(total)[:size]]) >= observed for _ in range(draws)
    )
    return Test(
        "", "largest difference of rank correlations", observed, (1 + as_far) / (1 + draws),
        total - size, size,
    )  # fmt: skip


def _correlations(products: np.ndarray, sums: np.ndarray, rows: int) -> np.ndarray:
    """Correlations [columns, columns]; 0 with itself, and where a column is constant."""
    covariances = products / rows - np.outer(sums, sums) / rows**2
    spread = np.sqrt(np.clip(covariances.diagonal(), 0.0, None))
    scale = np.outer(spread, spread)
    found = np.divide(covariances, scale, out=np.zeros_like(scale), where=scale > 1e-9)
    np.fill_diagonal(found, 0.0)
    return found


def _standard_ranks(rows: np.ndarray) -> np.ndarray:
    """Ranks of each column with mean 0 and variance 1; of a constant column 0: [rows, columns]."""
    ranks = rankdata(rows, axis=0)
    ranks -= ranks.mean(axis=0)
    spread = ranks.std(axis=0)
    return np.divide(ranks, spread, out=np.zeros_like(ranks), where=spread > 0)
