"""Distances of served from recomputed distributions, by TFDV's skew comparator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.detection import Detected
from phasegate.monitoring.skew.recomputation import Recomputed
from phasegate.monitoring.skew.report import FeatureSkew, SkewReport
from phasegate.monitoring.skew.served import Served
from phasegate.progress import Progress


def with_distances(
    detected: Detected, rules: SkewRules, scratch: Path, progress: Progress
) -> SkewReport:
    """The report with distances, and with what alerts by them.

    Where no row differs the distributions are equal and the distance is 0: TFDV, which takes long
    to load, is asked about the other features alone.

    Args:
        detected: report and rows.
        rules: the distance that alerts.
        scratch: for files.
        progress: told a fraction and what is being done.
    """
    report, recomputed = detected.report, detected.recomputed
    if recomputed is None:
        return report
    differing = [one.feature for one in report.features if one.differing]
    measured: Mapping[str, float] = {}
    if differing:
        progress(
            0.8, f"comparing {len(differing)} distributions with TFDV, which takes long to load"
        )
        measured = _measured(detected.served, recomputed, differing, scratch)
    features = tuple(
        _with_distance(one, measured.get(one.feature, math.nan) if one.differing else 0.0, rules)
        for one in report.features
    )
    alert = report.alert or any(one.alert for one in features)
    return replace(report, features=features, alert=alert)


def _with_distance(one: FeatureSkew, distance: float, rules: SkewRules) -> FeatureSkew:
    return replace(one, distance=distance, alert=one.alert or distance >= rules.distance > 0)


def _measured(
    served: Served, recomputed: Recomputed, names: Sequence[str], scratch: Path
) -> dict[str, float]:
    matched = pa.array(recomputed.matched)
    sides = {
        "served": pa.table({name: served.rows[name].take(matched) for name in names}),
        "recomputed": pa.table({name: recomputed.column(name) for name in names}),
    }
    parts = {}
    for side, table in sides.items():
        parts[side] = scratch / f"{side}-distribution.parquet"
        pq.write_table(table, parts[side])
    from components.validate.validation import quietly

    with quietly():
        from components.detect_skew.comparator import skew_distances

    return skew_distances(parts["recomputed"], parts["served"])
