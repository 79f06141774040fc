"""Independent streams of random numbers, addressed by purpose and day.

A stream is found from the seed without drawing what comes before it. Days can therefore be made
in any order and on any number of threads, and a change to the fraud leaves the genuine rows alone.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a stream is for; the number is part of every simulation's identity."""

    POPULATION = 0
    GENUINE = 1
    STOLEN_CARD = 2
    TERMINALS_COMPROMISED = 3
    TERMINAL_FRAUD = 4
    CUSTOMERS_COMPROMISED = 5
    CUSTOMER_FRAUD = 6
    BURSTS = 7
    LABELS = 8
    BUGS = 9


def generator(
    seed: int, stream: Stream, day: int | date = 0, index: int = 0
) -> np.random.Generator:
    """The generator of a stream; `day` is a date or its proleptic Gregorian ordinal."""
    ordinal = day.toordinal() if isinstance(day, date) else day
    key = (int(stream), ordinal, index)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
