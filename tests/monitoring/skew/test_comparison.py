"""Served and recomputed values, compared; windows and calendar parts, against their definitions."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from phasegate.monitoring.skew.comparison import different
from phasegate.monitoring.skew.hypotheses.calendar import part_of
from phasegate.monitoring.skew.past import NONE, Past

numbers = st.none() | st.floats()
texts = st.none() | st.text(max_size=3)
MISSING = (None, math.nan)


def column(values: list[float | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.float64())])


@given(st.lists(numbers, min_size=1))
def test_a_number_is_no_different_from_itself(values: list[float | None]) -> None:
    given, swapped = column(values), column([math.nan if v is None else v for v in values])
    assert not different(given, given, 0.0).any()
    assert not different(given, swapped, 0.0).any()


@given(numbers, numbers, st.floats(0, 0.5))
def test_difference_is_symmetric_and_monotonic_in_the_tolerance(
    left: float | None, right: float | None, tolerance: float
) -> None:
    one, other = column([left]), column([right])
    differs = different(one, other, tolerance)[0]
    assert differs == different(other, one, tolerance)[0]
    assert not differs or different(one, other, tolerance / 2)[0]


@given(st.floats(allow_nan=False))
def test_a_missing_number_differs_from_every_other(value: float) -> None:
    assert different(column([None]), column([value]), 0.5)[0]
    assert different(column([value]), column([math.nan]), 0.5)[0]


@given(st.floats(1e-300, 1e300), st.floats(1e-6, 0.1))
def test_numbers_differ_from_the_tolerance_on(value: float, tolerance: float) -> None:
    assert not different(column([value]), column([value * (1 - tolerance / 2)]), tolerance)[0]
    assert different(column([value]), column([value * (1 - tolerance * 2)]), tolerance)[0]


@given(st.lists(st.tuples(texts, texts), min_size=1))
def test_texts_differ_where_they_are_not_equal(pairs: list[tuple[str | None, str | None]]) -> None:
    left, right = (
        pa.chunked_array([pa.array(side, pa.string())]) for side in zip(*pairs, strict=False)
    )
    assert different(left, right, 0.1).tolist() == [one != other for one, other in pairs]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.none() | st.integers(-9, 9))),
    st.integers(-1, 2),
    st.integers(-30, 50),
    st.integers(-30, 50),
)
def test_a_window_holds_the_entitys_events_from_start_to_before_end(
    events: list[tuple[int, int, int | None]], entity: int, start: int, end: int
) -> None:
    events.sort(key=lambda event: event[:2])
    past = Past(
        np.array([time for _, time, _ in events], np.int64),
        np.array([code for code, _, _ in events], np.int64),
        {"number_x": np.array([np.nan if v is None else v for *_, v in events], float)},
        np.array([entity]),
        np.array([10]),
    )
    count, total = past.statistics("x", 4, np.array([start]), np.array([end]))
    inside = [
        value
        for code, time, value in events
        if code == entity and start <= time < end and value is not None
    ]
    assert (count[0], total[0]) == (len(inside), sum(inside))
    earlier = [n for n, (code, time, _) in enumerate(events) if code == entity and time < 10]
    assert past.earlier()[0] == (earlier[-1] if earlier else NONE)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_calendar_parts_are_those_of_the_calendar(moment: datetime) -> None:
    microseconds = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    utc = moment.replace(tzinfo=UTC)
    wanted = {
        "minute_of_day": utc.hour * 60 + utc.minute,
        "hour": utc.hour,
        "weekday": utc.weekday(),
        "day": utc.day,
        "month": utc.month,
    }
    time = np.array([microseconds], np.int64)
    assert {part: part_of(part, time)[0] for part in wanted} == wanted
