"""The kernel, the Ibis expression and the naive oracle agree to the last bit."""

from __future__ import annotations

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.features.definitions import Statistic
from phasegate.features.expression import feature_expression
from phasegate.features.windows import NO_ENTITY, window_statistics

from .oracle import expected_features
from .tables import DEFINITIONS, TABLES, computed

ON_DISK = {"memory_limit_bytes": 1}


def bits(rows: list[dict[str, object]]) -> list[str]:
    """Text that differs wherever two floats differ, signs of zero included."""
    names = ["_row", *(window.name for window in DEFINITIONS.windows)]
    return [repr([row[name] for name in names]) for row in rows]


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_the_kernel_gives_the_oracles_bits(rows):
    assert bits(computed(rows)) == bits(expected_features(rows, DEFINITIONS))


@settings(max_examples=15, deadline=None)
@given(TABLES)
def test_the_expression_on_duckdb_gives_the_oracles_bits(rows):
    assert bits(computed(rows, **ON_DISK)) == bits(expected_features(rows, DEFINITIONS))


@pytest.mark.parametrize("dialect", ["bigquery", "databricks"])
def test_the_expression_compiles_for_other_engines(dialect):
    events = ibis.table(
        {
            "_row": "int64",
            "_time": "int64",
            "_label": "int8",
            "_entity": "string",
            "number_amount": "float64",
            "number_fraud": "float64",
            "key_customer": "string",
            "key_terminal": "int64",
        },
        name="events",
    )
    query = str(ibis.to_sql(feature_expression(events, DEFINITIONS), dialect=dialect)).upper()
    assert "RANGE BETWEEN 3600000000 PRECEDING AND 1 PRECEDING" in query
    assert "RANGE BETWEEN 18000000000 PRECEDING AND 7200000001 PRECEDING" in query


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(NO_ENTITY, 3)), min_size=1, max_size=60),
    st.integers(1, 2**62 // 10**9),
    st.integers(0, 20),
)
def test_counts_are_right_whatever_the_chunks_and_widths(events, width, delay):
    """The clock of a chunk of many entities neither overflows nor mixes them."""
    time = np.array(sorted(moment for moment, _ in events), np.int64)
    codes = np.array([code for _, code in events], np.int32)
    values = {"value": np.ones(len(events))}
    statistics = [Statistic("entity", "value", width * 10**9, delay, 0)]
    counted = window_statistics(time, codes, values, statistics, threads=2)[:, 0, 0]
    expected = [
        sum(
            other >= 0 and other == code and now - delay - width * 10**9 <= then < now - delay
            for then, other in zip(time.tolist(), codes.tolist(), strict=True)
        )
        for now, code in zip(time.tolist(), codes.tolist(), strict=True)
    ]
    assert counted.tolist() == expected


def test_more_entities_than_a_16_bit_sort_holds():
    entities = 70_000
    codes = np.tile(np.arange(entities, dtype=np.int32), 2)
    time = np.repeat(np.array([0, 5], np.int64), entities)
    values = {"value": np.arange(2.0 * entities)}
    statistics = [Statistic("entity", "value", 5, 0, 0)]
    result = window_statistics(time, codes, values, statistics, threads=2)
    assert not result[:entities].any()
    assert (result[entities:, 0, 0] == 1).all()
    assert (result[entities:, 0, 1] == np.arange(entities)).all()
