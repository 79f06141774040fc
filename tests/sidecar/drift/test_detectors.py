"""Detectors on samples: what they find, what they cannot, and that they never stop the sidecar."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import ks_2samp

from phasegate.sidecar.drift.detectors.closed_form import tests as closed_form
from phasegate.sidecar.drift.detectors.process import Detectors
from tests.sidecar.drift.streams import NUMERIC, TEXT, values

ROWS = 400


def frame(seed: int, shift: float = 0.0, **changed: object) -> pa.Table:
    columns = values(np.random.default_rng(seed), ROWS, shift) | changed
    return pa.table({name: pa.array(columns[name]) for name in (*NUMERIC, *TEXT)})


def by_feature(reference: pa.Table, window: pa.Table) -> dict[str, object]:
    return {one.feature: one for one in closed_form(reference, window, 0.01, 0)}


def test_missing_values_are_left_out_and_hide_nothing() -> None:
    shifted = values(np.random.default_rng(2), ROWS, 1.0)["amount"]
    shifted[::7] = math.nan
    found = by_feature(frame(0), frame(2, amount=shifted))["amount"]
    kept = shifted[np.isfinite(shifted)]
    exact = ks_2samp(frame(0)["amount"].to_numpy(), kept, method="asymp")
    assert (found.statistic, found.p_value) == (exact.statistic, exact.pvalue)  # type: ignore[attr-defined]
    assert found.rows == len(kept)  # type: ignore[attr-defined]


def test_a_column_without_values_has_no_number() -> None:
    found = by_feature(frame(0), frame(1, age=np.full(ROWS, math.nan)))["age"]
    assert math.isnan(found.p_value)  # type: ignore[attr-defined]
    assert math.isnan(found.statistic)  # type: ignore[attr-defined]


def test_a_column_without_values_in_the_reference_is_not_compared() -> None:
    empty = frame(0, age=np.full(ROWS, math.nan))
    assert "age" not in by_feature(empty, frame(1))


def test_new_and_missing_categories_are_compared() -> None:
    texts = values(np.random.default_rng(1), ROWS)["category"].astype(object)
    texts[:40], texts[40:60] = "moon", None
    found = by_feature(frame(0), frame(1, category=texts))["category"]
    assert found.p_value < 1e-6  # type: ignore[attr-defined]
    assert found.rows == ROWS - 20  # type: ignore[attr-defined]


def test_the_joint_test_has_its_level_and_sees_what_goes_together() -> None:
    """Of 60 drift-free windows, those with p < 0.05 are as few as chance makes them."""
    reference = frame(0)
    p_values = [by_feature(reference, frame(seed))[""].p_value for seed in range(1, 61)]  # type: ignore[attr-defined]
    assert sum(p < 0.05 for p in p_values) <= 8
    mixed = np.random.default_rng(9).permutation(values(np.random.default_rng(1), ROWS)["mean"])
    found = by_feature(reference, frame(1, mean=mixed))
    assert found[""].p_value <= 0.005  # type: ignore[attr-defined]
    assert found["mean"].p_value > 0.01  # type: ignore[attr-defined]


def test_constant_columns_and_unlike_marginals_are_no_matter_of_the_joint_test() -> None:
    steady = np.full(ROWS, 3.0)
    found = by_feature(frame(0, age=steady), frame(1, shift=2.0, age=steady))
    assert found["age"].p_value == 1.0  # type: ignore[attr-defined]
    assert found["amount"].p_value < 1e-9  # type: ignore[attr-defined]
    assert found[""].p_value > 0.01  # type: ignore[attr-defined]


@pytest.fixture
def reference_file(tmp_path: Path) -> Path:
    pq.write_table(frame(0), tmp_path / "sample.parquet")
    return tmp_path / "sample.parquet"


def test_a_process_that_was_killed_is_started_again(tmp_path: Path, reference_file: Path) -> None:
    detectors = Detectors("scipy", tmp_path / "work")
    try:
        first = detectors.find(reference_file, frame(1), 0.01, ROWS)
        assert first.problem == ""
        detectors._process.kill()  # type: ignore[union-attr]
        assert detectors.find(reference_file, frame(1), 0.01, ROWS) == first
    finally:
        detectors.close()


def test_what_fails_is_a_problem_and_no_result(tmp_path: Path, reference_file: Path) -> None:
    late = Detectors("scipy", tmp_path / "work", seconds=0.01)
    found = late.find(reference_file, frame(1), 0.01, ROWS)
    assert (found.tests, found.problem) == ((), "the detectors' process ended or took too long")
    late.close()
    lost = Detectors("scipy", tmp_path / "work")
    found = lost.find(tmp_path / "nowhere.parquet", frame(1), 0.01, ROWS)
    lost.close()
    assert found.tests == ()
    assert "nowhere" in found.problem
