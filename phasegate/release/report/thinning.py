"""Fewer points of long curves: evenly, and never without those that matter."""

from __future__ import annotations

from collections.abc import Iterable


def thinned(count: int, most: int, keep: Iterable[int] = ()) -> list[int]:
    """Positions of at most `most` of `count` points, evenly, and of those to be kept as well.

    First and last are always there. Of those to be kept there are at most `most` too, the latest.
    """
    kept = [index for index in keep if 0 <= index < count][-most:]
    if count <= most:
        return list(range(count))
    evenly = {round(index * (count - 1) / (most - 1)) for index in range(most)}
    return sorted(evenly | set(kept))
