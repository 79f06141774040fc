"""What is known at a time, and nothing later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from examples.replay.first import PROJECT
from examples.replay.score import Scores
from examples.replay.story import WEEK, Story
from examples.replay.warehouse import Warehouse
from phasegate.project.load import load_project

STORY = replace(Story(), weeks=3, customers=60, terminals=25, simulated=4, trained=3)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    made = Warehouse(tmp_path_factory.mktemp("warehouse") / "data", STORY)
    assert made.prepare(load_project(PROJECT))
    made.reset()
    return made


def ask(query: str) -> list[tuple]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(query).fetchall()


def known(warehouse: Warehouse, now: datetime) -> None:
    """Check all that the bank knows at a time against what will happen."""
    happened, folder = f"'{warehouse.folder}/happened.parquet'", warehouse.folder
    expected = (
        f"SELECT transaction_id, CASE WHEN label_time <= '{now}' THEN is_fraud END FROM {happened} "
        f"WHERE event_time < '{now}' ORDER BY 1"
    )
    events = f"SELECT transaction_id, is_fraud FROM '{folder}/events/*.parquet' ORDER BY 1"
    assert ask(events) == ask(expected)
    labels = f"SELECT transaction_id, is_fraud FROM '{folder}/labels/*.parquet' ORDER BY 1"
    came = f"SELECT transaction_id, is_fraud FROM {happened} WHERE label_time <= '{now}' ORDER BY 1"
    assert ask(labels) == ask(came)
    ((first, last, unknown),) = ask(
        "SELECT min(event_time), max(event_time), count(*) FILTER (is_fraud IS NULL) "
        f"FROM '{warehouse.training}'"
    )
    assert now - 4 * WEEK <= first < last < now - WEEK
    assert unknown == 0


def test_only_what_has_happened_is_known_and_only_labels_that_have_come(
    warehouse: Warehouse,
) -> None:
    now = STORY.live_from
    known(warehouse, now)
    for _, until in STORY.moments():
        warehouse.advance(now, until)
        now = until
        known(warehouse, now)
    warehouse.reset()
    known(warehouse, STORY.live_from)


def test_pieces_hold_the_served_customers_payments_with_features_each_once(
    warehouse: Warehouse,
) -> None:
    pieces = [warehouse.requests(since) for since, _ in STORY.moments()]
    listed = ", ".join(f"'{one}'" for one in pieces)
    found = ask(f"SELECT transaction_id FROM read_parquet([{listed}]) ORDER BY 1")
    expected = ask(
        f"SELECT transaction_id FROM '{warehouse.folder}/happened.parquet' WHERE event_time >= "
        f"'{STORY.live_from}' AND right(customer_id, 2)::INT < {STORY.served} ORDER BY 1"
    )
    assert found == expected
    assert len(found) > 500
    names = {name for name, *_ in ask(f"DESCRIBE FROM '{pieces[0]}'")}
    assert {"amount", "customer_id_amount_mean_7d", "terminal_id_is_fraud_mean_14d"} <= names
    assert not {"is_fraud", "label_time"} & names


def test_the_same_story_is_not_simulated_again(warehouse: Warehouse) -> None:
    assert not warehouse.prepare(load_project(PROJECT))


def test_decisions_are_scored_by_what_became_of_the_payments(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    decisions = tmp_path / "decisions.parquet"
    since, _ = STORY.moments()[0]
    ask(
        f"COPY (SELECT transaction_id, 1::TINYINT AS decision FROM '{warehouse.requests(since)}') "
        f"TO '{decisions}'"
    )
    scores, end = Scores(warehouse.truth, tmp_path, "m"), since + WEEK / 2
    broken = [(since + timedelta(hours=9), since + timedelta(days=1, hours=3))]
    decided, by_model = scores.of(since, end, decisions, broken)
    assert by_model == {}  # the log is empty
    assert all(one.guarded.rows == 0 for one in decided)
    rows = ask(
        "SELECT date_trunc('day', event_time), event_time >= '2025-03-03 09:00+00' AND "
        "event_time < '2025-03-04 03:00+00', sum(is_fraud)::INT, count(*) "
        f"FROM '{decisions}' JOIN '{warehouse.truth}' USING (transaction_id) GROUP BY ALL"
    )
    assert {
        (one.day, one.broken, one.unwatched.true_positive, one.unwatched.rows) for one in decided
    } == {(day.astimezone(UTC), is_broken, *counts) for day, is_broken, *counts in rows}
    assert len(decided) == 6  # four days, the first and the second one in two parts
