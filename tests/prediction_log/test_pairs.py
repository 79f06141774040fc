"""Matched pairs and their coverage, against loops over the records."""

from __future__ import annotations

import struct
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.prediction_log.pairs import Coverage, coverage, matched
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from tests.prediction_log.examples import DAY, NOON, SOURCE, failure, prediction

CHAMPION = replace(SOURCE, model_digest="a" * 64)
SHADOW = replace(SOURCE, model_digest="b" * 64, numeric=("mean_7d",), text=("amount", "colour"))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def store(folder: Path, source: Source, *segments: list[Prediction]) -> list[Path]:
    """Seal segments as the sidecar does; returns their files."""
    files = []
    for number, records in enumerate(segments):
        for name, part in partitions(table(records, source), source, f"{number:064d}"):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(parquet_bytes(part))
            files.append(file)
    return files


@dataclass(frozen=True)
class Logged:
    """A record in brief: variant decides the features, error is for failures."""

    request: int
    time: int
    latency: int
    rows: int
    variant: int
    error: str | None
    role: str

    def prediction(self, source: Source) -> Prediction:
        common = {
            "event_time": NOON + self.time,
            "latency": self.latency,
            "role": self.role,
            "request_id": f"request-{self.request}",
        }
        if self.error:
            return failure(kind=self.error, **common)
        cells = [float(self.variant)] * self.rows * len(source.numeric)
        return prediction(
            **common,
            numeric=struct.pack(f"<{len(cells)}d", *cells),
            categories=[[None] * self.rows for _ in source.text],
            scores=struct.pack(f"<{self.rows}d", *(self.score(row) for row in range(self.rows))),
            decisions=bytes(self.rows),
        )

    def score(self, row: int) -> float:
        return self.latency + row / 8


@st.composite
def logged(draw: st.DrawFn, role: str) -> list[Logged]:
    """Records of few requests, so that ids are repeated; latencies are unique."""
    count = draw(st.integers(0, 7))
    return [
        Logged(
            request=draw(st.integers(0, 3)),
            time=draw(st.integers(0, 3)),
            latency=latency,
            rows=draw(st.sampled_from([1, 1, 1, 2])),
            variant=draw(st.sampled_from([0, 0, 0, 1])),
            error=draw(st.sampled_from([None, None, None, "timeout", "bad_request"])),
            role=draw(st.sampled_from([role] * 5 + ["challenger"])),
        )
        for latency in range(count)
    ]


def by_request(records: list[Logged], role: str) -> dict[int, list[Logged]]:
    found = defaultdict(list)
    for record in records:
        if record.role == role:
            found[record.request].append(record)
    return found


def naive(
    champion: list[Logged], shadow: list[Logged]
) -> tuple[dict[tuple[str, int], tuple[float, float]], Coverage]:
    """Scores by request and row, and coverage, request by request."""
    pairs, outcomes, failed = {}, Counter[str](), Counter[str]()
    shadows = by_request(shadow, "shadow")
    for request, firsts in by_request(champion, "champion").items():
        seconds = shadows[request]
        answers = [[one for one in side if not one.error] for side in (firsts, seconds)]
        if not answers[0]:
            continue
        things = [{(one.rows, one.variant) for one in side} for side in answers]
        if max(map(len, things)) > 1 or len({rows for side in things for rows, _ in side}) > 1:
            outcomes["conflicting"] += 1
            continue
        outcomes["repeated"] += len(firsts) > 1 or len(seconds) > 1
        if answers[1]:
            outcomes["answered"] += 1
            first, second = (min(side, key=lambda one: (one.time, one.latency)) for side in answers)
            for row in range(first.rows):
                pairs[f"request-{request}", row] = (first.score(row), second.score(row))
        elif seconds:
            failed[min(one.error or "" for one in seconds)] += 1
        else:
            outcomes["absent"] += 1
    totals = {name: outcomes[name] for name in ("answered", "absent", "repeated", "conflicting")}
    requests = sum(totals.values()) - totals["repeated"] + failed.total()
    return pairs, Coverage(requests=requests, failed=dict(failed), **totals)


@settings(max_examples=60)
@given(
    champion=logged("champion"),
    shadow=logged("shadow"),
    cut=st.integers(0, 7),
    window=st.tuples(st.none() | st.integers(0, 3), st.none() | st.integers(0, 3)),
)
def test_pairs_and_coverage_are_what_loops_find(
    connection: duckdb.DuckDBPyConnection,
    champion: list[Logged],
    shadow: list[Logged],
    cut: int,
    window: tuple[int | None, int | None],
) -> None:
    since, until = window
    inside = [
        one
        for one in champion
        if (since is None or one.time >= since) and (until is None or one.time < until)
    ]
    pairs, covered = naive(inside, shadow)
    times = {
        name: None if time is None else moment(time)
        for name, time in (("since", since), ("until", until))
    }
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for source, records in ((CHAMPION, champion), (SHADOW, shadow)):
            made = [one.prediction(source) for one in records]
            files += store(Path(folder), source, made[:cut], made[cut:])
        asked = (connection, files, CHAMPION.model_digest, SHADOW.model_digest)
        rows = matched(*asked, **times).project('request_id, "row", champion_score, shadow_score')
        assert sorted(rows.fetchall()) == sorted((*key, *both) for key, both in pairs.items())
        assert coverage(*asked, **times) == covered


def moment(offset: int) -> datetime:
    return datetime.fromtimestamp(NOON // 1_000_000, UTC) + timedelta(microseconds=offset)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three requests, answered by both on two days; the champion's features are its own."""
    days = [prediction(number, event_time=NOON + number * DAY) for number in range(3)]
    shadows = [
        replace(one, role="shadow", numeric=b"\0" * 8, categories=[["x"], ["red"]], latency=5)
        for one in days
    ]
    return store(tmp_path, CHAMPION, days) + store(tmp_path, SHADOW, shadows)


def pairs_of(
    connection: duckdb.DuckDBPyConnection, files: list[Path], **settings: Any
) -> duckdb.DuckDBPyRelation:
    return matched(connection, files, CHAMPION.model_digest, SHADOW.model_digest, **settings)


def test_a_pair_has_both_answers_and_the_champions_features(
    connection: duckdb.DuckDBPyConnection, files: list[Path]
) -> None:
    pair, *_ = pairs_of(connection, files).order("event_time").to_arrow_table().to_pylist()
    assert pair == {
        "request_id": "request-0",
        "row": 0,
        "event_time": moment(0),
        "entity": "customer-7",
        "champion_score": 0.0,
        "shadow_score": 0.0,
        "champion_decision": 1,
        "shadow_decision": 1,
        "champion_latency_us": 800,
        "shadow_latency_us": 5,
        "features": {"amount": 0.0, "mean_7d": 0.5, "category": "food"},
    }


def test_pairs_are_read_when_they_are_asked_for(
    connection: duckdb.DuckDBPyConnection, files: list[Path]
) -> None:
    pairs = pairs_of(connection, files)
    assert "READ_PARQUET" in pairs.explain()
    files[0].unlink()
    with pytest.raises(duckdb.IOException):
        pairs.fetchall()


def test_a_challenger_is_compared_under_its_own_name(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    files = store(tmp_path, CHAMPION, [prediction()])
    files += store(
        tmp_path, replace(CHAMPION, model_digest="b" * 64), [prediction(role="challenger")]
    )
    pairs = pairs_of(connection, files, role="challenger")
    assert pairs.project("champion_score, challenger_score").fetchall() == [(0.0, 0.0)]
    assert pairs_of(connection, files).fetchall() == []


def test_a_time_of_any_zone_is_the_same_moment(
    connection: duckdb.DuckDBPyConnection, files: list[Path]
) -> None:
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    second = moment(DAY)
    elsewhere = second.astimezone(timezone(timedelta(hours=-5)))
    for since in (second, elsewhere, second.replace(tzinfo=None)):
        pairs = pairs_of(connection, files, since=since).project("request_id").fetchall()
        assert sorted(pairs) == [("request-1",), ("request-2",)]


def test_labels_join_by_request_or_by_another_column(
    connection: duckdb.DuckDBPyConnection, files: list[Path]
) -> None:
    by_request = connection.sql(
        "FROM (VALUES ('request-0', 1), ('request-1', 0), ('request-1', 0), ('request-2', 0),"
        " ('request-2', 1), ('request-9', 1)) AS given(request_id, label)"
    )
    pairs = pairs_of(connection, files, labels=by_request).project("request_id, label")
    # What is labelled twice alike is labelled; what is labelled both ways is not.
    assert sorted(pairs.fetchall()) == [("request-0", 1), ("request-1", 0), ("request-2", None)]

    by_row = connection.sql("SELECT 'request-0' AS request_id, 0 AS row, 'yes' AS label")
    pairs = pairs_of(connection, files, labels=by_row, label_key=("request_id", "row"))
    assert sorted(pairs.project("request_id, label").fetchall()) == [
        ("request-0", "yes"),
        ("request-1", None),
        ("request-2", None),
    ]
    by_entity = connection.sql("SELECT 'customer-7' AS entity, 1 AS label")
    pairs = pairs_of(connection, files, labels=by_entity, label_key=("entity",))
    assert pairs.project("label").fetchall() == [(1,)] * 3


def test_labels_without_their_columns_are_refused(
    connection: duckdb.DuckDBPyConnection, files: list[Path]
) -> None:
    labels = connection.sql("SELECT 1 AS request_id, 1 AS truth")
    with pytest.raises(BadInput, match="labels: no column named 'label'"):
        pairs_of(connection, files, labels=labels)
    labels = connection.sql("SELECT 1 AS transaction, 1 AS label")
    with pytest.raises(BadInput, match="matched pairs: no column named 'transaction'"):
        pairs_of(connection, files, labels=labels, label_key=("transaction",))


def test_a_model_without_records_answers_nothing(
    connection: duckdb.DuckDBPyConnection, files: list[Path]
) -> None:
    champion, nobody = CHAMPION.model_digest, "c" * 64
    assert coverage(connection, files, champion, nobody) == Coverage(3, 0, {}, 3, 0, 0)
    assert coverage(connection, [], champion, nobody) == Coverage(0, 0, {}, 0, 0, 0)
    assert matched(connection, files, nobody, champion).fetchall() == []


def test_columns_that_became_private_are_read_beside_those_before(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    before = store(tmp_path / "before", CHAMPION, [prediction(0)])
    private = replace(CHAMPION, numeric=("mean_7d",), text=("category", "amount"))
    hashed = prediction(1, numeric=b"\0" * 8, categories=[["food"], ["5e1f"]])
    files = [*before, *store(tmp_path / "after", private, [hashed])]
    shadows = [prediction(number, role="shadow") for number in range(2)]
    files += store(tmp_path, replace(CHAMPION, model_digest="b" * 64), shadows)
    found = pairs_of(connection, files).order("request_id").project("features.amount")
    assert found.fetchall() == [("0.0",), ("5e1f",)]


def test_a_file_that_the_store_did_not_name_is_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="not a stored table of predictions"):
        pairs_of(connection, [tmp_path / "predictions.parquet"])
