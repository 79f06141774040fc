"""The same features as an Ibis expression: their definition on any SQL engine.

DuckDB runs it here when the data is larger than memory; BigQuery and Spark run it unchanged when
one machine is outgrown (with the session's time zone set to UTC). The kernel in `windows` gives
the same bits.
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
from ibis import ir

from phasegate.features.definitions import FeatureDefinitions, Statistic, WindowFeature
from phasegate.features.events import key_column, number_column, text_column, time_column

_PARTS: dict[str, Callable[[ir.TimestampValue], ir.IntegerValue]] = {
    "minute_of_day": lambda moment: moment.hour() * 60 + moment.minute(),
    "hour": lambda moment: moment.hour(),
    "weekday": lambda moment: moment.day_of_week.index(),
    "day": lambda moment: moment.day(),
    "month": lambda moment: moment.month(),
}


def feature_expression(events: ir.Table, definitions: FeatureDefinitions) -> ir.Table:
    """The feature set of a table of events.

    Args:
        events: with the columns that `events.event_columns` names.
        definitions: the features.

    Returns:
        `_row`, `_time`, `_label`, `_entity` if there is one, and the features; unordered.
    """
    carried = ["_row", "_time", "_label", *(["_entity"] if definitions.entity else [])]
    features: dict[str, ir.Value] = {}
    for name in definitions.numeric:
        features[name] = events[number_column(name)]
    for name in definitions.categorical:
        features[name] = events[text_column(name)]
    if calendar := definitions.calendar:
        seconds = events[time_column(calendar.column)] // 1_000_000
        moment = seconds.as_timestamp("s")
        for name, part in zip(calendar.names(), calendar.parts, strict=True):
            features[name] = _PARTS[part](moment).cast("float64")
    for window in definitions.windows:
        features[window.name] = _window(events, window)
    return events.select(*carried, **features)


def _window(events: ir.Table, feature: WindowFeature) -> ir.Value:
    statistic = feature.statistic
    known = events[key_column(statistic.entity)].notnull()
    values = _on_grid(events, statistic)
    over = ibis.range_window(
        preceding=(statistic.delay + statistic.width, statistic.delay + 1),
        group_by=events[key_column(statistic.entity)],
        order_by=events["_time"],
    )
    count = ibis.ifelse(known, values.count().over(over), 0)
    total = ibis.ifelse(known, values.sum().over(over), 0.0).fill_null(0.0)
    if feature.aggregate == "count":
        return count.cast("float64")
    return total if feature.aggregate == "sum" else total / count.nullif(0).cast("float64")


def _on_grid(events: ir.Table, statistic: Statistic) -> ir.FloatingValue:
    values = events[number_column(statistic.value)]
    units = (values * 2.0**statistic.exponent + 0.5).floor()
    return units.cast("float64") * 2.0**-statistic.exponent
