"""When windows end. Values and pure functions: no clock, no disk.

A window by time is a span of event time, the same on every replica. It ends when rows of it have
become few among those that come: at least one in a hundred of its own number must be later by more
than the allowed lateness, so that one event from the future ends nothing. A window by rows ends
after so many rows, in the order in which they came.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.sidecar.drift.samples import Sample

Kind = Literal["time", "rows"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
MOST_OPEN = 64
MOST_GAPS = 7  # windows without a row are judged too, unless the stream was elsewhere for long
FUTURE = timedelta(hours=1)  # by which the clocks of clients may be wrong


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """Some rows of one model.

    Attributes:
        counts: of all of them.
        sample: of them.
    """

    counts: WindowCounts
    sample: Sample

    @classmethod
    def none(cls, profile: Profile) -> Part:
        """No rows."""
        return cls(WindowCounts.none(profile), Sample.none(profile))

    @property
    def rows(self) -> int:
        """Answered or failed."""
        return self.counts.rows + self.counts.failed

    def merged(self, other: Part, size: int) -> Part:
        """Both together, with a sample of at most ``size`` rows."""
        return Part(self.counts + other.counts, self.sample.merged(other.sample, size))


@dataclass(frozen=True, eq=False, slots=True)
class Open:
    """A window by time that has not ended.

    Attributes:
        part: its rows.
        panes: how many of them by the start of their pane.
    """

    part: Part
    panes: Mapping[datetime, int]


@dataclass(frozen=True, eq=False, slots=True)
class Windows:
    """The windows of one model.

    Attributes:
        nothing: a part of no rows.
        open: by start; at most `MOST_OPEN`.
        chunk: rows since the last window by rows ended.
        closed: end of the last window by time that ended.
        arrived: time of day at which rows last came.
    """

    nothing: Part
    open: Mapping[datetime, Open]
    chunk: Part
    closed: datetime | None = None
    arrived: datetime | None = None

    @classmethod
    def none(cls, profile: Profile) -> Windows:
        """Of no rows."""
        nothing = Part.none(profile)
        return cls(nothing, {}, nothing)


@dataclass(frozen=True, eq=False, slots=True)
class Ended:
    """A window that ended.

    Attributes:
        kind: by what.
        since, until: of event time.
        part: its rows.
    """

    kind: Kind
    since: datetime
    until: datetime
    part: Part


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of rows.

    Attributes:
        counted: in a window.
        late: for a window that had ended.
        future: later than any clock should be.
        stray: of times that no others are of, where too many windows would be open.
    """

    counted: int = 0
    late: int = 0
    future: int = 0
    stray: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Added:
    """What adding rows gave."""

    windows: Windows
    tally: Tally = Tally()
    ended: tuple[Ended, ...] = field(default=())


def add(
    windows: Windows, panes: Mapping[datetime, Part], rules: DriftRules, now: datetime
) -> Added:
    """Add rows, by the start of their pane; only windows by rows can end by that.

    Args:
        now: time of day.
    """
    opened = dict(windows.open)
    chunk, counted, late, future = windows.chunk, 0, 0, 0
    for start, part in sorted(panes.items()):
        if start > now + FUTURE:
            future += part.rows
            continue
        chunk = chunk.merged(part, rules.sample)
        slot = slot_of(start, rules.window)
        if windows.closed is not None and slot < windows.closed:
            late += part.rows
            continue
        counted += part.rows
        before = opened.get(slot)
        if before is None:
            opened[slot] = Open(part, {start: part.rows})
        else:
            panes_of = {**before.panes, start: before.panes.get(start, 0) + part.rows}
            opened[slot] = Open(before.part.merged(part, rules.sample), panes_of)
    ended: tuple[Ended, ...] = ()
    if chunk.counts.rows >= rules.rows:
        first, last = chunk.counts.first, chunk.counts.last
        assert first is not None, "it has rows"
        assert last is not None, "it has rows"
        ended = (Ended("rows", first, last + _INSTANT, chunk),)
        chunk = windows.nothing
    result = Added(
        replace(windows, open=opened, chunk=chunk, arrived=now), Tally(counted, late, future), ended
    )
    return _bounded(result, rules)


def settle(windows: Windows, rules: DriftRules) -> Added:
    """End the windows by time that others have followed; when nothing waits to be added."""
    done = [start for start in sorted(windows.open) if _is_over(windows, start, rules)]
    return _close(windows, done[-1], rules) if done else Added(windows)


def idle(windows: Windows, rules: DriftRules, now: datetime) -> Added:
    """End the windows of a model from which nothing has come for as long as a window."""
    if windows.arrived is None or now - windows.arrived < rules.window:
        return Added(windows)
    done = [start for start in sorted(windows.open) if start + rules.window + rules.pane <= now]
    return _close(windows, done[-1], rules) if done else Added(windows)


def slot_of(time: datetime, window: timedelta) -> datetime:
    """Start of the window that a time lies in: a multiple of its length from 1970."""
    return _EPOCH + (time - _EPOCH) // window * window


def _is_over(windows: Windows, start: datetime, rules: DriftRules) -> bool:
    end = start + rules.window + rules.pane
    later = sum(
        rows for one in windows.open.values() for pane, rows in one.panes.items() if pane >= end
    )
    return later >= max(1, math.ceil(0.01 * windows.open[start].part.rows))


def _close(windows: Windows, last: datetime, rules: DriftRules) -> Added:
    """End all windows up to one, and those between them that have no rows."""
    ended: list[Ended] = []
    closed = windows.closed
    for start in sorted(one for one in windows.open if one <= last):
        part = windows.open[start].part
        gaps = (start - closed) // rules.window if closed is not None else 0
        if closed is not None and gaps <= MOST_GAPS:
            for at in range(gaps):
                since = closed + at * rules.window
                ended.append(Ended("time", since, since + rules.window, windows.nothing))
        # Nobody looked before the first row: the part of the window before it is no lack of rows.
        since = min(windows.open[start].panes) if closed is None else start
        closed = start + rules.window
        ended.append(Ended("time", since, closed, part))
    left = {start: one for start, one in windows.open.items() if start > last}
    return Added(replace(windows, open=left, closed=closed), ended=tuple(ended))


def _bounded(added: Added, rules: DriftRules) -> Added:
    """No more open windows than memory should hold: those that are over go first."""
    if len(added.windows.open) <= MOST_OPEN:
        return added
    settled = settle(added.windows, rules)
    opened = dict(settled.windows.open)
    stray = 0
    for start in sorted(opened, key=lambda one: (opened[one].part.rows, one))[:-MOST_OPEN]:
        stray += opened.pop(start).part.rows
    tally = replace(added.tally, stray=stray, counted=max(0, added.tally.counted - stray))
    return Added(replace(settled.windows, open=opened), tally, (*added.ended, *settled.ended))
