"""What the features should be, in the most obvious Python: every event looks at every other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from phasegate.features.definitions import FeatureDefinitions, Statistic

Row = dict[str, Any]


def expected_features(rows: Sequence[Row], definitions: FeatureDefinitions) -> list[Row]:
    """Window features of rows whose time is int microseconds, in the order of a feature set."""
    order = sorted(range(len(rows)), key=lambda row: (rows[row][definitions.time], row))
    return [{"_row": row, **_window_features(rows, row, definitions)} for row in order]


def calendar_part(part: str, microseconds: int) -> float:
    """A part of a UTC time."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    if part == "minute_of_day":
        return float(moment.hour * 60 + moment.minute)
    return float(moment.weekday() if part == "weekday" else getattr(moment, part))


def _window_features(rows: Sequence[Row], row: int, definitions: FeatureDefinitions) -> Row:
    features: Row = {}
    for window in definitions.windows:
        units = _seen(rows, row, definitions, window.statistic)
        total = sum(units) / 2**window.statistic.exponent
        features[window.name] = {
            "count": float(len(units)),
            "sum": total,
            "mean": total / len(units) if units else None,
        }[window.aggregate]
    return features


def _seen(
    rows: Sequence[Row], row: int, definitions: FeatureDefinitions, statistic: Statistic
) -> list[int]:
    now, entity = rows[row][definitions.time], rows[row][statistic.entity]
    end = now - statistic.delay
    values = [
        _value(other, statistic.value, definitions)
        for other in rows
        if entity is not None
        and other[statistic.entity] == entity
        and end - statistic.width <= other[definitions.time] < end
    ]
    scale = 2.0**statistic.exponent
    return [math.floor(value * scale + 0.5) for value in values if value is not None]


def _value(row: Row, name: str, definitions: FeatureDefinitions) -> float | None:
    if name == definitions.label.column:
        return float(row[name] == definitions.label.positive)
    value = row[name]
    return None if value is None or math.isnan(value) else value
