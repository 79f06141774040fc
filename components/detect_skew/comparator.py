"""TFDV's skew comparator: one number for each column that both sides have."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from tensorflow_data_validation import infer_schema, validate_statistics

from components.validate import bins, counting
from components.validate.schemas import categorical_columns

# The comparator measures whatever it has a threshold for; the policy's own is applied by others.
_ANY = 1e-12


def skew_distances(recomputed: Path, served: Path) -> dict[str, float]:
    """L-infinity distance of categories, Jensen-Shannon divergence (bits) of numbers, by column.

    Numbers are compared on the deciles of the recomputed ones. A column that is missing throughout
    on one side has no distance.

    Args:
        recomputed: Parquet file of one row for each served row.
        served: Parquet file of the same columns.
    """
    parts = {"recomputed": [recomputed], "served": [served]}
    counted = {
        side: counting.count([str(path) for path in paths], str(paths[0].with_suffix(".pb")))
        for side, paths in parts.items()
    }
    binned = bins.on_common_bins(
        counted["served"], parts["served"], counted["recomputed"], parts["recomputed"]
    )
    schema = infer_schema(binned.reference, infer_feature_shape=False)
    texts = categorical_columns(binned.reference)
    empty = {name for path in (recomputed, served) for name in _missing_throughout(path)}
    for feature in schema.feature:
        if feature.name in empty:
            continue
        if feature.name in texts:
            feature.skew_comparator.infinity_norm.threshold = _ANY
        elif feature.name in binned.columns:
            feature.skew_comparator.jensen_shannon_divergence.threshold = _ANY
    found = validate_statistics(binned.reference, schema, serving_statistics=binned.statistics)
    return {
        info.path.step[0]: info.skew_measurements[0].value
        for info in found.drift_skew_info
        if info.skew_measurements
    }


def _missing_throughout(path: Path) -> list[str]:
    table = pq.read_table(path)
    return [name for name in table.column_names if table[name].null_count == len(table)]
