"""Detectors of alibi-detect: TabularDrift on each column, and ClassifierDrift on all together."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
from alibi_detect.cd import ClassifierDrift, TabularDrift
from sklearn.ensemble import RandomForestClassifier

from phasegate.sidecar.drift.detectors.columns import LEAST, Column, columns, matrices
from phasegate.sidecar.drift.detectors.findings import Test

_TREES = 100


def tests(reference: pa.Table, window: pa.Table, _level: float, seed: int) -> list[Test]:
    """All tests: KS or chi-square of each column; then whether a forest can tell rows apart.

    The joint test is a classifier two-sample test (Lopez-Paz and Oquab 2017): KS of out-of-bag
    predictions on either side.
    """
    found = [_test(one) for one in columns(reference, window)]
    return [*found, _joint(*matrices(reference, window), seed)]


def _test(column: Column) -> Test:
    method = "chi-square" if column.is_text else "KS"
    sizes = len(column.window), len(column.reference)
    if len(column.window) < LEAST:
        return Test(column.name, method, math.nan, math.nan, *sizes)
    codes = np.union1d(column.reference, column.window).astype(int).tolist()
    detector = TabularDrift(
        column.reference.reshape(-1, 1),
        categories_per_feature={0: codes} if column.is_text else None,
    )
    found = detector.predict(
        column.window.reshape(-1, 1),
        drift_type="feature",
        return_p_val=True,
        return_distance=True,
    )["data"]
    return Test(column.name, method, float(found["distance"][0]), float(found["p_val"][0]), *sizes)


def _joint(reference: np.ndarray, window: np.ndarray, seed: int) -> Test:
    detector = ClassifierDrift(
        reference,
        RandomForestClassifier(_TREES, min_samples_leaf=5, random_state=seed, n_jobs=1),
        backend="sklearn",
        preds_type="probs",
        binarize_preds=False,
        use_oob=True,
        seed=seed,
    )
    found = detector.predict(window, return_p_val=True, return_distance=True)["data"]
    return Test(
        "", "ClassifierDrift", float(found["distance"]), float(found["p_val"]),
        len(window), len(reference),
    )  # fmt: skip
