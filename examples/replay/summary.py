"""What six months with and without Phasegate came to, and whether the story held."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from examples.replay.record import History, Span, What, added, spans
from phasegate.monitoring.performance.series import Confusion

DAY = timedelta(days=1)
WEEK = 7 * DAY
MONTH = 28 * DAY


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two worlds.

    Attributes:
        first, last: precision in the first and in the last four weeks.
        first_recall, last_recall: the same of recall.
        days_below: in weeks whose precision was below the floor.
        decisions: all of them.
        value: of all decisions.
    """

    first: float
    last: float
    first_recall: float
    last_recall: float
    days_below: int
    decisions: Confusion
    value: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What it came to.

    Attributes:
        requests, failed: of users.
        guarded: what users got.
        unwatched: what they would have got.
        bug_delay: event time from the bug to its rollback; None where it was not taken back.
        drift_delay: event time from the start of the drift to the first training it called for.
        trainings, blocked, promotions, rollbacks: how many.
        flaws: where the story did not hold; empty where it did.
    """

    requests: int
    failed: int
    guarded: Side
    unwatched: Side
    bug_delay: timedelta | None
    drift_delay: timedelta | None
    trainings: int
    blocked: int
    promotions: int
    rollbacks: int
    flaws: tuple[str, ...]


def summarize(
    history: History,
    worth: Mapping[str, float],
    floor: float,
    *,
    drift_at: datetime | None,
    audit_flaws: tuple[str, ...] = (),
) -> Summary:
    """Sum up a history of whole weeks.

    Args:
        history: of at least one piece.
        worth: of a true_positive, false_positive, false_negative, true_negative.
        floor: that precision has to be above.
        drift_at: event time at which people and fraudsters begin to change; None if never.
        audit_flaws: what is wrong with audit log and journal, each in a sentence.
    """
    weeks = spans(history.pieces, WEEK)
    guarded = _side([week.guarded for week in weeks], worth, floor)
    unwatched = _side([week.unwatched for week in weeks], worth, floor)
    bugs, undone = history.happened(What.BUG), history.happened(What.UNDONE)
    trained = history.happened(What.TRAINED)
    caused = [one.at for one in trained if drift_at is not None and one.at > drift_at]
    failed = sum(piece.failed for piece in history.pieces)
    summary = Summary(
        requests=sum(piece.requests for piece in history.pieces),
        failed=failed,
        guarded=guarded,
        unwatched=unwatched,
        bug_delay=undone[0].at - bugs[0].at if bugs and undone else None,
        drift_delay=min(caused) - drift_at if caused and drift_at else None,
        trainings=len(trained),
        blocked=len(history.happened(What.BLOCKED)),
        promotions=len(history.happened(What.PROMOTED)),
        rollbacks=len(history.happened(What.ROLLED_BACK)),
        flaws=(),
    )
    found = (*_flaws(summary, history, floor), *audit_flaws)
    return Summary(
        **{name: getattr(summary, name) for name in Summary.__slots__} | {"flaws": found}
    )


def precision(confusion: Confusion) -> float:
    """Share of the rows decided 1 that are 1; NaN without any."""
    return _share(confusion.true_positive, confusion.false_positive)


def recall(confusion: Confusion) -> float:
    """Share of the rows that are 1 that were decided 1; NaN without any."""
    return _share(confusion.true_positive, confusion.false_negative)


def value_of(confusion: Confusion, worth: Mapping[str, float]) -> float:
    """What decisions were worth."""
    return sum(
        getattr(confusion, name) * worth.get(name, 0.0)
        for name in ("true_positive", "false_positive", "false_negative", "true_negative")
    )


def is_below(confusion: Confusion, floor: float) -> bool:
    """Whether precision is below a floor; without any decision 1 it is, for nothing is shown."""
    return not precision(confusion) >= floor


def interval(confusion: Confusion) -> tuple[float, float]:
    """Bounds of precision at 95 %: Wilson (1927), as if rows were independent; NaN without any."""
    hits, of = confusion.true_positive, confusion.true_positive + confusion.false_positive
    if not of:
        return math.nan, math.nan
    z = 1.959963984540054
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return middle - half, middle + half


def _side(weeks: list[Confusion], worth: Mapping[str, float], floor: float) -> Side:
    first, last, total = _sum(weeks[:4]), _sum(weeks[-4:]), _sum(weeks)
    return Side(
        precision(first),
        precision(last),
        recall(first),
        recall(last),
        7 * sum(is_below(week, floor) for week in weeks),
        total,
        value_of(total, worth),
    )


def _flaws(summary: Summary, history: History, floor: float) -> Iterator[str]:
    guarded, unwatched = summary.guarded, summary.unwatched
    if summary.failed:
        yield f"{summary.failed} requests of users failed"
    if not unwatched.last < floor:
        yield f"left alone, the first model ended at {unwatched.last:.1%}: not below {floor:.0%}"
    if not guarded.last >= floor:
        yield f"with Phasegate the last four weeks had a precision of {guarded.last:.1%}"
    if guarded.days_below >= unwatched.days_below:
        yield (
            f"{guarded.days_below} days were below the floor with Phasegate, "
            f"{unwatched.days_below} without"
        )
    if guarded.value <= unwatched.value:
        yield "the decisions with Phasegate were not worth more than those without"
    if history.happened(What.BUG) and summary.bug_delay is None:
        yield "the pipeline's bug was not taken back"
    if not summary.promotions:
        yield "no retrained model was promoted"


def _sum(confusions: list[Confusion]) -> Confusion:
    total = Confusion()
    for one in confusions:
        total = added(total, one)
    return total


def _share(hits: int, others: int) -> float:
    return hits / (hits + others) if hits + others else math.nan


def weekly(history: History) -> list[Span]:
    """The history by weeks."""
    return spans(history.pieces, WEEK)
