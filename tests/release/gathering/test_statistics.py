"""Pairs and cohorts by DuckDB, against loops; the same bits however they are computed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.prediction_log.pairs import Coverage
from phasegate.release.gathering.cohort_statistics import cohort_statistics
from phasegate.release.gathering.expression import BadMetric
from phasegate.release.gathering.pair_statistics import pair_statistics
from phasegate.release.policy import BusinessMetric, Policy
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES
from phasegate.values import to_json
from tests.release.gathering import oracle
from tests.release.gathering.comparing import assert_same
from tests.release.gathering.relations import ANSWERS, PAIRS, START, answers, pairs, table

POLICY = Policy((), slices=("category",), metric=oracle.METRIC_ON_KNOWN)
COUNTS = Coverage(10, 6, {"internal": 1, "conflict": 1}, 1, 0, 1)
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        yield connection


def of_pairs(connection: Any, rows: Any, policy: Policy = POLICY) -> Any:
    rows = rows if isinstance(rows, pa.Table) else table(rows, PAIRS)
    return pair_statistics(connection, connection.from_arrow(rows), COUNTS, policy)


def of_cohorts(connection: Any, rows: Any, policy: Policy = POLICY) -> Any:
    rows = rows if isinstance(rows, pa.Table) else table(rows, ANSWERS)
    return cohort_statistics(connection, connection.from_arrow(rows), policy)


def pair(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "request_id": f"{number}", "row": 0, "event_time": START, "entity": None,
        "champion_score": 0.2, "champion_decision": 0, "champion_latency_us": 900,
        "challenger_score": 0.7, "challenger_decision": 1, "challenger_latency_us": 1100,
        "features": {"amount": 4.0, "category": "x"}, "label": True, **changes,
    }  # fmt: skip


def answer(number: int, role: str, entity: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "request_id": f"{number}", "row": 0, "event_time": START, "entity": entity, "role": role,
        "score": 0.2, "decision": 0, "latency_us": 900, "error": None,
        "features": {"amount": 4.0, "category": "x"}, "label": True, **changes,
    }  # fmt: skip


def failure(number: int, role: str, entity: str | None) -> dict[str, Any]:
    nothing = {"score": None, "decision": None, "features": None}
    return answer(number, role, entity, error="internal", **nothing)


@SLOW
@given(rows=pairs())
def test_pairs_are_those_of_loops(connection, rows):
    counts = {"requests": 10, "answered": 6, "failed": 2, "absent": 1, "conflicting": 1}
    assert_same(of_pairs(connection, rows), oracle.of_pairs(rows, counts))


@SLOW
@given(rows=answers())
def test_cohorts_are_those_of_loops(connection, rows):
    assert_same(of_cohorts(connection, rows), oracle.of_cohorts(rows))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=answers(), seed=st.integers(0, 100))
def test_the_order_of_rows_changes_no_bit(connection, rows, seed):
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert to_json(of_cohorts(connection, rows)) == to_json(of_cohorts(connection, shuffled))


def many(count: int) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(7)
    return {
        "amount": numbers.lognormal(3, 3, count).clip(0, 1000),
        "score": numbers.random(count),
        "decision": numbers.integers(0, 2, count).astype(np.int8),
        "latency": numbers.integers(200, 4000, count),
        "entity": numbers.integers(0, count // 7, count),
        "time": numbers.integers(0, 10**9, count),
        "label": numbers.random(count) < 0.3,
    }


def many_pairs(count: int) -> pa.Table:
    of = many(count)
    categories = (of["entity"] % 3).astype(str)
    columns = {
        "request_id": [f"r{i}" for i in range(count)],
        "row": np.zeros(count, np.int32),
        "event_time": pa.array(of["time"]).cast(pa.timestamp("us", "UTC")),
        "entity": of["entity"].astype(str),
        "champion_score": of["score"],
        "challenger_score": of["score"][::-1],
        "champion_decision": of["decision"],
        "challenger_decision": of["decision"][::-1],
        "champion_latency_us": of["latency"],
        "challenger_latency_us": of["latency"][::-1],
        "features": pa.StructArray.from_arrays(
            [pa.array(of["amount"]), pa.array(categories)], ["amount", "category"]
        ),
        "label": of["label"],
    }
    return pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)


def test_threads_and_repetition_change_no_bit():
    rows = many_pairs(200_000)
    answered = rows.select(["request_id", "row", "event_time", "entity", "features", "label"])
    answered = (
        answered.append_column("role", pa.array(["champion", "challenger"] * 100_000))
        .append_column("score", rows["champion_score"])
        .append_column("decision", rows["champion_decision"])
        .append_column("latency_us", rows["champion_latency_us"])
        .append_column("error", pa.nulls(len(rows), pa.string()))
        .select(ANSWERS.names)
    )
    texts = set()
    for threads in (1, 2, 2, 4):
        with duckdb.connect(config={"threads": threads}) as connection:
            found = [of_pairs(connection, rows), of_cohorts(connection, answered)]
            texts.add(canonical_json([to_json(one) for one in found]))
    assert len(texts) == 1


@pytest.mark.parametrize("edges", [SCORE_EDGES, LATENCY_EDGES_US], ids=["scores", "latencies"])
def test_bins_are_those_of_numpy_on_the_edges_themselves(connection, edges):
    beside = [np.nextafter(edges, -np.inf), edges, np.nextafter(edges, np.inf)]
    values = np.concatenate([*beside, [0.0, -1.0, 1e12]])
    column = "challenger_score" if edges is SCORE_EDGES else "challenger_latency_us"
    kind = PAIRS.field(column).type
    values = values if edges is SCORE_EDGES else values.astype(np.int64)
    rows = table([pair(number) for number in range(len(values))], PAIRS)
    rows = rows.set_column(rows.column_names.index(column), column, pa.array(values, kind))
    found = of_pairs(connection, rows)
    counted = found.challenger_scores if edges is SCORE_EDGES else found.challenger_latency
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    assert counted == tuple(np.bincount(bins, minlength=len(edges) - 1))


def test_only_the_most_frequent_values_of_a_slice_are_told_apart(connection):
    rows = []
    for number in range(60):
        for _ in range(60 - number):
            cells = {"amount": 1.0, "category": f"c{number:02}"}
            rows.append(pair(len(rows), features=cells))
    rows += [pair(len(rows) + i, features={"amount": 1.0, "category": None}) for i in range(2)]
    found = of_pairs(connection, rows).slices["category"]
    assert len(found) == 52
    assert found["(other)"].of == sum(range(1, 11))
    assert found["(missing)"].of == 2
    assert found["c49"].of == 11
    assert "c50" not in found


def test_an_unknown_slice_is_named_with_what_there_is(connection):
    with pytest.raises(BadInput, match=r"'colour'.*amount, category"):
        of_pairs(connection, [pair()], replace(POLICY, slices=("colour",)))


def test_nothing_logged_is_no_evidence_and_no_error(connection):
    schema = PAIRS.set(10, pa.field("features", pa.struct([("none", pa.float64())])))
    found = of_pairs(connection, schema.empty_table())
    assert (found.rows, found.champion_value.entities, found.bounded) == (0, 0, None)
    cohorts = of_cohorts(connection, [])
    assert (cohorts.challenger.requests, cohorts.challenger.value.requests) == (0, 0)
    assert math.isinf(cohorts.challenger.value.standard_error)


def test_a_challenger_that_is_down_fails_what_the_champion_answers_instead(connection):
    rows = [
        *(answer(1, "challenger", "theirs"), answer(2, "champion", "ours")),
        *(failure(3, "challenger", "theirs"), answer(3, "champion", "theirs", decision=1)),
        answer(4, "champion", "theirs", decision=1, features={"amount": 9.0, "category": "x"}),
    ]
    found = of_cohorts(connection, rows)
    assert (found.champion.requests, found.champion.failed) == (1, 0)
    assert (found.challenger.requests, found.challenger.failed) == (3, 2)
    assert (found.challenger.entities, found.crossed) == (1, 1)
    assert found.challenger.decisions.value == 2
    assert found.challenger.value.value == 0.25 + 4 + 9
    assert sum(found.challenger.latency) == 1


def test_a_late_challenger_is_not_relieved_of_its_answer(connection):
    late = answer(1, "challenger", "theirs", latency_us=3_000_000, decision=1)
    found = of_cohorts(connection, [late, answer(1, "champion", "theirs")])
    assert (found.challenger.requests, found.challenger.failed) == (1, 0)
    assert found.challenger.decisions.value == 1
    assert sum(found.challenger.latency[700:]) == 1


def test_an_entity_named_as_a_request_is_another_one(connection):
    rows = [answer(1, "champion", None), answer(2, "challenger", "1")]
    assert of_cohorts(connection, rows).crossed == 0


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (BusinessMetric("v", "ln(decision)"), "infinite|logarithm"),
        (BusinessMetric("v", "'nan'::DOUBLE"), "infinite or not a number"),
        (
            BusinessMetric("v", "1e300 * 1e300 * decision"),
            "infinite or not a number|Overflow|range",
        ),
        (BusinessMetric("v", "amount", lower=0, upper=3), "worth 4, beyond the declared 3"),
        (BusinessMetric("v", "amount", lower=5), "worth 4, beyond the declared 5"),
        (BusinessMetric("v", "CASE WHEN decision = 1 THEN amount END"), "null for the other"),
        (BusinessMetric("v", "category"), "VARCHAR, not numbers"),
        (BusinessMetric("v", "decision = 1"), "BOOLEAN, not numbers"),
        (BusinessMetric("v", "CAST(category AS INTEGER)"), "Could not convert"),
        (BusinessMetric("v", "amount + colour"), "'colour' is no column.*amount, category"),
    ],
)
def test_a_metric_that_comes_to_no_sound_number_is_refused(connection, metric, reason):
    with pytest.raises(BadMetric, match=reason):
        of_pairs(connection, [pair()], replace(POLICY, metric=metric))


def test_a_bound_holds_but_for_rounding(connection):
    metric = BusinessMetric("v", "0.1 + 0.2::DOUBLE", lower=0, upper=0.3)
    found = of_pairs(connection, [pair()], replace(POLICY, metric=metric))
    assert found.champion_value.value == pytest.approx(0.3)
    assert found.bounded.total == 0.5


def test_each_model_is_worth_what_it_decides(connection):
    metric = BusinessMetric(
        "v",
        "CASE role WHEN 'champion' THEN 1 ELSE 100 END + score + 10 * decision"
        " + latency_us / 1000 + (event_time = TIMESTAMP '2025-03-01')::INTEGER * 1000",
    )
    found = of_pairs(connection, [pair()], replace(POLICY, metric=metric))
    assert found.champion_value.value == pytest.approx(1 + 0.2 + 0.9 + 1000)
    assert found.difference.value == pytest.approx(99 + 0.5 + 10 + 0.2)
    assert found.bounded is None


def test_rows_without_a_label_count_where_none_is_needed(connection):
    rows = [pair(0, label=None), pair(1)]
    metric = BusinessMetric("v", "decision")
    for needs_label, expected in ((True, 1), (False, 2)):
        policy = replace(POLICY, metric=replace(metric, needs_label=needs_label))
        assert of_pairs(connection, rows, policy).champion_value.requests == expected


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1.0, 1e12, 1e120])
def test_sums_keep_their_digits_at_any_scale(connection, scale):
    numbers = np.random.default_rng(3).normal(size=200) * scale
    rows = [
        pair(i, champion_decision=1, challenger_decision=0, entity=f"{i % 40}",
             features={"amount": float(x), "category": None})
        for i, x in enumerate(numbers)
    ]  # fmt: skip
    metric = BusinessMetric("v", "amount")
    found = of_pairs(connection, rows, replace(POLICY, metric=metric)).champion_value
    sums = [math.fsum(numbers[i::40]) for i in range(40)]
    assert found.value == pytest.approx(math.fsum(numbers), rel=1e-12, abs=1e-12 * scale)
    if scale > 1e-100:
        assert found.value_squared == pytest.approx(math.fsum(s * s for s in sums), rel=1e-12)
