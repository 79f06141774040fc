"""Single raw values of a request, read as training reads the same values from a snapshot.

Each function raises TypeError, ValueError or OverflowError for a value it does not read;
`inputs` says which field and row that was.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Any

from phasegate.clock import microseconds

_FIRST = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST = microseconds(datetime.max.replace(tzinfo=UTC))
# Finer digits must be zeros: training cuts them off in text and rounds them in timestamps.
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6}0{0,3})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


def number(value: Any, limit: float = math.inf) -> float:
    """A number or boolean of absolute value below `limit`; NaN for null and NaN."""
    if value is None:
        return math.nan
    if not isinstance(value, int | float):
        raise TypeError
    read = float(value)
    if abs(read) >= limit:
        raise ValueError
    return read


def text(value: Any) -> str | None:
    """Text, or an integer or boolean in training's spelling; None for null.

    Floats are not read: JSON has one spelling for 1 and 1.0, and training has two.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    return identifier(value)


def identifier(value: Any) -> str:
    """Text, as it is."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # a lone surrogate is no text
    return value


def moment(value: Any) -> int | None:
    """Microseconds since 1970 in UTC; None for null.

    Read are integers, which are such microseconds already, ISO 8601 text and datetimes, which are
    in UTC unless they say otherwise, and dates.
    """
    if value is None:
        return None
    if isinstance(value, str):
        if not _ISO.fullmatch(value):
            raise ValueError
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        value = microseconds(aware)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if not _FIRST <= value <= _LAST:
        raise ValueError
    return value
