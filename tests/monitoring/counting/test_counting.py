"""Counting: nothing is lost or counted twice, whoever counts and however the rows are divided."""

from __future__ import annotations

import math
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.monitoring.binning import Bins
from phasegate.monitoring.counting import count, count_panes, merged
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.distinct import distinct_rows

from .tables import HOUR, PANE, profile, references, rows, table


def those(values: list[tuple], positions: list[int]) -> pa.Table:
    """Some of the rows."""
    return table(values).take(pa.array(positions, pa.int64()))


@given(references, rows, st.lists(st.integers(0, 3), min_size=40, max_size=40), st.randoms())
def test_any_division_among_replicas_in_any_order_gives_the_same_counts(
    reference, values, replicas: list[int], chance: random.Random
) -> None:
    whole = count(reference, table(values))
    parts = [
        count(reference, those(values, [at for at in range(len(values)) if replicas[at] == who]))
        for who in range(4)
    ]
    chance.shuffle(parts)
    assert merged(reference, parts).to_json() == whole.to_json()
    assert WindowCounts.from_json(whole.to_json(), reference, "x").to_json() == whole.to_json()


@given(references, rows)
def test_panes_are_the_rows_by_event_time_and_add_up(reference, values) -> None:
    panes = count_panes(reference, table(values), PANE)
    assert (
        merged(reference, list(panes.values())).to_json()
        == count(reference, table(values)).to_json()
    )
    assert list(panes) == sorted(panes)
    for start, one in panes.items():
        hour = start.timestamp() // 3600
        there = [at for at, value in enumerate(values) if value[2] // HOUR == hour]
        assert one.to_json() == count(reference, those(values, there)).to_json()


@given(references, rows)
def test_each_row_is_in_a_bin_or_missing_or_no_value(reference, values) -> None:
    counts, answered = count(reference, table(values)), [one for one in values if not one[3]]
    assert (counts.rows, counts.failed) == (len(answered), len(values) - len(answered))
    amounts = [math.nan if one[0] is None else one[0] for one in answered]
    edges = (*reference.numeric[0].edges, math.inf)
    bins = [0] * len(edges)
    for one in amounts:
        if math.isfinite(one):
            bins[next(at for at, edge in enumerate(edges) if one <= edge)] += 1
    found = counts.features["amount"]
    assert found.bins.tolist() == bins
    assert found.missing == sum(math.isnan(one) for one in amounts)
    assert found.infinite == sum(math.isinf(one) for one in amounts)
    kinds, known = [one[1] for one in answered], reference.categorical[0].categories
    kind = counts.features["kind"]
    assert kind.bins.tolist() == [kinds.count(one) for one in known]
    assert kind.missing == kinds.count(None)
    unseen = {one for one in kinds if one is not None and one not in known}
    assert kind.unseen == sum(kinds.count(one) for one in unseen)
    assert kind.examples == tuple(sorted({one[:60] for one in unseen}))


@pytest.mark.parametrize(
    "edges",
    [
        [0.0],
        [-5e-324, 0.0],
        [1.0, math.nextafter(1.0, 2.0)],
        [-1e308, 0.0, 1e308],
        sorted({round(math.exp(at / 9), 3) for at in range(120)}),
        [10.0**at for at in range(-150, 150, 3)],
        [math.exp(2.5 * at / 400) for at in range(-1_000, 1_000)],
        [5e-324, 1e-323, 1.0, 2.0],
        [float(at) for at in range(127)],
    ],
    ids=lambda edges: f"{len(edges)} edges from {edges[0] if edges else None}",
)
def test_the_fast_way_puts_values_where_bisection_does(edges: list[float]) -> None:
    chance = np.random.default_rng(1)
    middle = np.array(edges)[chance.integers(0, len(edges), 20_000)]
    values = np.concatenate(
        [middle, np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf),
         middle * chance.normal(1, 0.01, len(middle)), [np.inf, -np.inf, 1.7e308, -1.7e308]]
    )  # fmt: skip
    expected = np.searchsorted(edges, values)
    assert Bins(edges).of(values).tolist() == expected.tolist()
    assert (
        Bins(edges).count(values).tolist()
        == np.bincount(expected, minlength=len(edges) + 1).tolist()
    )


def test_numbers_as_text_are_read_and_the_rest_is_told() -> None:
    reference = profile([1.0, 2.0, 3.0], ["a", "a", "b"])
    texts = ["1", " 2.5 ", "-1e3", "nan", "inf", "twelve", "", "1_000", "٣", None]
    features = pa.StructArray.from_arrays(
        [pa.array(texts), pa.array(["a"] * len(texts))], names=["amount", "kind"]
    )
    found = count(reference, pa.table({"features": features})).features["amount"]
    assert (found.finite, found.missing, found.infinite, found.invalid) == (3, 2, 1, 4)
    assert (found.low, found.high) == (-1000.0, 2.5)


def test_times_where_numbers_belong_are_invalid_and_an_absent_column_is_missing() -> None:
    reference = profile([1.0, 2.0], ["a", "b"])
    times = pa.array([1, 2, None], pa.timestamp("us"))
    features = pa.StructArray.from_arrays([times], names=["amount"])
    found = count(reference, pa.table({"features": features}))
    assert (found.features["amount"].invalid, found.features["amount"].missing) == (2, 1)
    assert found.features["kind"].missing == 3


def test_rows_that_came_twice_count_once() -> None:
    once = table([(1.0, "a", 0, False), (2.0, "b", 1, False), (None, None, 2, True)])
    twice = pa.concat_tables([once, once.slice(1), once])
    assert distinct_rows(twice).equals(once.combine_chunks())
    assert distinct_rows(once) is once


def test_counts_of_another_profile_are_refused() -> None:
    mine, other = profile([1.0, 2.0], ["a", "b"]), profile([1.0, 3.0], ["a", "b"])
    counts = count(other, table([(1.0, "a", 0, False)]))
    with pytest.raises(BadInput, match="cannot be added"):
        WindowCounts.none(mine) + counts
    with pytest.raises(BadInput, match="another model"):
        WindowCounts.from_json(counts.to_json(), mine, "somewhere")
