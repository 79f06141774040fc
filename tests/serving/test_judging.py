"""Golden rows, and what is made of a server's answers to them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.validate_serving.golden import UNSEEN, as_objects, golden_rows, positions_of_test
from components.validate_serving.judging import Observation, failed, judge
from phasegate.contracts import Check, Judgement, Outcome
from phasegate.models import Input
from phasegate.serving.client import Answer

INPUTS = (Input("amount", "numeric"), Input("category", "categorical"))
DIGEST = "a" * 64
SERVING = {"tolerance": 0, "p99_ms": 250}
ROWS = [{"amount": 1.0}, {"amount": 2.0}]
SCORES, DECISIONS = np.array([0.1, 0.9]), np.array([0, 1], dtype=np.int8)
RIGHT = Answer((0.1, 0.9), (0, 1), DIGEST, "id")


def checks(answer: Answer, latencies: tuple[float, ...] = (1.0,), **serving) -> tuple[Check, ...]:
    seen = Observation({"REST v1": RIGHT, "REST v2": answer}, np.array(latencies), 1.0)
    return judge(seen, ROWS, SCORES, DECISIONS, DIGEST, {**SERVING, **serving})


def outcome(found: tuple[Check, ...]) -> Outcome:
    return Judgement("validate_serving", DIGEST, "", found).outcome


def test_equal_answers_pass() -> None:
    assert outcome(checks(RIGHT)) is Outcome.PASS


def test_one_bit_of_difference_blocks_and_shows_the_row() -> None:
    off = dataclasses.replace(RIGHT, scores=(0.1, float(np.nextafter(0.9, 1))))
    found = checks(off)
    assert outcome(found) is Outcome.BLOCK
    [wrong] = [check for check in found if check.outcome is Outcome.BLOCK]
    assert "0.9000000000000001 where offline is 0.9 for {'amount': 2.0}" in wrong.reason


def test_a_tolerance_allows_what_it_says_and_no_more() -> None:
    off = dataclasses.replace(RIGHT, scores=(0.1, 0.9 + 5e-7))
    assert outcome(checks(off, tolerance=1e-6)) is Outcome.PASS
    assert outcome(checks(off, tolerance=1e-7)) is Outcome.BLOCK


@pytest.mark.parametrize(
    "changed",
    [
        {"scores": (0.1,)},
        {"scores": ()},
        {"scores": (0.1, 0.9, 0.9)},
        {"scores": (0.1, float("nan"))},
        {"decisions": (0, 0)},
        {"decisions": (0,)},
        {"model_digest": "b" * 64},
        {"model_digest": ""},
    ],
)
def test_a_missing_or_wrong_part_of_an_answer_blocks(changed: dict) -> None:
    assert outcome(checks(dataclasses.replace(RIGHT, **changed))) is Outcome.BLOCK


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0.1, 1000))
def test_latency_passes_exactly_when_the_99th_percentile_is_within_its_limit(
    latencies: list[float], limit: float
) -> None:
    slower = sum(latency > limit for latency in latencies)
    found = outcome(checks(RIGHT, tuple(latencies), p99_ms=limit))
    # The percentile is one of the observed values, the next higher one.
    allowed = len(latencies) - 1 - int(np.ceil(0.99 * (len(latencies) - 1)))
    assert (found is Outcome.PASS) == (slower <= allowed)


def test_no_answer_blocks_with_the_reason() -> None:
    judged = Judgement("validate_serving", DIGEST, "", failed("the server died"))
    assert judged.outcome is Outcome.BLOCK
    assert judged.reasons == ("the server died",)


def test_golden_rows_are_spread_evenly_and_end_with_the_edges() -> None:
    amounts = [None, float("nan"), *np.arange(2.0, 100.0)]
    table = pa.table({"amount": amounts, "category": ["a", "b"] * 50, "other": range(100)})
    rows = as_objects(golden_rows(table, INPUTS, 10))
    assert rows[:10] == [
        {"amount": amounts[at] if at > 1 else None, "category": "ab"[at % 2]}
        for at in range(0, 100, 11)
    ]
    assert rows[10:] == [
        {"amount": None, "category": None},
        {"amount": 2.0, "category": "a"},
        {"amount": 99.0, "category": "a"},
        {"amount": None, "category": UNSEEN},
    ]


@given(st.integers(1, 30), st.integers(1, 50))
def test_no_row_is_taken_twice(size: int, count: int) -> None:
    table = pa.table({"amount": np.arange(float(size)), "category": ["a"] * size})
    taken = golden_rows(table, INPUTS, count).column("amount").to_pylist()[:-4]
    assert len(taken) == len(set(taken)) == min(size, count)


@pytest.mark.parametrize("has_time", [True, False])
def test_the_test_rows_are_the_last_in_time_or_else_in_row_order(has_time: bool) -> None:
    random = np.random.default_rng(1)
    time = random.permutation(100) + 1 if has_time else np.zeros(100, dtype=np.int64)
    table = pa.table({"_row": range(100), "_time": time, "_label": random.integers(0, 2, 100)})
    split = {"order": "auto", "validation": 0.2, "calibration": 0.2, "test": 0.2}
    expected = np.argsort(time, kind="stable")[80:]
    assert positions_of_test(table, split).tolist() == expected.tolist()
