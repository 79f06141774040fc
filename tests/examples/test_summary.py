"""What six months are summed up to, and when the story has not held."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.replay.measures import interval, is_below, precision, recall, value_of
from examples.replay.record import Decided, Happening, History, Piece, What, spans
from examples.replay.summary import WEEK, summarize, weekly
from phasegate.monitoring.performance.series import Confusion

START = datetime(2025, 3, 3, tzinfo=UTC)
WORTH = {"true_positive": 80.0, "false_positive": -5.0, "false_negative": -120.0}
GOOD, BAD = Confusion(47, 3, 20, 4000), Confusion(10, 5, 57, 4000)

counts = st.integers(0, 500)
confusions = st.builds(Confusion, counts, counts, counts, counts)


def piece(number: int, guarded: Confusion, unwatched: Confusion, failed: int = 0) -> Piece:
    """Half a week, all of it decided on its first day."""
    since = START + number * WEEK / 2
    decided = Decided(since.replace(hour=0), False, guarded, unwatched)
    return Piece(since, since + WEEK / 2, 4000, failed, {"a": 4000}, "", (decided,))


def story(weeks: int = 8, fall: int = 4) -> History:
    """A history in which the first model falls in week `fall`, and nothing else goes wrong."""
    pieces = [
        piece(number, GOOD, BAD if number >= 2 * fall else GOOD) for number in range(2 * weeks)
    ]
    happenings = [
        Happening(START + timedelta(days=9), What.BUG, "v14"),
        Happening(START + timedelta(days=10), What.UNDONE, "v13"),
        Happening(START + timedelta(days=21), What.TRAINED, "2"),
        Happening(START + timedelta(days=35), What.PROMOTED, "2"),
    ]
    return History(pieces, [], happenings)


def summed(history: History):
    """The summary, of a drift that begins in the third week."""
    return summarize(history, WORTH, 0.8, drift_at=START + 2 * WEEK)


def test_a_story_that_held_has_no_flaws_and_its_numbers_are_those_of_the_weeks() -> None:
    summary = summed(story())
    assert summary.flaws == ()
    # Days with decisions, two a week: 0.94 * 4 + 0.67 * 4 is below 0.8 of as many rows from the
    # fourth bad half week on.
    assert (summary.guarded.weeks_below, summary.unwatched.weeks_below) == (0, 4)
    assert (summary.guarded.days_below, summary.unwatched.days_below) == (0, 2)
    assert summary.guarded.first == summary.unwatched.first == pytest.approx(47 / 50)
    assert summary.unwatched.last == pytest.approx(10 / 15)
    assert summary.unwatched.last_recall == pytest.approx(10 / 67)
    assert summary.bug_delay == timedelta(days=1)
    assert summary.drift_delay == timedelta(days=7)
    assert (summary.trainings, summary.promotions, summary.requests) == (1, 1, 64_000)
    assert summary.guarded.value == pytest.approx(16 * value_of(GOOD, WORTH))


def test_days_of_the_bug_are_told_and_are_no_flaw() -> None:
    broken = Decided(START + timedelta(days=9), True, Confusion(30, 900, 0, 0), Confusion(30, 900))
    history = story()
    history.pieces[2] = replace(history.pieces[2], decided=(*history.pieces[2].decided, broken))
    summary = summed(history)
    assert summary.flaws == ()
    assert (summary.guarded.days_below, summary.guarded.bug_days) == (1, 1)
    assert summary.guarded.weeks_below == 1
    assert summary.guarded.lowest == pytest.approx(47 / 50)
    assert summary.unwatched.days_below == 3


def without(history: History, what: What) -> History:
    """The same, but something never happened."""
    return replace(history, happenings=[one for one in history.happenings if one.what is not what])


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (story(fall=8), "not below 80%"),
        (without(story(), What.UNDONE), "not taken back"),
        (without(story(), What.PROMOTED), "promoted"),
        (History([piece(n, BAD, BAD) for n in range(16)]), "the last four weeks"),
        (History([piece(n, BAD, GOOD) for n in range(16)]), "days were below"),
        (History([piece(n, BAD, BAD) for n in range(16)]), "and not by the bug"),
        (History([piece(n, GOOD, GOOD, failed=1) for n in range(16)]), "requests of users failed"),
        (History([piece(n, GOOD, GOOD) for n in range(16)]), "not worth more"),
    ],
)
def test_what_is_not_as_told_is_a_flaw(history: History, said: str) -> None:
    assert any(said in flaw for flaw in summed(history).flaws)


def test_what_is_wrong_with_the_audit_log_is_a_flaw() -> None:
    summary = summarize(story(), WORTH, 0.8, drift_at=None, audit_flaws=("entry 3 is gone",))
    assert summary.flaws == ("entry 3 is gone",)
    assert summary.drift_delay is None


@given(st.lists(st.tuples(confusions, confusions), min_size=1, max_size=20), st.integers(1, 4))
def test_spans_lose_nothing(both: list[tuple[Confusion, Confusion]], halves: int) -> None:
    pieces = [piece(number, *pair) for number, pair in enumerate(both)]
    found = spans(pieces, halves * WEEK / 2)
    assert sum(one.guarded.rows for one in found) == sum(one.guarded.rows for one in pieces)
    assert sum(one.unwatched.rows for one in found) == sum(one.unwatched.rows for one in pieces)
    assert [one.since for one in found] == [one.since for one in pieces[::halves]]
    assert found[-1].until == pieces[-1].until


@given(confusions)
def test_the_interval_holds_the_estimate_and_stays_within_0_and_1(confusion: Confusion) -> None:
    lower, upper = interval(confusion)
    if math.isnan(precision(confusion)):
        assert math.isnan(lower)
        assert is_below(confusion, 0.8)
        return
    assert -1e-12 <= lower <= precision(confusion) + 1e-12
    assert precision(confusion) - 1e-12 <= upper <= 1 + 1e-12
    assert is_below(confusion, 0.8) == (precision(confusion) < 0.8)


def test_the_interval_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263.
    lower, upper = interval(Confusion(81, 182, 0, 0))
    assert (round(lower, 4), round(upper, 4)) == (0.2553, 0.3662)


def test_recall_and_value_are_as_defined() -> None:
    assert recall(GOOD) == pytest.approx(47 / 67)
    assert math.isnan(recall(Confusion(0, 3, 0, 4)))
    assert value_of(GOOD, WORTH) == 47 * 80 - 3 * 5 - 20 * 120


def test_a_history_by_weeks() -> None:
    assert [week.requests for week in weekly(story(weeks=3))] == [8000] * 3
