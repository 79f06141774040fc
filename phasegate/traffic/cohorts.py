"""Cohorts: 10,000 of them on a circle, and who among them meets the challenger.

A gateway cannot hash a header, but it can match one. So the client says which cohort its entity
belongs to, four digits in the header ``x-phasegate-cohort``, and a route matches an interval of
these numbers. The interval starts where the plan's salt says and is as long as the challenger's
weight: a cohort that has met the challenger still does when the weight grows, and another salt
lets others be first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

COHORTS = 10_000
_DIGITS = 4


def cohort_of(entity: str) -> str:
    """The cohort of an entity: sha256 of its UTF-8 text, first 8 bytes, modulo 10,000.

    >>> cohort_of("customer-7")
    '5368'
    """
    return f"{_point(entity):0{_DIGITS}}"


@dataclass(frozen=True, slots=True)
class Interval:
    """Cohorts that follow each other on the circle.

    Attributes:
        start: the first one, 0 to 9,999.
        length: how many, 0 to 10,000.
    """

    start: int
    length: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < COHORTS and 0 <= self.length <= COHORTS):
            raise ValueError(f"no interval of cohorts: {self.start}, {self.length}")

    @classmethod
    def of(cls, salt: str, weight: int) -> Interval:
        """The challenger's cohorts under a plan's salt and weight in basis points."""
        return cls(_point(f"salt/{salt}"), weight)

    def __contains__(self, cohort: int) -> bool:
        return (cohort - self.start) % COHORTS < self.length

    @property
    def pattern(self) -> str:
        """Regular expression of its four-digit numbers, anchored, in the syntax that RE2 shares.

        Raises:
            ValueError: the interval is empty, which no header's value should be asked for.
        """
        if not self.length:
            raise ValueError("an empty interval has no pattern")
        last = self.start + self.length - 1
        if self.length == COHORTS:
            parts = [(0, COHORTS - 1)]
        elif last < COHORTS:
            parts = [(self.start, last)]
        else:
            parts = [(0, last - COHORTS), (self.start, COHORTS - 1)]
        return f"^({'|'.join(one for first, end in parts for one in _ranges(first, end))})$"


def _point(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % COHORTS


def _ranges(first: int, last: int, digits: int = _DIGITS) -> list[str]:
    """Patterns that together match the numbers from first to last, written with that many digits.

    Numbers that share their first digit are matched together; what lies whole between the first
    and the last such group is one pattern.
    """
    if digits == 0:
        return [""]
    unit = 10 ** (digits - 1)
    low, high = first // unit, last // unit
    if (first, last) == (low * unit, (high + 1) * unit - 1):
        return [_digit(low, high) + _any(digits - 1)]
    if low == high:
        return [f"{low}{rest}" for rest in _ranges(first % unit, last % unit, digits - 1)]
    found = []
    if first % unit:
        found += [f"{low}{rest}" for rest in _ranges(first % unit, unit - 1, digits - 1)]
        low += 1
    ending = []
    if last % unit != unit - 1:
        ending = [f"{high}{rest}" for rest in _ranges(0, last % unit, digits - 1)]
        high -= 1
    if low <= high:
        found.append(_digit(low, high) + _any(digits - 1))
    return found + ending


def _digit(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


def _any(digits: int) -> str:
    return "" if digits == 0 else "[0-9]" if digits == 1 else f"[0-9]{{{digits}}}"
