"""What happened, week by week: values that the summary and the page are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce

from phasegate.monitoring.performance.series import Confusion


class What(StrEnum):
    """What can happen in the replay."""

    TRAINED = "training"
    BLOCKED = "training blocked"
    RELEASED = "release begins"
    PROMOTED = "promotion"
    ROLLED_BACK = "release rolled back"
    ENDED = "release ends"
    BUG = "pipeline bug"
    UNDONE = "bug taken back"
    ALERT = "drift alert"
    ASKED = "person asked"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened.

    Attributes:
        at: event time.
        what: of its kind.
        said: one sentence.
    """

    at: datetime
    what: What
    said: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run of the monitoring pipeline came to.

    Attributes:
        at: event time of the run.
        action: NOTHING, RETRAIN, ROLL_BACK or ASK.
        reasons: the deciding one first.
        drifted: features that drift by the rule that is acted on, in the newest window.
        alerts: windows with an alert.
        estimated: the metric as it was estimated for the newest window, before its labels: value
            and interval; None where it was not.
        called_by: the schedule, or an alert.
        seconds: of wall time.
        report: page of the decision.
    """

    at: datetime
    action: str
    reasons: tuple[str, ...]
    drifted: int
    alerts: int
    estimated: tuple[float, float, float] | None
    called_by: str
    seconds: float
    report: str = ""


class World(StrEnum):
    """That of users, and the one in which nobody watches."""

    GUARDED = "with Phasegate"
    UNWATCHED = "without"


@dataclass(frozen=True, slots=True)
class Decided:
    """What both worlds decided on a day, or in a part of it, against what became known later.

    Attributes:
        day: midnight with which it begins.
        broken: whether the features came from a version of the feature pipeline with a bug.
        guarded: decisions that users got.
        unwatched: what the first model would have decided about the same requests.
    """

    day: datetime
    broken: bool
    guarded: Confusion
    unwatched: Confusion

    def side(self, world: World) -> Confusion:
        """Of one world."""
        return self.guarded if world is World.GUARDED else self.unwatched


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of traffic, and what both models decided about it.

    Attributes:
        since, until: event time, from and before.
        requests: of users.
        failed: requests of users without a good answer.
        by_model: answers by the version that gave them.
        phase: of a release that was under way as it began; empty for none.
        decided: by day, and apart where features were broken.
    """

    since: datetime
    until: datetime
    requests: int
    failed: int
    by_model: Mapping[str, int]
    phase: str
    decided: tuple[Decided, ...]

    @property
    def guarded(self) -> Confusion:
        """All decisions that users got."""
        return total([one.guarded for one in self.decided])

    @property
    def unwatched(self) -> Confusion:
        """All that the first model would have decided."""
        return total([one.unwatched for one in self.decided])


@dataclass
class History:
    """Everything that happened.

    Attributes:
        pieces: in order of time.
        judged: runs of monitoring, in order of time.
        happenings: in order of time.
    """

    pieces: list[Piece] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    def happened(self, what: What) -> list[Happening]:
        """All of a kind."""
        return [one for one in self.happenings if one.what is what]


@dataclass(frozen=True, slots=True)
class Span:
    """Pieces that are told together.

    Attributes:
        since, until: event time, from and before.
        requests: of users.
        guarded, unwatched: as those of a piece, all of them.
    """

    since: datetime
    until: datetime
    requests: int
    guarded: Confusion
    unwatched: Confusion

    def side(self, world: World) -> Confusion:
        """Of one world."""
        return self.guarded if world is World.GUARDED else self.unwatched


def added(one: Confusion, other: Confusion) -> Confusion:
    """Rows of both."""
    return Confusion(
        one.true_positive + other.true_positive,
        one.false_positive + other.false_positive,
        one.false_negative + other.false_negative,
        one.true_negative + other.true_negative,
    )


def total(confusions: Iterable[Confusion]) -> Confusion:
    """Rows of all."""
    return reduce(added, confusions, Confusion())


def spans(pieces: list[Piece], length: timedelta) -> list[Span]:
    """Pieces by spans of a length, from the first piece's start on; the last may be shorter."""
    found: list[Span] = []
    for piece in pieces:
        number = (piece.since - pieces[0].since) // length
        if number == len(found):
            found.append(
                Span(piece.since, piece.until, piece.requests, piece.guarded, piece.unwatched)
            )
            continue
        last = found[-1]
        found[-1] = Span(
            last.since, piece.until, last.requests + piece.requests,
            added(last.guarded, piece.guarded), added(last.unwatched, piece.unwatched),
        )  # fmt: skip
    return found
