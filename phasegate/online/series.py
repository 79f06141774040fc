"""The series of facts that a model's windows are computed from."""

from __future__ import annotations

from collections import defaultdict

from phasegate.features.definitions import FeatureDefinitions, Statistic
from phasegate.online.history import Series


def statistics_by_series(definitions: FeatureDefinitions) -> dict[Series, list[Statistic]]:
    """The series that the windows are computed from, and the statistics of each."""
    grouped: dict[Series, list[Statistic]] = defaultdict(list)
    for item in definitions.statistics:
        grouped[Series(item.entity, item.value, item.exponent)].append(item)
    return dict(grouped)


def reaches(definitions: FeatureDefinitions) -> dict[Series, int]:
    """How far back from an event each series is seen, in microseconds."""
    return {
        series: max(item.delay + item.width for item in statistics)
        for series, statistics in statistics_by_series(definitions).items()
    }
