"""Cron of one time zone written for a backend that runs in another.

A backend has one zone for all of its recurring runs (``CRON_SCHEDULE_TIMEZONE`` of its scheduled
workflow controller, UTC unless it is set); its API has none. So a cron expression is moved by the
difference that holds at its next run. Where that changes with summer time, so does the expression:
`next_change` says when, and the next plan then shows a replacement.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from phasegate.scheduling.cron import Cron, parse

_DAY = 24 * 60  # minutes
_HORIZON = timedelta(days=400)


def difference(zone: ZoneInfo, backend: ZoneInfo, moment: datetime) -> int:
    """Minutes that a clock of the backend is ahead of one of the zone."""
    at = moment.astimezone(UTC)
    ahead = at.astimezone(backend).utcoffset() - at.astimezone(zone).utcoffset()
    return round(ahead.total_seconds() / 60)


@lru_cache(maxsize=1024)
def next_change(zone: ZoneInfo, backend: ZoneInfo, hour: datetime) -> datetime | None:
    """When the difference changes next, to the hour; None: not within 400 days.

    Args:
        zone: that of the schedule.
        backend: that of the backend.
        hour: from when on, in UTC; a whole hour, so that answers can be remembered.
    """
    now = difference(zone, backend, hour)
    low, high = hour, hour
    while difference(zone, backend, high) == now:
        low, high = high, high + timedelta(days=7)
        if high - hour > _HORIZON:
            return None
    while high - low > timedelta(hours=1):
        middle = low + timedelta(hours=(high - low) // timedelta(hours=2))
        if difference(zone, backend, middle) == now:
            low = middle
        else:
            high = middle
    return high


def shifted(cron: Cron, minutes: int) -> Cron:
    """The same moments, on a clock that is so many minutes ahead.

    Raises:
        ValueError: no single expression says that, because some runs or all of them change their
            day, which is restricted in a way that cannot be moved along.
    """
    if minutes == 0:
        return cron
    times = {
        divmod(hour * 60 + minute + minutes, _DAY)
        for hour in cron.hour.values
        for minute in cron.minute.values
    }
    hours = {time // 60 for _, time in times}
    within = {time % 60 for _, time in times}
    if len({time for _, time in times}) != len(hours) * len(within):
        raise ValueError("its minutes would differ from hour to hour there")
    days = {day for day, _ in times}
    same = hours == cron.hour.values and within == cron.minute.values
    words = cron.text.split()
    restricted = not (_whole(cron.day.values, 31) and _whole(cron.month.values, 12)
                      and _whole(cron.weekday.values, 7))  # fmt: skip
    if same and (not restricted or days == {0}):
        return cron
    if restricted and days != {0}:
        if len(days) > 1:
            raise ValueError("some of its runs would be on another day there")
        if not (_whole(cron.day.values, 31) and _whole(cron.month.values, 12)):
            raise ValueError("its runs would be on another day of the month there")
        by = days.pop()
        words[5] = _text({(one + by) % 7 for one in cron.weekday.values}, 7, 0)
    words[1] = _text(within, 60, 0)
    words[2] = _text(hours, 24, 0)
    return parse(" ".join(words))


def _whole(values: frozenset[int] | set[int], size: int) -> bool:
    return len(values) == size


def _text(values: set[int], size: int, low: int) -> str:
    """A field: ``*``, or its values with runs of three and more as ranges."""
    if _whole(values, size):
        return "*"
    parts = []
    keyed = enumerate(sorted(values, key=lambda one: (one - low) % size))
    for _, group in groupby(keyed, key=lambda pair: pair[1] - pair[0]):
        run = [value for _, value in group]
        parts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(one) for one in run]
    return ",".join(parts)
