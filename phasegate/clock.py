"""The time of day, met only at the edge and passed in from there."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from phasegate.errors import BadInput

VARIABLE = "PHASEGATE_NOW"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1970, 2201)


def now() -> datetime:
    """The clock, or ``PHASEGATE_NOW`` when the past is replayed.

    Raises:
        BadInput: when the variable is not an ISO 8601 time.
    """
    text = os.environ.get(VARIABLE)
    return time_of(text, VARIABLE) if text else datetime.now(UTC)


def time_of(text: str, where: str) -> datetime:
    """A time that a person wrote, in UTC, which it is taken to be where it names no zone.

    Args:
        where: it was written, for the message.

    Raises:
        BadInput: it is not an ISO 8601 time, or so far away that one cannot reckon with it.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text}' is not a time", where=where, expected="ISO 8601") from None
    if moment.year not in _YEARS:
        raise BadInput(
            f"'{text}' is far away", where=where, expected=f"{_YEARS[0]} to {_YEARS[-1]}"
        )
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of a time with its zone, exactly; a float would round them."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
