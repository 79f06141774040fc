"""What six months with and without Phasegate came to, and whether the story held."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from examples.replay.daily import below, daily
from examples.replay.measures import is_below, precision, recall, value_of
from examples.replay.record import History, Span, What, World, spans, total
from phasegate.monitoring.performance.series import Confusion

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two worlds.

    Attributes:
        first, last: precision in the first and in the last four weeks.
        first_recall, last_recall: the same of recall.
        days_below: days on which precision was below the floor, as `daily` has it.
        bug_days: those of them that were so by broken features alone.
        weeks_below: weeks that were below it, each by itself, broken features included.
        lowest: least precision of four weeks, without broken features.
        decisions: all of them.
        value: of all decisions.
    """

    first: float
    last: float
    first_recall: float
    last_recall: float
    days_below: int
    bug_days: int
    weeks_below: int
    lowest: float
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
    guarded = _side(history, World.GUARDED, worth, floor)
    unwatched = _side(history, World.UNWATCHED, worth, floor)
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


def _side(history: History, world: World, worth: Mapping[str, float], floor: float) -> Side:
    weeks = [week.side(world) for week in weekly(history)]
    first, last, everything = total(weeks[:4]), total(weeks[-4:]), total(weeks)
    days = daily(history.pieces, world)
    low, by_bug = below(days, floor)
    known = [value for day in days if not math.isnan(value := precision(day.behind))]
    return Side(
        first=precision(first),
        last=precision(last),
        first_recall=recall(first),
        last_recall=recall(last),
        days_below=len(low),
        bug_days=len(by_bug),
        weeks_below=sum(is_below(week, floor) for week in weeks),
        lowest=min(known, default=math.nan),
        decisions=everything,
        value=value_of(everything, worth),
    )


def _flaws(summary: Summary, history: History, floor: float) -> Iterator[str]:
    guarded, unwatched = summary.guarded, summary.unwatched
    if summary.failed:
        yield f"{summary.failed} requests of users failed"
    if not unwatched.last < floor:
        yield f"left alone, the first model ended at {unwatched.last:.1%}: not below {floor:.0%}"
    if not guarded.last >= floor:
        yield f"with Phasegate the last four weeks had a precision of {guarded.last:.1%}"
    if drifting := guarded.days_below - guarded.bug_days:
        yield f"with Phasegate {drifting} days were below the floor, and not by the bug"
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


def weekly(history: History) -> list[Span]:
    """The history by weeks."""
    return spans(history.pieces, WEEK)
