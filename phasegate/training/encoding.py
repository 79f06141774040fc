"""Which categories a model knows: those of its training rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.models import CATEGORICAL, Input


def fit_categories(
    features: pa.Table, inputs: tuple[Input, ...], train: np.ndarray
) -> Mapping[str, tuple[str, ...]]:
    """The categories of each categorical input among the training rows, in text order.

    Args:
        train: positions of the training rows.
    """
    positions = pa.array(train)
    return {
        one.name: tuple(
            sorted(
                pc.unique(features.column(one.name).take(positions))
                .cast(pa.string())
                .drop_null()
                .to_pylist()
            )
        )
        for one in inputs
        if one.kind == CATEGORICAL
    }
