"""Parts of a time in another zone, or numbered otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from phasegate.monitoring.skew.hypotheses.sample import Hypothesis, Sample
from phasegate.monitoring.skew.hypotheses.windows import DAY, HOUR, MINUTE, hours
from phasegate.monitoring.skew.report import CauseKind

# Zones are at most 14 hours ahead, and whole quarters of an hour: Nepal's is +5:45.
QUARTERS = tuple(sorted((quarter for quarter in range(-48, 57) if quarter), key=abs))
_MONDAY = 3  # 1970-01-01 was a Thursday


def other_zones(sample: Sample) -> Iterator[Hypothesis]:
    """The calendar part where clocks show another time."""
    if not sample.part:
        return
    for quarter in sorted(QUARTERS, key=lambda quarter: (quarter % 4 != 0, abs(quarter))):
        shift = quarter * 15 * MINUTE
        yield Hypothesis(
            CauseKind.TIME_ZONE,
            f"the time is shifted by {hours(shift)}",
            part_of(sample.part, sample.calendar + shift),
        )


def other_numbering(sample: Sample) -> Iterator[Hypothesis]:
    """The calendar part counted from another number or day."""
    if not sample.part:
        return
    for step, words in ((1, "one more"), (-1, "one less")):
        yield Hypothesis(
            CauseKind.ENCODING, f"it is numbered with {words}", sample.recomputed + step
        )
    if sample.part == "weekday":
        sunday = (sample.recomputed + 1) % 7
        yield Hypothesis(CauseKind.ENCODING, "weeks begin on Sunday", sunday)
        yield Hypothesis(
            CauseKind.ENCODING, "weeks begin on Sunday, which is numbered 1", sunday + 1
        )


def part_of(part: str, time: NDArray[np.int64]) -> NDArray[np.float64]:
    """A calendar part of UTC times in microseconds, as features have it, [rows]."""
    days, within = time // DAY, time % DAY
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    parts = {
        "minute_of_day": lambda: within // MINUTE,
        "hour": lambda: within // HOUR,
        "weekday": lambda: (days + _MONDAY) % 7,
        "day": lambda: (date - month).astype(np.int64) + 1,
        "month": lambda: month.astype(np.int64) % 12 + 1,
    }
    return parts[part]().astype(np.float64)
