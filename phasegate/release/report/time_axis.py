"""A horizontal axis of event time, in UTC."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from phasegate.reports.axes import Scale
from phasegate.reports.markup import Markup, element
from phasegate.reports.shapes import centred, segment, text

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR, _DAY = 3_600, 86_400
_STEPS = (
    1, 5, 15, 30, 60, 300, 900, 1_800, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY, 182 * _DAY, 364 * _DAY,
)  # fmt: skip


@dataclass(frozen=True)
class TimeScale:
    """A linear map from a range of event time to a range of the view box."""

    first: datetime
    last: datetime
    start: float
    end: float

    def __call__(self, moment: datetime) -> float:
        # One moment alone stands at the left.
        width = max((self.last - self.first).total_seconds(), 1e-6)
        along = Scale(0.0, width, self.start, self.end)
        return along((moment - self.first).total_seconds())

    def axis(self, top: float, base: float, *, most: int = 7, name: bool = False) -> Markup:
        """Grid lines from top to base, with times below; `name` adds what the axis is."""
        parts = [segment(self.start, base, self.end, base, "axis")]
        previous = None
        for moment in time_ticks(self.first, self.last, most):
            at = self(moment)
            parts.append(segment(at, top, at, base, "grid"))
            said, edge = tick_text(moment, previous), at > self.end - 16
            anchor = "end" if edge else "middle"
            parts.append(text(said, at, base + 16, "tick", anchor=anchor))
            previous = moment
        if name:
            middle = (self.start + self.end) / 2
            parts.append(centred("event time, UTC", middle, base + 34, "name"))
        return element("g", *parts)


def time_ticks(first: datetime, last: datetime, most: int = 7) -> list[datetime]:
    """At most so many round times between two times, both included."""
    low, high = ((moment - _EPOCH).total_seconds() for moment in (first, last))
    step = next((s for s in _STEPS if (high - low) / s <= most - 1), 0)
    if not step:
        step = math.ceil((high - low) / (most - 1) / _STEPS[-1]) * _STEPS[-1]
    count = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [_EPOCH + timedelta(seconds=index * step) for index in count] or [first]


def tick_text(moment: datetime, previous: datetime | None) -> str:
    """The day, the hour, or both: what the tick before has not said already."""
    clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    if previous is not None and previous.date() == moment.date():
        return clock
    day = f"{MONTHS[moment.month - 1]} {moment.day}"
    return day if clock == "00:00" else f"{day} {clock}"


def moment_text(moment: datetime) -> str:
    """A time as people read it, to the second where it has seconds."""
    moment = moment.astimezone(UTC)
    clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d} {clock} UTC"


def duration_text(duration: timedelta) -> str:
    """A duration in the largest unit of which it is at least two."""
    seconds = duration.total_seconds()
    sign, seconds = ("\N{MINUS SIGN}", -seconds) if seconds < 0 else ("", seconds)
    for size, unit in ((_DAY, "days"), (_HOUR, "hours"), (60, "minutes")):
        if seconds >= 2 * size or seconds == size:
            count = math.floor(10 * seconds / size + 1e-9) / 10
            return f"{sign}{count:,g} {unit[:-1] if count == 1 else unit}"
    return f"{sign}{seconds:.0f} seconds"


def running_latest(times: Sequence[datetime]) -> list[datetime]:
    """Times that never go back: a clock that did is taken to have stood still."""
    latest: list[datetime] = []
    for moment in times:
        latest.append(max(moment, latest[-1]) if latest else moment)
    return latest
