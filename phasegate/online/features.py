"""Features of events from raw inputs and the past, bit for bit those that training computes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.online.calendar import calendar_part
from phasegate.online.history import (
    DAY,
    EARLIEST,
    Added,
    Fact,
    History,
    Lookup,
    Series,
    Total,
    event_number,
    grid_units,
)
from phasegate.online.inputs import Columns, EventReader, Events, RawInput
from phasegate.online.series import reaches, statistics_by_series


@dataclass(frozen=True)
class Computed:
    """The features of a request.

    Attributes:
        columns: feature -> [rows], in the model's order: float64 arrays, in which NaN is missing,
            and lists of text, in which None is.
        unlabelled: int64 [rows]; how many events a window over the label saw whose label has not
            arrived, at most. Where it is not 0, training will compute something else.
    """

    columns: dict[str, NDArray[np.float64] | list[str | None]]
    unlabelled: NDArray[np.int64]


class OnlineFeatures:
    """The features of a model's definitions, computed event by event.

    `read` a request, `compute` its features, answer it, then `record` it. The events of one request
    see each other as training would: those strictly before, less the delay. An event that is
    recorded already does not see itself either, so a request may be repeated. Windows see only what
    was recorded, or loaded by `load.load_history`.

    Args:
        definitions: what to compute.
        history: where the past is; needed only by windows.

    Raises:
        BadInput: there are windows but no history, or a column that a request could not carry.
    """

    def __init__(self, definitions: FeatureDefinitions, history: History | None = None) -> None:
        self._definitions, self._history = definitions, history
        self._reader = EventReader(definitions)
        self._statistics = definitions.statistics
        positions = {item: at for at, item in enumerate(self._statistics)}
        self._windows = [(one, positions[one.statistic]) for one in definitions.windows]
        # Of each series: a statistic's position, and how long ago its window ends and starts.
        self._ages = {
            series: [(positions[item], item.delay, item.delay + item.width) for item in items]
            for series, items in statistics_by_series(definitions).items()
        }
        if self._ages:
            self._past.declare(reaches(definitions))

    @property
    def inputs(self) -> tuple[RawInput, ...]:
        """The columns that a request must carry."""
        return self._reader.inputs

    def read(self, columns: Columns, ids: Sequence[str]) -> Events:
        """Read the raw columns of a request.

        Args:
            columns: name -> [rows], exactly those of `inputs`.
            ids: [rows]; the same event has the same id in every process, and when it is repeated.

        Raises:
            BadInput: see `EventReader.read`.
        """
        return self._reader.read(columns, ids)

    def compute(self, events: Events) -> Computed:
        """Compute the features of events.

        Raises:
            Unavailable: see `History`.
        """
        definitions = self._definitions
        columns: dict[str, Any] = {
            name: np.array(events.numbers[name], np.float64) for name in definitions.numeric
        }
        columns |= {name: events.texts[name] for name in definitions.categorical}
        if calendar := definitions.calendar:
            times = events.moments[calendar.column]
            for name, part in zip(calendar.names(), calendar.parts, strict=True):
                columns[name] = np.array(
                    [math.nan if time is None else calendar_part(part, time) for time in times]
                )
        totals = self._totals(events)
        for window, position in self._windows:
            exponent = window.statistic.exponent
            columns[window.name] = np.array(
                [_aggregate(window.aggregate, total, exponent) for total in totals[position]],
                np.float64,
            )
        return Computed(columns, self._unlabelled(totals, len(events.ids)))

    def record(self, events: Events) -> Added:
        """Add events to the history; those that are there already change nothing.

        Raises:
            Unavailable: see `History`.
        """
        facts = [
            fact
            for series in self._ages
            for of_key in self._facts(series, events).values()
            for fact in of_key.values()
        ]
        return self._past.add(facts) if facts else Added(0, 0, 0)

    def add_labels(self, labels: Mapping[str, Any]) -> list[str]:
        """Add labels that became known: id of the event -> value of the label's column.

        Returns:
            Ids that changed nothing: see `History.add_labels`. A label that comes before its event
            was recorded must be added again.

        Raises:
            BadInput: a label is missing, or never equal to the positive one.
            Unavailable: see `History`.
        """
        label = self._definitions.label
        if not any(series.value == label.column for series in self._ages):
            return []
        numbers = {event_number(name): name for name in labels}
        known = {number: self._is_positive(labels[name]) for number, name in numbers.items()}
        unmatched = self._past.add_labels(label.column, known)
        return [numbers[number] for number in unmatched]

    def forget(self, now: int, margin: int = DAY) -> int:
        """Drop the past that no window of an event at or after `now - margin` reaches.

        Args:
            now: microseconds since 1970. Not the time of any one event: a clock that is wrong by a
                month would drop a month.
        """
        return self._past.forget(now, margin) if self._ages else 0

    @property
    def _past(self) -> History:
        if self._history is None:
            raise BadInput("windows need a history of events", where="features.windows")
        return self._history

    def _totals(self, events: Events) -> list[list[Total]]:
        """[statistics][rows]; zeros for rows without an entity."""
        nothing = Total(0, 0, 0)
        totals = [[nothing] * len(events.ids) for _ in self._statistics]
        lookups: list[Lookup] = []
        places: list[list[tuple[int, int]]] = []
        for series, ages in self._ages.items():
            for key, facts in self._facts(series, events).items():
                spans = [
                    (max(fact.time - start, EARLIEST), max(fact.time - end, EARLIEST))
                    for fact in facts.values()
                    for _, end, start in ages
                ]
                besides = tuple(facts.values()) if len(facts) > 1 else ()
                lookups.append(Lookup(series, key, spans, besides))
                places.append([(position, row) for row in facts for position, *_ in ages])
        if lookups:
            for of_key, answers in zip(places, self._past.totals(lookups), strict=True):
                for (position, row), total in zip(of_key, answers, strict=True):
                    totals[position][row] = total
        return totals

    def _unlabelled(self, totals: list[list[Total]], rows: int) -> NDArray[np.int64]:
        unlabelled = np.zeros(rows, np.int64)
        for item, of_rows in zip(self._statistics, totals, strict=True):
            if item.value == self._definitions.label.column:
                np.maximum(unlabelled, [total.unknown for total in of_rows], out=unlabelled)
        return unlabelled

    def _facts(self, series: Series, events: Events) -> dict[str, dict[int, Fact]]:
        """Key -> row -> what the row adds to the series."""
        values = events.numbers.get(series.value)  # None for the label, which is not known yet
        facts: dict[str, dict[int, Fact]] = defaultdict(dict)
        for row, key in enumerate(events.texts[series.entity]):
            if key is not None:
                units = None if values is None else grid_units(values[row], series.exponent)
                event = event_number(events.ids[row])
                facts[key][row] = Fact(series, event, key, events.times[row], units)
        return facts

    def _is_positive(self, value: Any) -> int:
        """1 for the positive label, else 0, compared as training compares."""
        label = self._definitions.label
        if isinstance(value, str):
            return int(value == str(label.positive))
        try:
            found, positive = float(value), float(label.positive)
        except (TypeError, ValueError, OverflowError):
            found = math.nan
        if math.isnan(found):
            raise BadInput(
                f"a label of {value!r}",
                where=f"column '{label.column}'",
                expected=f"a value that may equal {label.positive!r}",
            )
        return int(found == positive)


def _aggregate(name: str, total: Total, exponent: int) -> float:
    if name == "count":
        return float(total.count)
    value = float(total.units) * 2.0**-exponent
    if name == "sum":
        return value
    return value / total.count if total.count else math.nan
