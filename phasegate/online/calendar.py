"""Parts of a UTC time, as training's engines compute them."""

from __future__ import annotations

from datetime import date

_MINUTE = 60_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_THURSDAY = 3  # the weekday of 1970-01-01, with Monday as 0


def calendar_part(part: str, time: int) -> float:
    """One of `definitions.CALENDAR_PARTS` of a time in microseconds since 1970, UTC."""
    minute = time // _MINUTE
    if part == "minute_of_day":
        return float(minute % 1440)
    if part == "hour":
        return float(minute // 60 % 24)
    day = minute // 1440
    if part == "weekday":
        return float((day + _THURSDAY) % 7)
    on = date.fromordinal(_EPOCH_DAY + day)
    return float(on.day if part == "day" else on.month)
