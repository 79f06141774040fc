"""The span that a run looks at: whole windows, none left out, none twice where it is on time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from phasegate.monitoring.retraining.decision import Change, ChangeKind
from phasegate.monitoring.windows import EPOCH, answers_since, ceiling, floor, next_span

DAY = timedelta(days=1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
windows = st.sampled_from([timedelta(hours=1), timedelta(hours=6), DAY, 7 * DAY])
histories = st.integers(7, 200).map(lambda days: days * DAY)


@given(moments, windows)
def test_floor_and_ceiling_are_the_nearest_multiples(moment: datetime, step: timedelta) -> None:
    below, above = floor(moment, step), ceiling(moment, step)
    assert below <= moment <= above
    assert moment - below < step
    assert above - moment < step
    assert not (below - EPOCH) % step
    assert not (above - EPOCH) % step


@given(windows, moments, st.none() | moments, moments, histories)
def test_a_span_is_whole_windows_in_the_past(
    window: timedelta,
    now: datetime,
    seen: datetime | None,
    begins: datetime,
    history: timedelta,
) -> None:
    since, until = next_span(window, now, seen=seen, begins=begins, history=history)
    assert since < until <= now < until + window
    assert not (since - EPOCH) % window
    assert not (until - since) % window
    assert until - since <= max(history, window)
    if until - since > window:
        assert since >= begins


@given(windows, moments, st.lists(st.integers(0, 5_000), min_size=1, max_size=6))
def test_looks_in_a_row_leave_out_no_window(
    window: timedelta, begins: datetime, pauses: list[int]
) -> None:
    seen, now, covered = None, begins + window, []
    for minutes in pauses:
        now += timedelta(minutes=minutes)
        since, until = next_span(window, now, seen=seen, begins=begins, history=400 * DAY)
        covered.append((since, until))
        assert seen is None or since <= seen
        seen = max(seen or until, until)
    for before, after in pairwise(covered):
        assert after[0] <= before[1]


def _change(kind: ChangeKind, day: int, undone: int | None = None) -> Change:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    return Change(
        kind, moment + day * DAY, "x", "y", undone=undone is not None,
        undone_at=None if undone is None else moment + undone * DAY,
    )  # fmt: skip


def test_the_champion_answers_since_the_last_promotion_or_the_end_of_one() -> None:
    before = datetime(2025, 1, 31, tzinfo=UTC)
    release, pipeline = ChangeKind.RELEASE, ChangeKind.PIPELINE
    assert answers_since([], before) is None
    assert answers_since([_change(pipeline, 3)], before) is None
    assert answers_since([_change(release, 3), _change(release, 9)], before).day == 10
    assert answers_since([_change(release, 3, undone=12)], before).day == 13
    assert answers_since([_change(release, 3, undone=40)], before).day == 4
