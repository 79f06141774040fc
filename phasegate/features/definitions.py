"""What the features are: parsed from the project file, and nothing about how to compute them.

An event at time t of entity e sees, through a window of width W and delay D, the events of the
same entity with time in [t - D - W, t - D). Nothing at or after t - D is ever seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from phasegate.digests import digest_json
from phasegate.errors import BadInput
from phasegate.project.durations import microseconds

Kind = Literal["numeric", "categorical"]

AGGREGATES = ("count", "sum", "mean")
CALENDAR_PARTS = ("minute_of_day", "hour", "weekday", "day", "month")
DEFAULT_RESOLUTION = 1e-6
RESERVED = ("_row", "_time", "_label", "_entity")


@dataclass(frozen=True)
class FeatureColumn:
    """A column that the model sees."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Label:
    """What is predicted, which value of it means yes, and when it is known (microseconds)."""

    column: str
    positive: int | float | str | bool
    delay: int


@dataclass(frozen=True)
class Calendar:
    """Parts of a time, in UTC."""

    column: str
    parts: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.column}_{part}" for part in self.parts)


@dataclass(frozen=True)
class Statistic:
    """Count and sum of a value over one window: what all aggregates are made of.

    Attributes:
        entity: column whose equal values share a past.
        value: column that is counted and summed.
        width: length of the window in microseconds.
        delay: microseconds between the window's end and the event.
        exponent: values are rounded to multiples of 2**-exponent. Sums of such multiples are
            exact in float64, so they have the same bits in any order and on any engine.
    """

    entity: str
    value: str
    width: int
    delay: int
    exponent: int


@dataclass(frozen=True)
class WindowFeature:
    """One aggregate over one window."""

    name: str
    aggregate: str
    statistic: Statistic


@dataclass(frozen=True)
class FeatureDefinitions:
    """The features of a project, and the parts of its data section that they depend on."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    calendar: Calendar | None
    windows: tuple[WindowFeature, ...]
    time: str | None
    entity: str | None
    label: Label
    document: Mapping[str, Any]

    @classmethod
    def parse(cls, features: Mapping[str, Any], data: Mapping[str, Any]) -> FeatureDefinitions:
        """Read the `features` and `data` sections of a project file.

        Raises:
            BadInput: when two features have one name, the label leaks into the features, or a
                window is not possible.
        """
        document = _document(features, data)
        chosen, known = document["features"], document["data"]
        label = Label(
            known["label"]["column"],
            known["label"]["positive"],
            microseconds(known["label"]["delay"]),
        )
        calendar = chosen["calendar"]
        definitions = cls(
            numeric=tuple(chosen["numeric"]),
            categorical=tuple(chosen["categorical"]),
            calendar=Calendar(calendar["column"], tuple(calendar["parts"])) if calendar else None,
            windows=tuple(
                feature
                for position, window in enumerate(chosen["windows"])
                for feature in _window_features(window, label, f"features.windows[{position}]")
            ),
            time=known["time"],
            entity=known["entity"],
            label=label,
            document=document,
        )
        _refuse(definitions, data.get("exclude") or ())
        return definitions

    @cached_property
    def digest(self) -> str:
        """Hex sha256 of the definitions and of the data columns they depend on."""
        return digest_json(self.document)

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The feature columns, in the order in which the model sees them."""
        calendar = self.calendar.names() if self.calendar else ()
        return (
            *(FeatureColumn(name, "numeric") for name in self.numeric),
            *(FeatureColumn(name, "categorical") for name in self.categorical),
            *(FeatureColumn(name, "numeric") for name in calendar),
            *(FeatureColumn(window.name, "numeric") for window in self.windows),
        )

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """The distinct statistics that the window features need."""
        return tuple(dict.fromkeys(window.statistic for window in self.windows))

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the data that are read."""
        named: Iterable[str | None] = (
            self.time,
            self.label.column,
            self.entity,
            *self.numeric,
            *self.categorical,
            self.calendar.column if self.calendar else None,
            *(column for item in self.statistics for column in (item.entity, item.value)),
        )
        return tuple(dict.fromkeys(name for name in named if name is not None))


def _document(features: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form: defaults filled in, irrelevant parts of the data section left out."""
    calendar = features.get("calendar")
    label = data["label"]
    return {
        "features": {
            "numeric": list(features.get("numeric") or ()),
            "categorical": list(features.get("categorical") or ()),
            "calendar": (
                {"column": calendar["column"], "parts": list(calendar["parts"])}
                if calendar
                else None
            ),
            "windows": [
                {
                    "entity": window["entity"],
                    "value": window["value"],
                    "aggregates": list(window["aggregates"]),
                    "over": list(window["over"]),
                    "delay": window.get("delay", "0d"),
                    "resolution": window.get("resolution", DEFAULT_RESOLUTION),
                }
                for window in features.get("windows") or ()
            ],
        },
        "data": {
            "time": data.get("time"),
            "entity": data.get("entity"),
            "label": {
                "column": label["column"],
                "positive": label.get("positive", 1),
                "delay": label.get("delay") or "0d",
            },
        },
    }


def _window_features(
    window: Mapping[str, Any], label: Label, where: str
) -> Iterable[WindowFeature]:
    delay = microseconds(window["delay"])
    if window["value"] == label.column and delay < label.delay:
        raise BadInput(
            f"the window over '{label.column}' of '{window['entity']}' has delay "
            f"{window['delay']}, but the label is known only {label.delay / 86_400e6:g} days later",
            where=where,
            expected="a delay of at least data.label.delay",
            fix="raise the window's delay",
        )
    if unknown := [item for item in window["aggregates"] if item not in AGGREGATES]:
        raise BadInput(
            f"unknown aggregate {unknown[0]!r}", where=where, expected=", ".join(AGGREGATES)
        )
    if not 0 < window["resolution"] <= 1:
        raise BadInput(
            f"resolution {window['resolution']} is not possible",
            where=where,
            expected="above 0, at most 1",
        )
    exponent = math.ceil(-math.log2(window["resolution"]))
    for over in window["over"]:
        width = microseconds(over)
        if width == 0:
            raise BadInput(f"a window over {over} is empty", where=where, expected="such as 7d")
        statistic = Statistic(window["entity"], window["value"], width, delay, exponent)
        for aggregate in window["aggregates"]:
            name = f"{window['entity']}_{window['value']}_{aggregate}_{over}"
            yield WindowFeature(name, aggregate, statistic)


def _refuse(definitions: FeatureDefinitions, excluded: Iterable[str]) -> None:
    columns = [column.name for column in definitions.columns]
    if not columns:
        raise BadInput(
            "no features are declared",
            where="features",
            expected="at least one of numeric, categorical, calendar, windows",
        )
    counts = Counter(columns)
    counts.update(RESERVED)
    if repeated := [name for name, count in counts.items() if count > 1]:
        raise BadInput(
            f"more than one column would be named {', '.join(repeated)}",
            where="features",
            fix="remove the duplicate; a window's name is made of entity, value, aggregate, width",
        )
    direct = (*definitions.numeric, *definitions.categorical)
    if definitions.label.column in direct:
        raise BadInput(
            f"the label '{definitions.label.column}' is listed as a feature",
            where="features",
            fix="remove it; a delayed window over it is possible",
        )
    if both := [name for name in direct if name in set(excluded)]:
        raise BadInput(
            f"listed in data.exclude and used as a feature: {', '.join(both)}",
            where="features",
            fix="remove it from one of the two",
        )
    calendar = definitions.calendar
    if calendar and (unknown := [part for part in calendar.parts if part not in CALENDAR_PARTS]):
        raise BadInput(
            f"unknown calendar part {unknown[0]!r}",
            where="features.calendar",
            expected=", ".join(CALENDAR_PARTS),
        )
    if definitions.windows and definitions.time is None:
        raise BadInput(
            "windows need an event time",
            where="features.windows",
            expected="data.time to name a column",
        )
