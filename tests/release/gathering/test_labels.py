"""Labels: of the right requests, and never before their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.release.gathering.labels import LabelSource
from phasegate.release.policy import Labels
from tests.release.gathering.relations import START

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def joined(connection: Any, file: Path, ids: dict[str, int], now: int, **labels: Any) -> dict:
    """Labels of requests, whose ids are given with the hour of their event."""
    rows = pa.table(
        {
            "request_id": pa.array(ids, pa.string()),
            "event_time": pa.array([START + HOUR * hour for hour in ids.values()]),
        }
    )
    policy = Labels(**{"source": str(file), "key": "id", "column": "fraud", **labels})
    relation = LabelSource(policy, file.parent / "fetched").join(
        connection, connection.from_arrow(rows), START + HOUR * now
    )
    assert relation.columns == ["request_id", "event_time", "label"]
    return dict(relation.project("request_id, label").fetchall())


def csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["id,fraud", *lines]) + "\n")
    return path


def test_ids_are_equal_as_texts_or_not_at_all(connection, tmp_path):
    file = csv(tmp_path / "labels.csv", "007,1", "8,0", "x-9,1", " 10,1")
    ids = dict.fromkeys(["007", "7", "8", "9", "10", "X-9"], 0)
    assert joined(connection, file, ids, 1) == {
        "007": True, "7": None, "8": False, "9": None, "10": None, "X-9": None,
    }  # fmt: skip


def test_a_label_counts_when_its_delay_has_passed_and_no_sooner(connection, tmp_path):
    file = csv(tmp_path / "labels.csv", "a,1", "b,1", "c,0")
    for now, expected in ((4, None), (5, True), (6, True)):
        found = joined(connection, file, {"a": 1, "b": 0}, now, delay=4 * HOUR)
        assert found == {"a": expected, "b": True}


def test_a_microsecond_too_early_is_too_early(connection, tmp_path):
    file = csv(tmp_path / "labels.csv", "a,1")
    for early, expected in ((0, True), (1, None)):
        delay = HOUR + timedelta(microseconds=early)
        assert joined(connection, file, {"a": 0}, 1, delay=delay) == {"a": expected}


def test_contradictions_are_unknown_and_repetitions_are_not(connection, tmp_path):
    file = csv(tmp_path / "labels.csv", "a,1", "a,0", "b,1", "b,1", "c,", "d,", "d,0")
    for absent in ("unknown", "negative"):
        found = joined(connection, file, dict.fromkeys("abcde", 0), 1, absent=absent)
        expected = {"a": None, "b": True, "c": None, "d": False}
        assert found == expected | {"e": False if absent == "negative" else None}


def test_no_news_is_good_news_only_when_it_is_time(connection, tmp_path):
    file = csv(tmp_path / "labels.csv", "a,1")
    found = joined(connection, file, {"b": 0, "c": 3}, 4, absent="negative", delay=2 * HOUR)
    assert found == {"b": False, "c": None}


@pytest.mark.parametrize(
    ("kind", "values", "positive"),
    [
        (pa.int8(), [1, 0, None], 1),
        (pa.float64(), [1.0, 0.0, float("nan")], 1),
        (pa.bool_(), [True, False, None], 1),
        (pa.bool_(), [True, False, None], True),
        (pa.int64(), [0, 5, None], 0),
        (pa.string(), ["bad", "good", ""], "bad"),
        (pa.string(), ["1", "2", " "], 1.0),
        (pa.string(), ["false", "true", None], False),
    ],
)
def test_what_means_yes(connection, tmp_path, kind, values, positive):
    file = tmp_path / "labels.parquet"
    table = pa.table({"id": pa.array([1, 2, 3], pa.int32()), "fraud": pa.array(values, kind)})
    pq.write_table(table, file)
    found = joined(connection, file, dict.fromkeys("123", 0), 1, positive=positive)
    assert found == {"1": True, "2": False, "3": None}


def test_folders_and_globs_of_both_kinds(connection, tmp_path):
    folder = tmp_path / "labels"
    (folder / "date=2025-03-01").mkdir(parents=True)
    csv(folder / "a.csv", "a,1")
    pq.write_table(pa.table({"id": ["b"], "fraud": [1]}), folder / "date=2025-03-01/b.parquet")
    (folder / "_SUCCESS").touch()
    (folder / ".hidden.csv").write_text("nothing")
    ids = dict.fromkeys("ab", 0)
    assert joined(connection, folder, ids, 1) == {"a": True, "b": True}
    assert joined(connection, folder / "*.csv", ids, 1) == {"a": True, "b": None}
    assert joined(connection, folder / "**/*.parquet", ids, 1) == {"a": None, "b": True}


def test_without_a_source_nothing_is_known(connection, tmp_path):
    assert joined(connection, tmp_path / "x", {"a": 0}, 1, source="") == {"a": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "request"}, r"no column 'request'; expected one of id, fraud"),
        ({"column": "label"}, r"no column 'label'"),
        ({"source": "{folder}/absent.csv"}, r"absent\.csv: no labels are there"),
        ({"source": "{folder}/notes.txt"}, r"'notes\.txt' is of no kind"),
        ({"source": "{folder}/broken.parquet"}, r"broken\.parquet: labels cannot be read"),
        ({"source": "{folder}/words.csv"}, r"1 labels in 'fraud' like 'perhaps'.*1 means yes"),
        ({"source": "{folder}/floats.parquet"}, r"ids of type DOUBLE in 'id'"),
    ],
)
def test_labels_that_cannot_be_used_are_named(connection, tmp_path, change, message):
    csv(tmp_path / "labels.csv", "a,1")
    csv(tmp_path / "words.csv", "a,1", "b,perhaps")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "broken.parquet").write_text("no parquet")
    pq.write_table(pa.table({"id": [1.0], "fraud": [1]}), tmp_path / "floats.parquet")
    change = {name: value.format(folder=tmp_path) for name, value in change.items()}
    with pytest.raises(BadInput, match=message):
        joined(connection, tmp_path / "labels.csv", {"a": 0}, 1, **change)


_labels = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["0", "1", ""]))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    hours=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), min_size=1),
    before=_labels,
    after=_labels,
    now=st.integers(0, 12),
    delay=st.integers(0, 9),
    absent=st.sampled_from(["unknown", "negative"]),
)
def test_labels_that_are_not_mature_change_nothing(
    connection, tmp_path, hours, before, after, now, delay, absent
):
    mature = {one for one, hour in hours.items() if hour + delay <= now}
    second = {one: label for one, label in after.items() if one in hours and one not in mature}
    second |= {one: label for one, label in before.items() if one in mature}
    found = [
        joined(
            connection,
            csv(tmp_path / "labels.csv", *(f"{one},{label}" for one, label in labels.items())),
            hours,
            now,
            delay=delay * HOUR,
            absent=absent,
        )
        for labels in (before, second)
    ]
    assert found[0] == found[1]
    assert all(found[0][one] is None for one in set(hours) - mature)
