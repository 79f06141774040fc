"""Profiles: edges that suit the values, the same bytes for the same rows, whatever they are."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.models import Input
from phasegate.monitoring.edges import edges
from phasegate.monitoring.profile import BINS, Profile
from phasegate.monitoring.profiling import kinds, numeric_reference, table_profile

from .tables import profile, references

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.one_of(finite, st.integers(0, 9).map(float)), max_size=400))
def test_edges_rise_and_are_few(values: list[float]) -> None:
    found = edges(np.array(values, float))
    assert len(found) < BINS
    assert all(math.isfinite(one) for one in found)
    assert list(found) == sorted(set(found))


@given(st.lists(st.integers(-60, 60), min_size=1, max_size=400))
def test_few_distinct_values_have_a_bin_each_and_nothing_else_is_in_it(values: list[int]) -> None:
    found = numeric_reference("x", np.array(values, float))
    distinct = sorted(set(values))
    assert found.edges[1:] == tuple(float(one) for one in distinct)
    assert found.counts == (0, *(values.count(one) for one in distinct), 0)
    assert found.is_constant == (len(distinct) == 1)


@given(st.integers(0, 2**32), st.integers(200, 3000))
def test_quantile_edges_are_short_and_split_the_rows_as_exact_ones_do(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).lognormal(3, 2, n)
    found = edges(values)
    exact = np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    assert len(found) == len(exact)
    assert (np.searchsorted(found, values) == np.searchsorted(exact, values)).all()
    assert (np.abs(np.array(found) - exact) <= 1e-3 * exact).all()
    assert sum(len(repr(one)) for one in found) < 0.75 * sum(
        len(repr(one)) for one in exact.tolist()
    )


@given(references)
def test_a_profile_is_read_as_it_was_written(reference: Profile) -> None:
    assert Profile.from_bytes(reference.content, "x").digest == reference.digest
    counted = reference.numeric[0]
    assert sum(counted.counts) + counted.missing + counted.infinite == reference.rows
    kind = reference.categorical[0]
    assert sum(kind.counts) + kind.others + kind.missing == reference.rows


def test_the_order_of_rows_changes_no_byte() -> None:
    chance = np.random.default_rng(3)
    amounts, order = chance.normal(size=2000), chance.permutation(2000)
    names = [f"c{at % 300}" for at in range(2000)]
    columns = (Input("amount", "numeric"), Input("name", "categorical"))
    table = pa.table({"amount": amounts, "name": names})
    first = table_profile(table, columns, name="t")
    assert first.content == table_profile(table.take(pa.array(order)), columns, name="t").content
    assert len(first.categorical[0].categories) == 256
    assert first.categorical[0].others == 2000 - sum(first.categorical[0].counts)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, 7.0, 0.0, -0.0])
def test_columns_without_a_distribution_are_profiled_too(value: float | None) -> None:
    found = profile([value] * 3, [None] * 3)
    assert found.numeric[0].is_constant
    assert found.categorical[0].is_constant
    assert Profile.from_bytes(found.content, "x").digest == found.digest


def test_a_changed_profile_is_refused() -> None:
    found = profile([1.0, 2.0, 4.0], ["a", "b", "b"])
    with pytest.raises(BadInput, match="belongs to another model"):
        Profile.from_bytes(found.content.replace(b'"high":4.0', b'"high":5.0'), "x",
                           digest=found.digest)  # fmt: skip


def test_what_is_no_number_in_a_reference_is_refused_and_no_rows_too() -> None:
    column = (Input("x", "numeric"),)
    with pytest.raises(BadInput, match=r"2 values are no numbers, such as 'one'"):
        table_profile(pa.table({"x": ["1", "one", "two"]}), column, name="t")
    with pytest.raises(BadInput, match="no reference rows"):
        table_profile(pa.table({"x": pa.array([], pa.float64())}), column, name="t")


def test_times_are_not_compared() -> None:
    table = pa.table({"at": pa.array([1], pa.timestamp("us")), "ok": [True], "n": [1], "x": [0.5]})
    assert [(one.name, one.kind) for one in kinds(table)] == [
        ("ok", "categorical"), ("n", "numeric"), ("x", "numeric"),
    ]  # fmt: skip
