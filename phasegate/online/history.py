"""The past that windows are computed from, whatever stores it.

What is stored are facts: one for each event and series. A series is a value seen through an
entity, on a grid: of the event "customer C7 paid 12.50 at terminal 3", the series
(customer, amount) holds one fact under the key C7. Sums are of integers, so they are exact in any
order, and events may come late.

A Redis adapter would keep a sorted set by time for each series and key, with the event's number
and units as members, and answer all lookups of a request in one pipeline.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

Span = tuple[int, int]
"""Times from the first, included, to the second, excluded; microseconds since 1970."""

DAY = 86_400_000_000
EARLIEST = -(2**63)
"""No time is before this: times are 64 bits."""


class Series(NamedTuple):
    """A value column seen through an entity column, in multiples of 2**-exponent."""

    entity: str
    value: str
    exponent: int


class Fact(NamedTuple):
    """What one event adds to one series.

    Attributes:
        event: number of the event, see `event_number`.
        key: the entity.
        time: of the event, microseconds since 1970.
        units: the value as a multiple of 2**-exponent; None for missing, and for a label that
            is not known yet.
    """

    series: Series
    event: int
    key: str
    time: int
    units: int | None


class Total(NamedTuple):
    """Of the facts in a span: how many have a value, its sum in units, how many have none."""

    count: int
    units: int
    unknown: int


class Lookup(NamedTuple):
    """A question about the past of one key.

    Attributes:
        spans: at least one.
        besides: facts of this series and key that count as if they had been added.
    """

    series: Series
    key: str
    spans: Sequence[Span]
    besides: Sequence[Fact] = ()


class Added(NamedTuple):
    """How many facts were new or completed, held already, or refused for another that is held."""

    new: int
    repeated: int
    refused: int


class History(Protocol):
    """Facts, shared by every process that serves a model.

    Methods raise `Unavailable` when the store does not answer in its time.
    """

    def declare(self, reaches: Mapping[Series, int]) -> None:
        """Name series before they are used, and how far back, in microseconds, a window reaches.

        Facts are kept for the longest reach that was ever declared.
        """

    def add(self, facts: Sequence[Fact]) -> Added:
        """Add facts, all or none of them if it fails.

        A fact is named by its event and series: the same one again changes nothing, except that a
        value that was not known may become known; a different one is refused.
        """

    def add_labels(self, column: str, labels: Mapping[int, int]) -> set[int]:
        """Tell what became known of events: number of the event -> label, 0 or 1.

        A later label replaces an earlier one.

        Returns:
            Events without a fact over this column: never recorded, without an entity, or forgotten.
        """

    def totals(self, lookups: Sequence[Lookup]) -> list[list[Total]]:
        """The total of each span of each lookup, all as of one moment."""

    def forget(self, now: int, margin: int = DAY) -> int:
        """Drop the facts that no window of an event at or after `now - margin` reaches.

        Returns:
            How many facts were dropped.
        """


def event_number(identifier: str) -> int:
    """64 bits of the id's BLAKE2b: among ten million events, two collide once in 370,000 times."""
    digest = hashlib.blake2b(identifier.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def grid_units(value: float, exponent: int) -> int | None:
    """The multiple of 2**-exponent that training rounds a value to; None for NaN."""
    return None if math.isnan(value) else math.floor(value * 2.0**exponent + 0.5)


def span_totals(
    spans: Sequence[Span], between: Callable[[int, int], Total], besides: Iterable[Fact]
) -> list[Total]:
    """Totals of overlapping spans from those of the disjoint pieces they are made of.

    Args:
        between: the stored facts' total from one time, included, to another, excluded.
        besides: facts that are not stored.
    """
    edges = sorted({edge for span in spans for edge in span})
    pieces = [list(between(start, end)) for start, end in pairwise(edges)]
    for fact in besides:
        at = bisect_right(edges, fact.time) - 1
        if 0 <= at < len(pieces):
            known = fact.units is not None
            pieces[at][0] += known
            pieces[at][1] += fact.units or 0
            pieces[at][2] += not known
    running = {edges[0]: Total(0, 0, 0)}
    count = units = unknown = 0
    for end, piece in zip(edges[1:], pieces, strict=True):
        count, units, unknown = count + piece[0], units + piece[1], unknown + piece[2]
        running[end] = Total(count, units, unknown)
    return [_difference(running[end], running[start]) for start, end in spans]


def _difference(one: Total, other: Total) -> Total:
    return Total(one.count - other.count, one.units - other.units, one.unknown - other.unknown)
