"""What hypotheses are tried on: rows of one feature, and what else is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phasegate.features.definitions import Kind, WindowFeature
from phasegate.monitoring.skew.past import Past, Values
from phasegate.monitoring.skew.report import CauseKind


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of one feature, some of which differ.

    Attributes:
        name: of the feature.
        kind: numeric or categorical.
        source: column of the data that it is taken from as it is; empty for other features.
        part: of the calendar; empty for other features.
        window: aggregate over the past; None for other features.
        served, recomputed: [rows] numbers (NaN is missing) or texts (None is missing).
        differing: [rows].
        time: [rows] event time in microseconds.
        calendar: [rows] microseconds that calendar parts are taken of.
        others: [rows] recomputed values of the other features of its kind.
        pasts: by entity column.
    """

    name: str
    kind: Kind
    source: str
    part: str
    window: WindowFeature | None
    served: Values
    recomputed: Values
    differing: NDArray[np.bool_]
    time: NDArray[np.int64]
    calendar: NDArray[np.int64]
    others: Mapping[str, Values]
    pasts: Mapping[str, Past]


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """What would have been served, had this happened.

    Attributes:
        kind: of cause.
        explanation: what happened; goes on from "likely because ...".
        values: [rows] that it gives.
        fitted: whether it was made to fit the rows; it has to explain nearly all of them then.
        slack: [rows] absolute difference of numbers that is none.
    """

    kind: CauseKind
    explanation: str
    values: Values
    fitted: bool = False
    slack: NDArray[np.float64] | float = 0.0


Hypotheses = Callable[[Sample], Iterator[Hypothesis]]
