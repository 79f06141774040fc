"""What a replay counts is what production counts of the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.prediction_log.pairs import Coverage
from phasegate.release.backtest.evidence import PastEvidence
from phasegate.release.backtest.rows import read_rows
from phasegate.release.backtest.table import TABLE
from phasegate.release.backtest.truth import fill_truth
from phasegate.release.backtest.valuation import valuation
from phasegate.release.evidence import Cohorts, Pairs
from phasegate.release.gathering.cohort_statistics import cohort_statistics
from phasegate.release.gathering.labels import LabelSource
from phasegate.release.gathering.pair_statistics import pair_statistics
from phasegate.release.policy import BusinessMetric, Minimum, Phase, Policy
from phasegate.release.record import ReleaseRecord, Status
from tests.release.backtest.streams import (
    CHALLENGER,
    CHAMPION,
    DAY,
    METRIC,
    START,
    Stream,
    policy,
    stream,
)

METRICS = {
    "bounded": METRIC,
    "unbounded": replace(METRIC, lower=None, upper=None),
    "before labels": BusinessMetric(
        "guess", "score * features.amount + CASE WHEN label THEN 7 ELSE 0 END", needs_label=False
    ),
    "sometimes null": BusinessMetric("some", "CASE WHEN amount > 20 THEN decision * amount END"),
    "none": None,
}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stream, object]]:
    made = stream(
        tmp_path_factory.mktemp("past") / "set", days=8, per_day=300, entities=60, gain=0.1
    )
    with duckdb.connect() as connection:
        made.fill(connection, "channel", "amount")
        # Two rows of one request, as a client sends that asks for several at a time.
        connection.execute(
            f"""UPDATE {TABLE} SET request_id = first.request_id, "row" = {TABLE}.place - 40,
                event_time = first.event_time, entity = first.entity, draw = first.draw,
                copy = first.copy
            FROM (FROM {TABLE} WHERE place = 40) AS first WHERE {TABLE}.place BETWEEN 41 AND 42"""
        )
        yield made, connection


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    metric=st.sampled_from(sorted(METRICS)),
    weight=st.sampled_from([0, 700, 5_000, 10_000]),
    mirror=st.sampled_from([0, 2_500, 10_000]),
    hours=st.tuples(st.integers(0, 190), st.integers(1, 190)),
    absent=st.sampled_from(["unknown", "negative"]),
)
def test_evidence_equals_that_of_the_log(past, metric, weight, mirror, hours, absent) -> None:
    made, connection = past
    labels = replace(made.labels, absent=absent, delay=timedelta(hours=30))
    phase = Phase("phase", weight, mirror, Minimum(DAY, 10, 10), 9 * DAY)
    rules = policy(labels, phases=(phase,), metric=METRICS[metric], slices=("channel", "amount"))
    since = START + timedelta(hours=hours[0])
    now = since + timedelta(hours=hours[1])
    record = _record(rules, since)

    fill_truth(connection, labels, Path("unused"))
    rows = read_rows(connection, rules.slices)
    found = PastEvidence(rows, valuation(connection, rules, rows) if rules.metric else None)(
        record, now
    )
    pairs, cohorts = _of_production(connection, rules, phase, since, now)
    _assert_equal(found.pairs, pairs if mirror else None)
    _assert_equal(found.cohorts, cohorts if weight else None)


def _of_production(
    connection: duckdb.DuckDBPyConnection,
    rules: Policy,
    phase: Phase,
    since: datetime,
    now: datetime,
) -> tuple[Pairs, Cohorts]:
    window = f"event_time >= '{since}' AND event_time < '{now}'"
    rows = connection.sql(f"FROM {TABLE} WHERE {window}")
    rows = LabelSource(rules.labels, Path("unused")).join(connection, rows, now)
    asked = rows.filter(f"draw >= {phase.weight}")
    copied = asked.filter(f"copy < {phase.mirror}")
    requests, answered = (
        one.aggregate("count(DISTINCT request_id)").fetchall()[0][0] for one in (asked, copied)
    )
    counts = Coverage(requests, answered, {}, requests - answered, 0, 0)
    pairs = copied.project("*, champion_latency_us AS challenger_latency_us")
    shared = 'request_id, "row", event_time, entity, champion_latency_us AS latency_us'
    sides = [
        rows.filter(f"draw {compared} {phase.weight}").project(
            f"{shared}, '{role}' AS role, {role}_score AS score, {role}_decision AS decision, "
            "NULL::VARCHAR AS error, features, label"
        )
        for role, compared in (("champion", ">="), ("challenger", "<"))
    ]
    return (
        pair_statistics(connection, pairs, counts, rules),
        cohort_statistics(connection, sides[0].union(sides[1]), rules),
    )


def _record(rules: Policy, since: datetime) -> ReleaseRecord:
    return ReleaseRecord(
        1, "fraud", "fraud-1", CHAMPION, CHALLENGER, rules, Status.RUNNING, 0,
        since, since, since, since, False, "",
    )  # fmt: skip


def _assert_equal(found: object, expected: object, where: str = "") -> None:
    """Integers exactly; sums of floats up to rounding."""
    if is_dataclass(expected):
        assert type(found) is type(expected), where
        for field in fields(expected):
            one, other = getattr(found, field.name), getattr(expected, field.name)
            _assert_equal(one, other, f"{where}.{field.name}")
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for name in expected:
            _assert_equal(found[name], expected[name], f"{where}[{name}]")
    elif isinstance(expected, float):
        assert np.isclose(found, expected, rtol=1e-9, atol=1e-9), (where, found, expected)
    else:
        assert found == expected, where
