"""Which rows are compared, which are not, and that the report says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from phasegate.errors import Unavailable
from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.detection import Detected, detect

from .planting import (
    DATA,
    DEFINITIONS,
    DIGEST,
    SINCE,
    UNTIL,
    World,
    clean_world,
    detected,
    write_log,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return clean_world(tmp_path_factory.mktemp("world"))


def looked(log: list[Path], events: dict[str, list[Path]], folder: Path, **rules: int) -> Detected:
    return detect(
        log, lambda: events, DATA, DEFINITIONS, SkewRules(events="x", **rules),
        key="transaction_id", model_digest=DIGEST, since=SINCE, until=UNTIL, folder=folder,
        threads=1,
    )  # fmt: skip


def no_findings(detected: Detected) -> bool:
    return not any(one.differing for one in detected.report.features)


def test_events_that_are_there_twice_count_once(world: World, tmp_path: Path) -> None:
    twice = pa.concat_tables([world.events, world.events.slice(100, 700)])
    found = detected(replace(world, events=twice), tmp_path)
    assert no_findings(found)
    assert found.report.rows == len(world.served)
    assert found.report.problems == (
        "700 raw events are there more than once; each was counted once.",
    )


def test_requests_whose_events_differ_are_not_compared(world: World, tmp_path: Path) -> None:
    last = world.events.slice(len(world.events) - 1)
    other = last.set_column(4, "amount", pa.array([1e6]))
    found = detected(replace(world, events=pa.concat_tables([world.events, other])), tmp_path)
    assert found.report.unmatched == 1
    assert any("raw events that differ" in problem for problem in found.report.problems)
    assert no_findings(found)


def test_events_in_any_order_and_kind_are_the_same(world: World, tmp_path: Path) -> None:
    order = np.random.default_rng(2).permutation(len(world.events))
    events = world.events.take(order)
    half = len(events) // 2
    pq.write_table(events.slice(0, half), tmp_path / "a.parquet")
    pyarrow.csv.write_csv(events.slice(half), tmp_path / "b.csv")
    files = {"parquet": [tmp_path / "a.parquet"], "csv": [tmp_path / "b.csv"]}
    found = looked(write_log(world, tmp_path), files, tmp_path)
    assert no_findings(found)
    assert found.report.rows == len(world.served)
    assert not found.report.problems


def test_requests_without_events_are_counted(world: World, tmp_path: Path) -> None:
    found = detected(replace(world, events=world.events.slice(0, len(world.events) - 9)), tmp_path)
    assert found.report.unmatched == 9
    assert any("have no raw event of their own" in text for text in found.report.problems)
    assert not found.report.alert


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda events: events.set_column(0, "transaction_id", pa.array(range(len(events)))),
         "No feature of any row could be compared"),
        (lambda events: events.slice(0, 0), "There are no raw events"),
        (lambda events: events.drop(["amount"]), "no column named 'amount'"),
        (lambda events: events.set_column(4, "amount", pa.array(["x"] * len(events))),
         "not a number"),
    ],
)  # fmt: skip
def test_rows_of_which_nothing_can_be_compared_alert(
    world: World, tmp_path: Path, change: object, words: str
) -> None:
    report = detected(replace(world, events=change(world.events)), tmp_path).report
    assert report.alert
    assert report.rows == 0
    assert report.unmatched == len(world.served)
    assert any(words in problem for problem in report.problems), report.problems


def test_a_window_without_requests_does_not_alert_and_says_so(tmp_path: Path) -> None:
    report = looked([], {}, tmp_path).report
    assert not report.alert
    assert report.problems


def test_a_store_that_does_not_answer_is_no_finding(world: World, tmp_path: Path) -> None:
    def away() -> dict[str, list[Path]]:
        raise Unavailable("the bucket did not answer")

    with pytest.raises(Unavailable):
        detect(
            write_log(world, tmp_path), away, DATA, DEFINITIONS, SkewRules(), key="transaction_id",
            model_digest=DIGEST, since=SINCE, until=UNTIL, folder=tmp_path, threads=1,
        )  # fmt: skip


def test_copies_failures_repetitions_and_other_models_are_not_compared(
    world: World, tmp_path: Path
) -> None:
    rows = len(world.served)
    # Earlier, so that they would be taken for the first of several answers.
    earlier = pc.subtract(world.served["_time"], 1)
    wrong = world.with_served(amount=world.column("amount") + 1, _time=earlier)
    pq.write_table(world.events, tmp_path / "raw.parquet")
    logs = [
        write_log(world, tmp_path / "right"),
        write_log(world, tmp_path / "again"),
        write_log(wrong, tmp_path / "shadow", role=pa.array(["shadow"] * rows)),
        write_log(wrong, tmp_path / "failed", error=pa.array(["timeout"] * rows)),
        write_log(wrong, tmp_path / "other", model_digest=pa.array(["cd" * 32] * rows)),
    ]
    found = looked(
        [file for log in logs for file in log], {"parquet": [tmp_path / "raw.parquet"]}, tmp_path
    )
    assert found.report.rows == rows
    assert no_findings(found)


def test_requests_of_several_rows_are_not_compared(world: World, tmp_path: Path) -> None:
    rows = np.zeros(len(world.served), np.int32)
    ids = world.served["_id"].to_pylist()
    ids[1], rows[1] = ids[0], 1
    pq.write_table(world.events, tmp_path / "raw.parquet")
    log = write_log(world, tmp_path, request_id=pa.array(ids), row=pa.array(rows))
    report = looked(log, {"parquet": [tmp_path / "raw.parquet"]}, tmp_path).report
    assert report.unmatched == 2
    assert report.rows == len(ids) - 2
    assert any("more than one row" in problem for problem in report.problems)


def test_of_many_rows_the_same_few_are_taken(world: World, tmp_path: Path) -> None:
    found = [detected(world, tmp_path / name, rows=100) for name in "ab"]
    first, second = (one.served.rows["_request_id"].to_pylist() for one in found)
    assert first == second
    assert len(first) == found[0].report.rows == 100
    assert found[0].served.logged == len(world.served)


def test_hashed_dropped_and_absent_features_are_named(world: World, tmp_path: Path) -> None:
    served = world.served.drop(["amount"])
    hashes = pa.array(["0123456789abcdef" * 2] * len(served))
    served = served.set_column(served.schema.get_field_index("category"), "category", hashes)
    place = served.schema.get_field_index("distance_km")
    served = served.set_column(place, "distance_km", hashes)
    report = detected(replace(world, served=served), tmp_path).report
    assert [text.split(" ")[0] for text in report.problems] == [
        "amount", "distance_km", "category",
    ]  # fmt: skip
    assert len(report.features) == 11
    assert not report.alert


def test_requests_at_another_time_than_their_events_are_told(world: World, tmp_path: Path) -> None:
    late = world.with_served(_time=pc.add(world.served["_time"], 3_600_000_000))
    report = detected(late, tmp_path).report
    assert any("by +1 hours" in problem for problem in report.problems)


def test_labels_that_are_not_known_yet_change_nothing(world: World, tmp_path: Path) -> None:
    young = pc.greater_equal(
        world.events["event_time"], pa.scalar(UNTIL).cast(world.events["event_time"].type)
    )
    known = pc.less(
        pc.subtract(pa.scalar(UNTIL).cast(pa.timestamp("us", tz="UTC")),
                    world.events["event_time"]).cast(pa.int64()),
        2 * 86_400_000_000,
    )  # fmt: skip
    labels = pc.if_else(pc.or_(young, known), pa.scalar(None, pa.int8()), world.events["is_fraud"])
    place = world.events.schema.get_field_index("is_fraud")
    events = world.events.set_column(place, "is_fraud", labels)
    report = detected(replace(world, events=events), tmp_path).report
    assert not report.problems
    assert not any(one.differing for one in report.features)


def test_windows_over_labels_that_are_nowhere_are_not_compared(
    world: World, tmp_path: Path
) -> None:
    report = detected(replace(world, events=world.events.drop(["is_fraud"])), tmp_path).report
    assert any("have no labels" in problem for problem in report.problems)
    assert len(report.features) == 12
    assert not any(one.differing for one in report.features)
