import math
import re

from hypothesis import given
from hypothesis import strategies as st

from phasegate.reports import (
    Bin,
    Interval,
    Mark,
    Series,
    bar_chart,
    calibration_chart,
    histogram,
    interval_chart,
    interval_text,
    line_chart,
    number,
    percent,
)
from phasegate.reports.axes import tick_labels, ticks

anything = st.floats(width=32)
finite = st.floats(-1e9, 1e9)
points = st.lists(st.tuples(anything, anything), max_size=8)


def coordinates(svg: str) -> list[str]:
    return re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|width|height|d)="([^"]*)"', svg)


def assert_drawable(svg: str) -> None:
    for text in coordinates(svg):
        assert "nan" not in text
        assert "inf" not in text
        for value in re.findall(r"-?\d+(?:\.\d+)?", text):
            assert -100 <= float(value) <= 10_000


@given(points)
def test_a_line_of_any_numbers_stays_in_its_frame(values):
    series = Series("a", [x for x, _ in values], [y for _, y in values])
    marks = [Mark("m", x, y) for x, y in values]
    assert_drawable(line_chart("t", [series], x_label="x", y_label="y", marks=marks))


@given(st.lists(st.tuples(anything, anything, anything), max_size=6))
def test_intervals_of_any_numbers_stay_in_their_frame(values):
    intervals = [Interval(f"i{i}", *value) for i, value in enumerate(values)]
    assert_drawable(interval_chart("t", intervals))


@given(st.lists(anything, max_size=6))
def test_bars_of_any_numbers_stay_in_their_frame(values):
    assert_drawable(bar_chart("t", [("a", value) for value in values]))


@given(st.lists(st.floats(0, 1), max_size=6))
def test_histograms_and_calibration_stay_in_their_frame(values):
    edges = list(range(len(values) + 1)) if values else [0, 1]
    assert_drawable(histogram("t", edges, {"a": values or [0]}, x_label="x", mark=math.nan))
    assert_drawable(calibration_chart("t", {"a": [Bin(v, v, 0, 1, 3) for v in values]}))


def test_a_point_that_is_not_a_number_is_a_gap():
    series = Series("a", [0, 1, 2, 3], [0, math.nan, 1, 2])
    svg = line_chart("t", [series], x_label="x", y_label="y")
    [path] = re.findall(r' d="([^"]*)"', svg)
    assert path.count("M") == 2


@given(finite, finite)
def test_ticks_are_few_ascending_and_inside(low, high):
    if not high - low > 1e-6 * max(1.0, abs(low), abs(high)):
        return
    found = ticks(low, high)
    slack = 1e-6 * (high - low)
    assert 1 <= len(found) <= 11
    assert all(low - slack <= value <= high + slack for value in found)
    assert found == sorted(set(found))
    assert len(set(tick_labels(found))) == len(found)


def test_numbers_read_well():
    assert number(1234567) == "1,234,567"
    assert number(0.012345) == "0.0123"
    assert number(12.3456) == "12.35"
    assert number(-0.5) == "\N{MINUS SIGN}0.5000"
    assert number(1.5e-9) == "1.500e-09"
    assert number(0.0) == "0"
    assert percent(0.256) == "25.6 %"
    assert interval_text(0.1, 0.2, 2) == "0.10 to 0.20"


def test_what_is_not_a_number_is_never_shown_as_one():
    assert number(math.nan) == "not a number"
    assert number(math.inf) == "infinite"
    assert number(None) == percent(None) == "\N{EN DASH}"
    assert percent(math.nan) == "not a number"
