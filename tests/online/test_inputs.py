"""What requests may carry: read as training reads a snapshot, or refused with what was wrong."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.features.definitions import CALENDAR_PARTS, FeatureDefinitions
from phasegate.online import OnlineFeatures, raw_inputs
from phasegate.online.calendar import calendar_part
from phasegate.online.inputs import EventReader
from phasegate.online.values import moment, text
from tests.features.oracle import calendar_part as expected_part

LABEL = {"label": {"column": "fraud", "positive": 1, "delay": "1d"}}
DATA = {"time": "at", "entity": "customer", **LABEL}
WANTED = FeatureDefinitions.parse(
    {
        "numeric": ["amount", "distance"],
        "categorical": ["channel"],
        "calendar": {"column": "at", "parts": ["hour"]},
        "windows": [
            {"entity": "customer", "value": "amount", "aggregates": ["sum"], "over": ["1d"]},
            {
                "entity": "terminal",
                "value": "fraud",
                "aggregates": ["mean"],
                "over": ["7d"],
                "delay": "1d",
            },
        ],
    },
    DATA,
)
GOOD = {
    "at": ["2026-01-01T10:00:00Z"],
    "customer": ["C1"],
    "amount": [12.5],
    "distance": [None],
    "channel": ["chip"],
    "terminal": [7],
}


def test_a_request_carries_what_features_and_the_history_need_and_never_the_label():
    assert list(raw_inputs(WANTED)) == [
        ("at", "time"),
        ("customer", "text"),
        ("amount", "numeric"),
        ("distance", "numeric"),
        ("channel", "text"),
        ("terminal", "text"),
    ]


def test_an_event_time_that_no_feature_needs_is_not_asked_for():
    wanted = FeatureDefinitions.parse({"numeric": ["amount"]}, DATA)
    assert list(raw_inputs(wanted)) == [("amount", "numeric")]
    features = OnlineFeatures(wanted)
    event = features.read({"amount": [1, None, True]}, ["a", "b", "c"])
    assert repr(features.compute(event).columns["amount"].tolist()) == "[1.0, nan, 1.0]"
    assert features.record(event) == (0, 0, 0)
    assert features.add_labels({"a": 1}) == []
    assert features.forget(0) == 0


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"amount": None}, "request", "no column 'amount'"),
        ({"other": ["x"]}, "request", "unknown column 'other'"),
        ({"fraud": [1]}, "request", "unknown column 'fraud'"),
        ({"amount": ["12.5"]}, "'amount' of row 0", "str '12.5'"),
        ({"amount": [math.inf]}, "'amount' of row 0", "float inf"),
        ({"distance": [10**400]}, "'distance' of row 0", "a finite number"),
        ({"amount": [[1]]}, "'amount' of row 0", "list [1]"),
        ({"amount": [-8_589_934_592]}, "'amount' of row 0", "absolute value below 8.58993e+09"),
        ({"amount": [1.0, 2.0]}, "column 'amount'", "a list of 1 values"),
        ({"amount": 1.0}, "column 'amount'", "a list of 1 values"),
        ({"channel": [1.5]}, "'channel' of row 0", "text, an integer, a boolean, or null"),
        ({"terminal": [3.0]}, "'terminal' of row 0", "float 3.0"),
        ({"terminal": ["\ud800"]}, "'terminal' of row 0", "text, an integer"),
        ({"channel": [b"\xff"]}, "'channel' of row 0", "text, an integer"),
        ({"at": [None]}, "'at' of row 0", "null"),
        ({"at": ["yesterday"]}, "'at' of row 0", "ISO 8601"),
        ({"at": ["2026-02-30T00:00:00Z"]}, "'at' of row 0", "ISO 8601"),
        ({"at": ["2026-01-01T00:00:00.1234567Z"]}, "'at' of row 0", "to the microsecond"),
        ({"at": [1.7e15]}, "'at' of row 0", "whole microseconds"),
        ({"at": [True]}, "'at' of row 0", "bool True"),
        ({"at": [2**62]}, "'at' of row 0", "years 1 to 9999"),
        ({"at": np.array(["2026-01-01"], "datetime64[ns]")}, "column 'at'", "datetime64[us]"),
    ],
)
def test_bad_input_is_refused_in_one_line_that_names_field_and_expectation(change, where, said):
    columns = {**GOOD, **change}
    columns = {name: values for name, values in columns.items() if values is not None}
    with pytest.raises(BadInput) as caught:
        EventReader(WANTED).read(columns, ["id"])
    assert caught.value.where == where
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_row_that_is_wrong_is_named():
    columns = {name: values * 3 for name, values in GOOD.items()}
    columns["amount"] = [1.0, "x", "y"]
    with pytest.raises(BadInput, match="'amount' of row 1: str 'x'"):
        EventReader(WANTED).read(columns, ["a", "b", "c"])


def test_two_events_of_one_id_in_a_request_are_refused():
    columns = {name: values * 2 for name, values in GOOD.items()}
    with pytest.raises(BadInput, match="same id"):
        EventReader(WANTED).read(columns, ["a", "a"])


@pytest.mark.parametrize("wrong", [None, 7, "\ud800"])
def test_an_id_that_is_not_text_is_refused(wrong):
    with pytest.raises(BadInput, match=r"'id' of row 0: .*expected text"):
        EventReader(WANTED).read(GOOD, [wrong])


def test_numpy_arrays_are_read_as_lists_are():
    arrays = {
        **{name: np.array(values, object) for name, values in GOOD.items()},
        "at": np.array(["2026-01-01T10:00:00"], "datetime64[us]"),
        "amount": np.array([12.5], np.float32),
        "terminal": np.array([7], np.uint8),
        "channel": np.array(["chip"]),
    }
    read = EventReader(WANTED)
    assert repr(read.read(arrays, ["a"])) == repr(read.read(GOOD, ["a"]))


def test_windows_without_a_history_are_refused():
    with pytest.raises(BadInput, match="need a history"):
        OnlineFeatures(WANTED)


def test_a_time_that_is_a_category_as_well_is_refused():
    wanted = {"categorical": ["at"], "calendar": {"column": "at", "parts": ["hour"]}}
    with pytest.raises(BadInput, match=r"column 'at'.*more than one way"):
        raw_inputs(FeatureDefinitions.parse(wanted, DATA))


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_calendar_parts_are_those_of_the_calendar(time):
    for part in CALENDAR_PARTS:
        assert calendar_part(part, time) == expected_part(part, time)


@st.composite
def spelled_times(draw):
    time = draw(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)))
    spelled = time.isoformat(
        draw(st.sampled_from("T ")),
        draw(st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"])),
    )
    return spelled + draw(st.sampled_from(["", "Z", "+00:00", "+05:45", "-14:00"]))


@settings(max_examples=200, deadline=None)
@given(st.one_of(spelled_times(), st.dates().map(str)))
def test_text_is_the_time_that_training_takes_it_for(spelled):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        query = "SELECT epoch_us(try_cast(? AS TIMESTAMPTZ))"
        ((expected,),) = connection.execute(query, [spelled]).fetchall()
    assert moment(spelled) == expected


def test_a_date_is_its_midnight_and_zeros_beyond_microseconds_are_no_digits():
    midnight = (datetime(2026, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )
    assert moment(date(2026, 1, 1)) == midnight
    assert moment("2026-01-01T00:00:00.000001000Z") == midnight + 1


@pytest.mark.parametrize("kind", ["BOOLEAN", "TINYINT", "BIGINT", "UBIGINT", "VARCHAR"])
def test_keys_and_categories_are_spelled_as_training_casts_them(kind):
    value = {"BOOLEAN": True, "VARCHAR": "ü 1"}.get(kind, 17)
    with duckdb.connect() as connection:
        query = f"SELECT ?::{kind}::VARCHAR"
        assert connection.execute(query, [value]).fetchall() == [(text(value),)]
