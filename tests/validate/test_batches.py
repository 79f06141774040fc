"""Rows in the form that TFDV counts, and bins on the reference's edges."""

from __future__ import annotations

import bisect
import itertools
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.validate.batches import as_lists, countable
from components.validate.bins import count_between, edges_of

UNHURRIED = settings(deadline=None)  # a busy machine is no failure
finite = st.floats(-1e9, 1e9, allow_subnormal=False)


@UNHURRIED
@given(st.lists(st.none() | st.integers(-5, 5), max_size=30))
def test_each_value_becomes_a_list_of_one(values: list[int | None]) -> None:
    lists = as_lists(pa.array(values, pa.int64()))
    assert lists.to_pylist() == [None if value is None else [value] for value in values]
    # TFDV reads the values below the lists: a missing row must not leave one there.
    assert len(lists.values) == sum(value is not None for value in values)


def test_a_slice_of_a_batch_is_only_that_slice() -> None:
    column = pa.array([1, None, 3, None, 5]).slice(1, 3)
    assert as_lists(column).to_pylist() == [None, [3], None]


def test_nan_counts_as_missing() -> None:
    assert countable(pa.array([1.0, math.nan, None])).to_pylist() == [1.0, None, None]


def test_times_are_microseconds_whatever_their_unit_and_zone() -> None:
    for kind in (pa.timestamp("s"), pa.timestamp("ns", "UTC"), pa.timestamp("ms", "Asia/Tokyo")):
        column = pa.array([1_700_000_000], pa.timestamp("s")).cast(kind)
        assert countable(column).to_pylist() == [1_700_000_000_000_000]


@UNHURRIED
@given(st.lists(finite, min_size=2, max_size=12).map(sorted))
def test_edges_ascend_and_part_values_that_fill_quantiles(quantiles: list[float]) -> None:
    edges = edges_of(quantiles)
    assert list(edges) == sorted(set(edges))
    for low, high in itertools.pairwise(quantiles):
        if low == high:
            below = bisect.bisect_right(edges, math.nextafter(low, -math.inf))
            at = bisect.bisect_right(edges, low)
            above = bisect.bisect_right(edges, math.nextafter(low, math.inf))
            assert below < at < above


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.none() | finite, min_size=1, max_size=30),
    st.lists(finite, min_size=2, max_size=8).map(sorted),
)
def test_every_value_falls_into_exactly_one_bin(
    tmp_path: Path, values: list[float | None], quantiles: list[float]
) -> None:
    edges = edges_of(quantiles)
    pq.write_table(pa.table({"x": pa.array(values, pa.float64())}), tmp_path / "a.parquet")
    counts = count_between([tmp_path / "a.parquet"], {"x": edges, "absent": (0.0,)})
    expected = [0] * (len(edges) + 1)
    for value in values:
        if value is not None:
            expected[bisect.bisect_right(edges, value)] += 1
    assert counts == {"x": tuple(expected)}
