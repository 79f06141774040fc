"""The feature set file: its order, its bytes, its types, and what is refused."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.errors import BadInput
from phasegate.features import compute, in_memory, writer
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions

from .oracle import calendar_part, expected_features
from .tables import DATA, DEFINITIONS, HOUR, SCHEMA, computed, write_part

PARTS = ["minute_of_day", "hour", "weekday", "day", "month"]
EVENT = {"moment": 0, "customer": "a", "terminal": 1, "amount": 1.5, "fraud": 0}
WITHOUT_TIME = {"time": None, "entity": None, "label": {"column": "fraud", "positive": 1}}
CALENDAR = {"column": "moment", "parts": PARTS}


def simulated(rows: int) -> list[dict[str, object]]:
    source = random.Random(5)
    return [
        {
            "moment": source.randrange(0, 300 * HOUR, HOUR // 2),
            "customer": source.choice(["a", "b", "c", None]),
            "terminal": source.randrange(50),
            "amount": round(source.gammavariate(2, 30), 2),
            "fraud": int(source.random() < 0.1),
        }
        for _ in range(rows)
    ]


def test_threads_parts_and_engine_do_not_change_a_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "ROW_GROUP", 700)
    monkeypatch.setattr(in_memory, "ROW_GROUP", 300)
    definitions = FeatureDefinitions.parse(
        {**DEFINITIONS.document["features"], "categorical": ["terminal"], "calendar": CALENDAR},
        DATA,
    )
    rows = simulated(3000)
    whole = [write_part(tmp_path / "whole.parquet", rows)]
    split = [
        write_part(tmp_path / "1.parquet", rows[:1000]),
        write_part(tmp_path / "2.parquet", rows[1000:]),
    ]
    ways = [
        (whole, {"threads": 1}),
        (whole, {"threads": 2}),
        (split, {"threads": 2}),
        (split, {"threads": 2, "memory_limit_bytes": 1}),
    ]
    outputs = []
    for number, (parts, options) in enumerate(ways):
        output = tmp_path / f"out{number}.parquet"
        compute_features(parts, definitions, output, **options)
        outputs.append(output.read_bytes())
    assert pq.ParquetFile(output).num_row_groups == 5
    assert all(output == outputs[0] for output in outputs)


def test_many_rows_of_one_chunk_and_more_agree_with_the_oracle(monkeypatch):
    monkeypatch.setattr("phasegate.features.windows.CHUNK_ROWS", 16)
    rows = simulated(400)
    names = ["_row", *(window.name for window in DEFINITIONS.windows)]
    result = [{name: row[name] for name in names} for row in computed(rows, threads=2)]
    assert result == expected_features(rows, DEFINITIONS)


def test_rows_are_ordered_by_time_and_then_by_row():
    rows = [{**EVENT, "moment": moment} for moment in (5, 3, 5, 1)]
    assert [row["_row"] for row in computed(rows)] == [3, 1, 0, 2]


def test_without_a_time_the_order_of_the_rows_is_kept():
    definitions = FeatureDefinitions.parse({"numeric": ["amount"]}, WITHOUT_TIME)
    rows = computed([{**EVENT, "moment": moment} for moment in (5, 3)], definitions)
    assert rows == [
        {"_row": 0, "_time": 0, "_label": 0, "amount": 1.5},
        {"_row": 1, "_time": 0, "_label": 0, "amount": 1.5},
    ]


def test_the_same_part_twice_is_twice_the_rows(tmp_path):
    part = write_part(tmp_path / "part.parquet", [EVENT])
    output = tmp_path / "features.parquet"
    computed = compute_features([part, part], DEFINITIONS, output, threads=1)
    assert (computed.rows, computed.columns) == (2, len(DEFINITIONS.columns))
    assert pq.read_table(output)["_row"].to_pylist() == [0, 1]


@pytest.mark.parametrize("memory_limit_bytes", [None, 1])
@pytest.mark.parametrize("moment", [0, -1, 1_709_251_199_999_999, 4_102_444_800_000_000])
def test_calendar_parts_are_those_of_utc(moment, memory_limit_bytes):
    definitions = FeatureDefinitions.parse({"calendar": CALENDAR}, DATA)
    (row,) = computed(
        [{**EVENT, "moment": moment}], definitions, memory_limit_bytes=memory_limit_bytes
    )
    assert [row[f"moment_{part}"] for part in PARTS] == [
        calendar_part(part, moment) for part in PARTS
    ]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.timestamp("ns"), datetime(2024, 1, 1), 1_704_067_200_000_000),
        (
            pa.timestamp("us", "Europe/Berlin"),
            datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            1_704_067_200_000_000,
        ),
        (pa.date32(), date(2024, 1, 1), 1_704_067_200_000_000),
        (pa.string(), "2024-01-01", 1_704_067_200_000_000),
        (pa.string(), "2024-01-01T00:00:00Z", 1_704_067_200_000_000),
        (pa.string(), "2024-01-01T02:00:00+02:00", 1_704_067_200_000_000),
        (pa.string(), "2024-01-01 00:00:00.5", 1_704_067_200_500_000),
    ],
)
def test_times_of_every_kind_are_read_as_utc(kind, value, expected):
    definitions = FeatureDefinitions.parse({"numeric": ["amount"]}, DATA)
    schema = SCHEMA.set(0, pa.field("moment", kind))
    (row,) = computed([{**EVENT, "moment": value}], definitions, schema)
    assert row["_time"] == expected


@pytest.mark.parametrize(
    ("kind", "values", "positive", "labels"),
    [
        (pa.string(), ["yes", "no"], "yes", [1, 0]),
        (pa.bool_(), [True, False], False, [0, 1]),
        (pa.float64(), [1.0, 2.0], 2, [0, 1]),
        (pa.string(), ["1", "0"], 1, [1, 0]),
    ],
)
def test_the_label_is_whether_it_equals_its_positive_value(kind, values, positive, labels):
    data = {**WITHOUT_TIME, "label": {"column": "fraud", "positive": positive}}
    definitions = FeatureDefinitions.parse({"numeric": ["amount"]}, data)
    schema = SCHEMA.set(4, pa.field("fraud", kind))
    rows = computed([{**EVENT, "fraud": value} for value in values], definitions, schema)
    assert [row["_label"] for row in rows] == labels


def test_numbers_are_float64_and_nan_is_missing():
    features = {"numeric": ["amount", "terminal"], "categorical": ["customer"]}
    definitions = FeatureDefinitions.parse(features, WITHOUT_TIME)
    rows = [{**EVENT, "amount": float("nan"), "terminal": 7, "customer": None}]
    (row,) = computed(rows, definitions)
    assert (row["amount"], row["terminal"], row["customer"]) == (None, 7.0, None)


def refusal(rows, definitions=DEFINITIONS, schema=SCHEMA) -> str:
    with pytest.raises(BadInput) as caught:
        computed(rows, definitions, schema)
    return str(caught.value)


def test_an_absent_column_is_named_with_those_that_exist():
    definitions = FeatureDefinitions.parse({"numeric": ["amuont"]}, DATA)
    message = refusal([EVENT], definitions)
    assert "'amuont'" in message
    assert "amount" in message.split("columns of the data")[1]


def test_a_text_column_is_not_a_number():
    definitions = FeatureDefinitions.parse({"numeric": ["customer"]}, DATA)
    assert "column 'customer'" in refusal([EVENT], definitions)


def test_a_number_is_not_a_time():
    definitions = FeatureDefinitions.parse({"numeric": ["amount"]}, {**DATA, "time": "terminal"})
    assert "column 'terminal'" in refusal([EVENT], definitions)


def test_an_unparsable_time_is_shown_with_its_row():
    schema = SCHEMA.set(0, pa.field("moment", pa.string()))
    rows = [{**EVENT, "moment": text} for text in ("2024-01-01", "01.02.2024", "yesterday")]
    message = refusal(rows, schema=schema)
    assert "row 1" in message
    assert "01.02.2024" in message
    assert "2 rows" in message


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"moment": None}, "moment"),
        ({"fraud": None}, "fraud"),
        ({"amount": float("inf")}, "amount"),
    ],
)
def test_missing_times_and_labels_and_infinities_are_refused(change, column):
    message = refusal([EVENT, {**EVENT, **change}])
    assert f"column '{column}'" in message
    assert "row 1" in message


def test_a_label_that_can_never_be_positive_is_refused():
    data = {**WITHOUT_TIME, "label": {"column": "fraud", "positive": "yes"}}
    definitions = FeatureDefinitions.parse({"numeric": ["amount"]}, data)
    assert "'yes'" in refusal([EVENT], definitions)


def test_sums_that_would_not_be_exact_are_refused():
    assert "coarser resolution" in refusal([{**EVENT, "amount": 1e10}] * 2)


def test_a_truncated_part_is_refused_and_nothing_is_left(tmp_path):
    part = write_part(tmp_path / "part.parquet", [EVENT])
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(BadInput, match="Parquet"):
        compute_features([part], DEFINITIONS, tmp_path / "features.parquet", threads=1)
    assert list(tmp_path.iterdir()) == [part]


def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch):
    part = write_part(tmp_path / "part.parquet", [EVENT])

    def interrupted(*_args, **_kwargs):
        yield pa.table({})
        raise OSError("disk full")

    monkeypatch.setattr(compute, "in_memory_groups", interrupted)
    with pytest.raises(OSError, match="disk full"):
        compute_features([part], DEFINITIONS, tmp_path / "features.parquet", threads=1)
    assert list(tmp_path.iterdir()) == [part]


def test_a_nan_is_missing_also_where_no_value_is_null():
    rows = [{**EVENT, "amount": value} for value in (1.0, float("nan"), 3.0)]
    assert [row["amount"] for row in computed(rows)] == [1.0, None, 3.0]
