import math
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from phasegate.release.report import Mark, Stay, bounds, timeline
from phasegate.release.report.thinning import thinned
from phasegate.release.report.time_axis import duration_text, time_ticks

DAY = timedelta(days=1)
START = datetime(2025, 3, 1, tzinfo=UTC)
anything = st.floats()
moments = st.datetimes(timezones=st.just(UTC))


def numbers_of(svg: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    found = []
    for shape in root.iter():
        for name in ("d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
            text = shape.get(name, "")
            assert "nan" not in text
            assert "inf" not in text
            found += [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", text)]
    return found


def paths(svg: str, style: str) -> list[str]:
    return [p.get("d") for p in ElementTree.fromstring(svg).iter("path") if p.get("class") == style]


@given(
    st.lists(st.tuples(anything, anything, anything, anything), min_size=1, max_size=12),
    st.sampled_from(["above", "below", ""]),
    st.lists(st.integers(-3, 15), max_size=3),
)
def test_bounds_of_any_numbers_stay_in_their_frame(values, harm, anew):
    estimates, lowers, uppers, limits = (list(column) for column in zip(*values, strict=True))
    times = [START + index * DAY for index in range(len(values))]
    svg = bounds("t", times, estimates, lowers, uppers, limits=limits, harm=harm, anew=anew)
    assert all(-40 <= number <= 400 for number in numbers_of(svg))


def test_an_unknown_end_runs_to_the_edge_and_an_unknown_estimate_is_a_gap():
    times = [START + index * DAY for index in range(5)]
    none = math.nan
    svg = bounds("t", times, [1, 2, none, 2, 1], [0.5, 1, none, 1, 0.5], [none, none, none, 3, 2],
                 limits=4)  # fmt: skip
    (line,) = paths(svg, "line s0")
    assert line.count("M") == 2
    first, second = paths(svg, "between s0")
    assert re.match(r"M[\d.]+ 10L", first), "nothing above is known: up to the edge"
    assert not re.match(r"M[\d.]+ 10L", second)


def test_nothing_joins_a_phase_that_began_anew_to_what_was_before():
    times = [START + index * DAY for index in range(6)]
    level = [1.0] * 6
    svg = bounds("t", times, level, level, [2.0] * 6, limits=3, anew=[3])
    assert len(paths(svg, "line s0")) == 2
    assert len(paths(svg, "between s0")) == 2


def test_wide_bounds_of_the_beginning_do_not_flatten_the_rest():
    times = [START + index * DAY for index in range(40)]
    uppers = [1e6 / 10 ** min(index, 6) for index in range(40)]
    svg = bounds("t", times, [0.1] * 40, [0.0] * 40, uppers, limits=1.5)
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", paths(svg, "limit level")[0])]
    assert all(10 < height < 120 for height in heights), "the limit is well inside"


def test_the_limit_is_drawn_from_edge_to_edge_also_for_a_single_look():
    svg = bounds("t", [START], [1.0], [0.5], [2.0], limits=3.0, harm="above")
    (line,) = paths(svg, "limit level")
    across = [float(x) for x in re.findall(r"[MLH]([\d.]+)", line)]
    assert (across[0], across[-1]) == (50, 308)
    assert len(paths(svg, "harm")) == 1


def test_long_curves_are_thinned():
    count = 50_000
    times = [START + index * timedelta(minutes=1) for index in range(count)]
    wave = [math.sin(index / 900) for index in range(count)]
    svg = bounds("t", times, wave, wave, wave, limits=2.0)
    assert paths(svg, "line s0")[0].count("L") < 200
    marks = [Mark(moment, "freeze", "x") for moment in times[::10]]
    drawn = timeline("t", times, [abs(v) for v in wave], looks=times, marks=marks)
    assert len(drawn) < 100_000


@given(st.lists(st.tuples(moments, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8),
       st.text(max_size=20))  # fmt: skip
def test_a_timeline_of_any_times_stays_in_its_frame_and_never_goes_back(values, name):
    values.sort()
    times = [moment for moment, _, _ in values]
    weights, mirrors = [w for _, w, _ in values], [m for _, _, m in values]
    stays = [Stay(name, times[0], times[-1], frozen=True)]
    marks = [Mark(moment, "roll back", name) for moment in times]
    drawn = timeline("t", times, weights, mirrors=mirrors, stays=stays, looks=times, marks=marks)
    svg = re.search(r'<svg[^>]*class="wide".*</svg>', drawn, re.S).group()
    assert all(-40 <= number <= 1_000 for number in numbers_of(svg))
    (curve,) = paths(svg, "line s0")
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", curve)]
    assert across == sorted(across)


@given(moments, moments, st.integers(3, 9))
def test_ticks_are_few_round_and_in_range(one, other, most):
    first, last = sorted((one, other))
    ticks = time_ticks(first, last, most)
    assert 1 <= len(ticks) <= most
    assert all(first <= tick <= last for tick in ticks)
    assert ticks == sorted(set(ticks))


@given(st.integers(0, 2_000), st.integers(2, 50), st.lists(st.integers(-5, 2_005), max_size=60))
def test_thinning_keeps_the_ends_and_what_matters(count, most, keep):
    chosen = thinned(count, most, keep)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= 2 * most
    if count:
        assert {0, count - 1} <= set(chosen)
    kept = [index for index in keep if 0 <= index < count]
    assert set(kept[-most:]) <= set(chosen)


def test_durations_are_rounded_down():
    assert duration_text(timedelta(days=6, hours=23)) == "6.9 days"
    assert duration_text(timedelta(days=1)) == "1 day"
    assert duration_text(timedelta(hours=36)) == "36 hours"
    assert duration_text(timedelta(seconds=90)) == "90 seconds"
