"""Durations as people write them: ``7d``, ``12h``, ``30m``, ``45s``."""

from __future__ import annotations

import re
from datetime import timedelta

from phasegate.errors import BadInput

PATTERN = r"^[0-9]+(s|m|h|d)$"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """Turn ``7d`` into a timedelta.

    Raises:
        BadInput: when the text is not a whole number followed by s, m, h or d.
    """
    if not re.match(PATTERN, text):
        raise BadInput(
            f"'{text}' is not a duration", expected="a whole number and s, m, h or d, such as 7d"
        )
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def microseconds(text: str) -> int:
    """A duration in whole microseconds, the resolution of event time."""
    return parse_duration(text) // timedelta(microseconds=1)
