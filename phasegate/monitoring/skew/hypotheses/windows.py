"""Windows over the past that begin or end elsewhere than they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from phasegate.features.definitions import Statistic
from phasegate.monitoring.skew.hypotheses.sample import Hypothesis, Sample
from phasegate.monitoring.skew.past import NONE, Past
from phasegate.monitoring.skew.report import CauseKind

Moments = NDArray[np.int64]

MICROSECOND, SECOND, MINUTE = 1, 1_000_000, 60_000_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
UNITS = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY}
HALF_HOURS = tuple(half for half in range(-28, 29) if half)


@dataclass(frozen=True)
class Variant:
    """A window [start, end) that is meant to be [t - delay - width, t - delay).

    Attributes:
        kind: of cause.
        explanation: what was done to the window.
        start, end: [rows] microseconds, from [rows] event times.
    """

    kind: CauseKind
    explanation: str
    start: Callable[[Moments], Moments]
    end: Callable[[Moments], Moments]


def window_variants(sample: Sample) -> Iterator[Hypothesis]:
    """The feature over every variant of its window."""
    past = _past(sample)
    if past is None:
        return
    statistic = sample.window.statistic
    for variant in variants(statistic):
        yield _hypothesis(
            sample,
            variant.kind,
            variant.explanation,
            *past.statistics(
                statistic.value,
                statistic.exponent,
                variant.start(past.moments),
                variant.end(past.moments),
            ),
        )


def window_contents(sample: Sample) -> Iterator[Hypothesis]:
    """The right window with other events in it, or as it was at another event."""
    past = _past(sample)
    if past is None:
        return
    statistic = sample.window.statistic
    value, exponent = statistic.value, statistic.exponent
    reach = statistic.delay + statistic.width
    first, last = past.before(past.moments - reach), past.before(past.moments - statistic.delay)
    counts, sums = past.between(value, exponent, first, last)
    yield _hypothesis(
        sample, CauseKind.UNIT, "values are not rounded to the declared resolution", counts, sums
    )
    yield _hypothesis(
        sample,
        CauseKind.NULL_HANDLING,
        f"missing values of {value} are counted as 0",
        (last - first).astype(np.float64),
        sums,
    )
    yield _hypothesis(
        sample,
        CauseKind.WINDOW_EDGE,
        "the latest event of the window is left out",
        *past.between(value, exponent, first, last - 1),
    )
    earlier = past.earlier()
    if len(past.time):
        moments = np.where(earlier == NONE, past.moments, past.time[earlier])
        known = past.statistics(value, exponent, moments - reach, moments - statistic.delay)
        found = _hypothesis(
            sample,
            CauseKind.STALE,
            f"it is the value of the previous event of {statistic.entity}",
            *known,
        )
        yield replace(found, values=np.where(earlier == NONE, np.nan, found.values))


@cache
def variants(statistic: Statistic) -> tuple[Variant, ...]:
    """The variants of a window, the likelier of two alike first."""
    edge, zone, stale = CauseKind.WINDOW_EDGE, CauseKind.TIME_ZONE, CauseKind.STALE
    delay, width = statistic.delay, statistic.width
    at_end = "events at its later end" if delay else "the event itself"

    def moved(kind: CauseKind, explanation: str, start: int, end: int) -> Variant:
        return Variant(
            kind,
            explanation,
            lambda time: time - delay - width + start,
            lambda time: time - delay + end,
        )

    def whole(kind: CauseKind, explanation: str, unit: int) -> Variant:
        return Variant(
            kind,
            explanation,
            lambda time: time // unit * unit - delay - width,
            lambda time: time // unit * unit - delay,
        )

    found = [
        moved(edge, f"the window is closed at its later end: {at_end} counted", 0, MICROSECOND),
        moved(edge, "the window is open at its earlier end: events there not counted", 1, 0),
        moved(edge, f"the window is closed at the wrong end: {at_end} counted, events at the "
              "earlier end not", MICROSECOND, MICROSECOND),
    ]  # fmt: skip
    if delay:
        found += [
            moved(edge, "the delay is ignored", delay, delay),
            moved(edge, "the delay is ignored at the later end", 0, delay),
            moved(edge, "the delay is ignored, and the event itself counted", 0, delay + 1),
        ]
    for name, unit in reversed(UNITS.items()):
        found.append(moved(edge, f"the window is one {name} longer", -unit, 0))
        if unit < width:
            found.append(moved(edge, f"the window is one {name} shorter", unit, 0))
            found.append(moved(edge, f"the window ends one {name} early", 0, -unit))
    for name in ("second", "minute", "day"):
        unit = UNITS[name]
        if delay >= unit:
            found.append(moved(edge, f"the delay is one {name} shorter", unit, unit))
        found.append(moved(edge, f"the delay is one {name} longer", -unit, -unit))
    found.append(
        Variant(
            edge,
            "the window begins at midnight",
            lambda time: (time - delay) // DAY * DAY - width + DAY,
            lambda time: time - delay,
        )
    )
    found += [
        moved(zone, f"the window is shifted by {hours(half * HOUR // 2)}", *(half * HOUR // 2,) * 2)
        for half in HALF_HOURS
    ]
    found += [
        whole(stale, "it was computed at the last full hour", HOUR),
        whole(stale, "it was computed at the last midnight (UTC)", DAY),
    ]
    return tuple(found)


def hours(shift: int) -> str:
    """Microseconds as signed hours and minutes: +5:30 h."""
    minutes = abs(shift) // MINUTE
    sign = "+" if shift > 0 else "-"
    return f"{sign}{minutes // 60}{f':{minutes % 60:02}' if minutes % 60 else ''} h"


def _past(sample: Sample) -> Past | None:
    return sample.pasts.get(sample.window.statistic.entity) if sample.window else None


def _hypothesis(
    sample: Sample,
    kind: CauseKind,
    explanation: str,
    counts: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> Hypothesis:
    """The aggregate; whoever computes it otherwise does not round to the grid of exact sums."""
    grid = 2.0 ** -(sample.window.statistic.exponent + 1)
    match sample.window.aggregate:
        case "count":
            return Hypothesis(kind, explanation, counts)
        case "sum":
            return Hypothesis(kind, explanation, sums, slack=counts * grid)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(counts > 0, sums / counts, np.nan)
    return Hypothesis(kind, explanation, means, slack=grid)
