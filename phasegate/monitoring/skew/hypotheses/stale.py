"""Values that belong to an earlier event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from phasegate.features.events import number_column, text_column
from phasegate.monitoring.skew.hypotheses.sample import Hypothesis, Sample
from phasegate.monitoring.skew.past import NONE
from phasegate.monitoring.skew.report import CauseKind


def earlier_event(sample: Sample) -> Iterator[Hypothesis]:
    """What the previous event of the same entity had in the feature's column."""
    if not sample.source:
        return
    for entity, past in sample.pasts.items():
        name = (number_column if sample.kind == "numeric" else text_column)(sample.source)
        if name not in past.columns or not len(past.time):
            continue
        position = past.earlier()
        values = past.columns[name][position]
        values[position == NONE] = None if sample.kind == "categorical" else np.nan
        yield Hypothesis(
            CauseKind.STALE, f"it is the value of the previous event of {entity}", values
        )
