"""Precision day by day: four weeks behind each day, broken features apart."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from examples.replay.daily import DAY, below, daily
from examples.replay.measures import precision
from examples.replay.record import Decided, Piece, World
from phasegate.monitoring.performance.series import Confusion
from tests.examples.test_summary import START

RIGHT, WRONG, NOTHING = Confusion(10, 0, 0, 0), Confusion(0, 10, 0, 0), Confusion(0, 0, 3, 90)


def piece(*decided: Decided) -> Piece:
    """Of some days."""
    return Piece(decided[0].day, decided[-1].day + DAY, 10, 0, {}, "", decided)


def alone(number: int, confusion: Confusion, *, broken: bool = False) -> Decided:
    """A day on which the world without decided, and users got what was right."""
    return Decided(START + number * DAY, broken, RIGHT, confusion)


def test_a_day_is_told_by_the_four_weeks_up_to_its_end() -> None:
    days = daily(
        [piece(*(alone(n, RIGHT if n < 28 else WRONG) for n in range(60)))], World.UNWATCHED
    )
    assert [day.at for day in days] == [START + n * DAY for n in range(60)]
    assert [round(28 * precision(day.behind)) for day in days[27:57]] == [*range(28, -1, -1), 0]
    assert days[0].behind == RIGHT  # at the beginning there is less
    low, by_bug = below(days, 0.8)
    # 22 of 28 is the first share below 0.8: the sixth bad day.
    assert [day.at for day in low] == [START + n * DAY for n in range(33, 60)]
    assert by_bug == []


def test_the_two_worlds_are_told_apart() -> None:
    pieces = [piece(alone(0, WRONG))]
    assert precision(daily(pieces, World.GUARDED)[0].behind) == 1
    assert precision(daily(pieces, World.UNWATCHED)[0].behind) == 0


def test_parts_of_a_day_from_two_pieces_are_one_day() -> None:
    (day,) = daily([piece(alone(0, RIGHT)), piece(alone(0, WRONG))], World.UNWATCHED)
    assert precision(day.behind) == 0.5


def test_broken_features_count_on_their_own_days_and_on_no_other() -> None:
    decided = [
        alone(0, RIGHT), alone(1, RIGHT), alone(1, WRONG, broken=True),
        alone(2, WRONG, broken=True), alone(3, RIGHT),
    ]  # fmt: skip
    days = daily([piece(*decided)], World.UNWATCHED)
    assert [precision(day.behind) for day in days] == [1, 1, 1, 1]
    assert days[1].broken == WRONG
    low, by_bug = below(days, 0.8)
    assert [day.at for day in low] == [START + DAY, START + 2 * DAY]
    assert by_bug == low


def test_a_day_that_was_below_anyway_is_not_the_bugs() -> None:
    days = daily(
        [piece(alone(0, WRONG), alone(0, WRONG, broken=True), alone(1, WRONG))], World.UNWATCHED
    )
    low, by_bug = below(days, 0.8)
    assert (len(low), by_bug) == (2, [])


def test_where_nothing_was_decided_1_nothing_is_shown() -> None:
    low, by_bug = below(daily([piece(alone(0, NOTHING))], World.UNWATCHED), 0.8)
    assert (len(low), by_bug) == (1, [])


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9), st.booleans()), min_size=1))
def test_four_weeks_hold_what_was_decided_in_them(drawn: list[tuple[int, int, bool]]) -> None:
    decided = [alone(day, Confusion(hits, 1, 0, 0), broken=is_broken)
               for day, hits, is_broken in drawn]  # fmt: skip
    for day in daily([piece(*decided)], World.UNWATCHED):
        own = [
            one for one in decided
            if not one.broken and timedelta(0) <= day.at - one.day < timedelta(days=28)
        ]  # fmt: skip
        assert day.behind.true_positive == sum(one.unwatched.true_positive for one in own)
        assert day.behind.false_positive == len(own)
