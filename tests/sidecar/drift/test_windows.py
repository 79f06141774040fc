"""When windows end, and that every row is in one, or told where else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.policy import DriftRules
from phasegate.sidecar.drift.samples import Sample
from phasegate.sidecar.drift.windows import (
    MOST_OPEN,
    Added,
    Ended,
    Part,
    Tally,
    Windows,
    add,
    idle,
    settle,
)
from tests.sidecar.drift.streams import START, profile, values

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = DriftRules(rows=10**9)
NOW = START + timedelta(days=900)
PROFILE = profile(values(np.random.default_rng(0), 1_000))
NOTHING = Part.none(PROFILE)


def part(rows: int, at: datetime = START) -> Part:
    counts = replace(NOTHING.counts, rows=rows, first=at, last=at)
    return Part(counts, NOTHING.sample)


def feed(
    *batches: dict[datetime, int], rules: DriftRules = RULES
) -> tuple[Windows, list[Ended], list[Tally]]:
    windows, ended, tallies = Windows.none(PROFILE), [], []
    for batch in batches:
        for added in (
            add(windows, {at: part(rows, at) for at, rows in batch.items()}, rules, NOW), None,
        ):  # fmt: skip
            done = added or settle(windows, rules)
            windows = done.windows
            ended += done.ended
            if added:
                tallies.append(done.tally)
    return windows, ended, tallies


def test_a_window_ends_when_later_rows_come_after_the_allowed_lateness() -> None:
    _, ended, _ = feed({START: 100}, {START + DAY: 50})
    assert ended == []
    _, ended, _ = feed({START: 100}, {START + DAY: 50}, {START + DAY + HOUR: 1})
    assert [(one.since, one.until, one.part.rows) for one in ended] == [(START, START + DAY, 100)]


def test_the_first_window_begins_with_the_first_row() -> None:
    first = START + 18 * HOUR
    _, ended, _ = feed({first: 100}, {START + DAY + HOUR: 50}, {START + 2 * DAY + HOUR: 50})
    assert [(one.since, one.until) for one in ended] == [
        (first, START + DAY),
        (START + DAY, START + 2 * DAY),
    ]


def test_one_event_of_a_wrong_clock_ends_no_window_of_many() -> None:
    windows, ended, _ = feed({START: 1_000}, {START + 300 * DAY: 1}, {START + HOUR: 500})
    assert ended == []
    assert windows.open[START].part.rows == 1_500


def test_what_no_clock_should_say_is_in_no_window() -> None:
    windows, ended, tallies = feed({START: 10}, {NOW + 2 * HOUR: 5, START: 1})
    assert (ended, tallies[1]) == ([], Tally(counted=1, future=5))
    assert list(windows.open) == [START]


def test_late_rows_of_an_open_window_count_and_those_of_an_ended_one_are_told() -> None:
    later = START + DAY + HOUR
    _, ended, tallies = feed(
        {START: 100}, {START + DAY: 50}, {START + HOUR: 5}, {later: 10}, {START: 7}
    )
    assert [one.part.rows for one in ended] == [105]
    assert tallies[-1] == Tally(late=7)


def test_days_without_a_row_are_windows_too_unless_the_stream_was_elsewhere() -> None:
    _, ended, _ = feed({START: 10}, {START + 4 * DAY: 10}, {START + 6 * DAY: 10})
    assert [one.part.rows for one in ended] == [10, 0, 0, 0, 10]
    assert [one.until for one in ended] == [START + day * DAY for day in range(1, 6)]
    _, ended, _ = feed({START: 10}, {START + 100 * DAY: 10}, {START + 102 * DAY: 10})
    assert [one.part.rows for one in ended] == [10, 10]


def test_a_window_by_rows_ends_after_so_many_however_they_lie() -> None:
    rules = replace(RULES, rows=100)
    windows, ended, _ = feed({START: 60}, {START + HOUR: 60}, {START: 10}, rules=rules)
    assert [(one.kind, one.since, one.part.rows) for one in ended] == [("rows", START, 120)]
    assert ended[0].until == START + HOUR + timedelta(microseconds=1)
    assert windows.chunk.rows == 10


def test_a_stream_that_stops_ends_its_windows_by_the_time_of_day() -> None:
    windows, _, _ = feed({START: 100})
    assert idle(windows, RULES, NOW + DAY - HOUR).ended == ()
    assert [one.part.rows for one in idle(windows, RULES, NOW + DAY).ended] == [100]
    early = replace(windows, arrived=START - 5 * DAY)
    assert idle(early, RULES, START + DAY).ended == ()


moments = st.integers(0, 24 * 400).map(lambda hours: START - 100 * DAY + hours * HOUR)
batches = st.lists(
    st.dictionaries(moments, st.integers(1, 500), min_size=1, max_size=8), min_size=1, max_size=30
)


@given(batches, st.integers(1, 600))
def test_every_row_is_in_one_window_or_is_told(
    stream: list[dict[datetime, int]], rows: int
) -> None:
    rules = replace(RULES, rows=rows)
    windows, ended, tallies = feed(*stream, rules=rules)
    all_rows = sum(sum(batch.values()) for batch in stream)
    by_time = [one for one in ended if one.kind == "time"]
    spans = [(one.since, one.until) for one in by_time]
    assert len(set(spans)) == len(spans), "a span of time ends once"
    assert spans == sorted(spans)
    kept = sum(one.part.rows for one in by_time) + sum(o.part.rows for o in windows.open.values())
    told = sum(one.late + one.future + one.stray for one in tallies)
    assert kept + told == all_rows
    by_rows = sum(one.part.rows for one in ended if one.kind == "rows")
    assert by_rows + windows.chunk.rows == all_rows
    assert windows.chunk.rows < rows
    assert len(windows.open) <= MOST_OPEN


def test_open_windows_stay_few_whatever_times_come() -> None:
    rows = {START + day * DAY: 3 for day in range(0, -400, -1)} | {START: 100_000}
    windows, ended, tallies = feed(rows)
    assert len(windows.open) <= MOST_OPEN
    assert START in windows.open
    assert sum(o.part.rows for o in windows.open.values()) + tallies[0].stray + sum(
        one.part.rows for one in ended
    ) == sum(rows.values())


@given(st.permutations(range(12)), st.integers(0, 9))
def test_a_sample_is_the_same_in_any_order(order: list[int], size: int) -> None:
    hashes = np.arange(12, dtype=np.uint64) * np.uint64(7) % np.uint64(12)
    rows = NOTHING.sample.rows
    import pyarrow as pa

    table = pa.table({field.name: pa.array([0.0] * 12).cast(field.type) for field in rows.schema})
    table = table.set_column(0, rows.schema.field(0), pa.array(hashes.astype(float)))
    parts = [Sample(hashes[at : at + 1], table.slice(at, 1)) for at in order]
    merged = NOTHING.sample
    for one in parts:
        merged = merged.merged(one, size)
    assert merged.hashes.tolist() == list(range(size))
    assert merged.rows.column(0).to_pylist() == [float(at) for at in range(size)]


def test_counts_of_nothing_add_up() -> None:
    assert (WindowCounts.none(PROFILE) + part(3).counts).rows == 3
    assert isinstance(add(Windows.none(PROFILE), {}, RULES, datetime.now(UTC)), Added)


@pytest.mark.parametrize("size", [0, 3])
def test_an_empty_sample_takes_rows_up_to_its_size(size: int) -> None:
    assert len(NOTHING.sample.merged(NOTHING.sample, size).hashes) == 0
