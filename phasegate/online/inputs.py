"""What a request must carry so that features can be computed, and how it is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.online.values import identifier, moment, number, text

Kind = Literal["numeric", "text", "time"]
Columns = Mapping[str, Sequence[Any] | np.ndarray]

_EXACT = 2.0**53
_TEXT = "text, an integer, a boolean, or null"
_TIME = "ISO 8601 text to the microsecond, or whole microseconds since 1970, in years 1 to 9999"


class RawInput(NamedTuple):
    """A column of a request: numeric, text (categories and entities' keys) or time."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Events:
    """The rows of one request, read.

    Attributes:
        ids: [rows] what each event is known by, everywhere; unique.
        times: [rows] microseconds since 1970; zeros where no feature depends on them.
        numbers: column -> [rows]; NaN is missing.
        texts: column -> [rows]; None is missing.
        moments: column -> [rows] microseconds since 1970; None is missing.
    """

    ids: Sequence[str]
    times: Sequence[int]
    numbers: Mapping[str, list[float]]
    texts: Mapping[str, list[str | None]]
    moments: Mapping[str, list[int | None]]


def raw_inputs(definitions: FeatureDefinitions) -> tuple[RawInput, ...]:
    """The columns that a request must carry, in the order of the project file, and no others.

    A column that is both a number and a key is numeric; its values must then be integers. The
    label is not among them: it is not known yet.

    Raises:
        BadInput: when one column is both a time and something else.
    """
    kinds: dict[str, Kind] = dict.fromkeys(_texts(definitions), "text")
    kinds |= dict.fromkeys(_numbers(definitions), "numeric")
    times = _times(definitions)
    if both := [name for name in times if name in kinds]:
        raise BadInput(
            "is a time and a number, category or entity as well: a request could spell it in "
            "more than one way",
            where=f"column '{both[0]}'",
            fix="copy it to a column of another name in the data",
        )
    kinds |= dict.fromkeys(times, "time")
    return tuple(RawInput(name, kinds[name]) for name in definitions.sources if name in kinds)


class EventReader:
    """Reads requests that carry exactly the raw inputs of some definitions.

    Raises:
        BadInput: see `raw_inputs`.
    """

    def __init__(self, definitions: FeatureDefinitions) -> None:
        self.inputs = raw_inputs(definitions)
        self._names = {one.name for one in self.inputs}
        self._texts, self._times = _texts(definitions), _times(definitions)
        self._time = definitions.time if definitions.time in self._times else None
        limits = dict.fromkeys(_numbers(definitions), math.inf)
        for item in definitions.statistics:
            if item.value in limits:
                limit = (_EXACT - 1) * 2.0**-item.exponent
                limits[item.value] = min(limits[item.value], limit)
        self._numbers = [
            (name, partial(number, limit=limit), _number_expected(limit))
            for name, limit in limits.items()
        ]

    def read(self, columns: Columns, ids: Sequence[str]) -> Events:
        """Check and read the columns of a request.

        Args:
            columns: name -> [rows] Python values or a NumPy array; see `values` for what is read.
            ids: [rows] identifiers of the events.

        Raises:
            BadInput: naming the column and row, and the type and range that were expected.
        """
        if columns.keys() != self._names:
            self._refuse_names(columns)
        ids = _read("id", ids, identifier, "text")
        if len(set(ids)) != len(ids):
            raise BadInput("two events of one request have the same id", where="ids")
        listed = {name: _listed(name, values, len(ids)) for name, values in columns.items()}
        moments = {name: _read(name, listed[name], moment, _TIME) for name in self._times}
        if self._time and None in moments[self._time]:
            raise BadInput(
                "null",
                where=f"'{self._time}' of row {moments[self._time].index(None)}",
                expected=_TIME,
            )
        return Events(
            ids=ids,
            times=moments[self._time] if self._time else [0] * len(ids),
            numbers={
                name: _read(name, listed[name], read, expected)
                for name, read, expected in self._numbers
            },
            texts={name: _read(name, listed[name], text, _TEXT) for name in self._texts},
            moments=moments,
        )

    def _refuse_names(self, columns: Columns) -> None:
        expected = ", ".join(f"'{one.name}' ({one.kind})" for one in self.inputs)
        if absent := [one.name for one in self.inputs if one.name not in columns]:
            raise BadInput(
                f"no column '{absent[0]}'", where="request", expected=f"all of {expected}"
            )
        extra = sorted(str(name) for name in columns.keys() - self._names)
        raise BadInput(
            f"unknown column '{extra[0][:60]}'", where="request", expected=f"only {expected}"
        )


def _numbers(definitions: FeatureDefinitions) -> tuple[str, ...]:
    values = (item.value for item in definitions.statistics)
    names = dict.fromkeys((*definitions.numeric, *values))
    return tuple(name for name in names if name != definitions.label.column)


def _texts(definitions: FeatureDefinitions) -> tuple[str, ...]:
    entities = (item.entity for item in definitions.statistics)
    return tuple(dict.fromkeys((*definitions.categorical, *entities)))


def _times(definitions: FeatureDefinitions) -> tuple[str, ...]:
    named = (
        definitions.time if definitions.windows else None,
        definitions.calendar.column if definitions.calendar else None,
    )
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _number_expected(limit: float) -> str:
    if math.isinf(limit):
        return "a finite number, a boolean, or null"
    return f"a number of absolute value below {limit:.6g}, a boolean, or null"


def _listed(name: str, values: Sequence[Any] | np.ndarray, rows: int) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        # NumPy lists finer times as bare integers.
        if values.dtype.kind == "M" and np.datetime_data(values.dtype)[0] in ("ns", "ps", "fs"):
            raise BadInput(
                f"an array of {values.dtype}", where=f"column '{name}'", expected="datetime64[us]"
            )
        values = values.tolist()
    if not isinstance(values, list | tuple) or len(values) != rows:
        raise BadInput(
            _shown(values), where=f"column '{name}'", expected=f"a list of {rows} values"
        )
    return values


def _read(name: str, values: Sequence[Any], read: Callable[[Any], Any], expected: str) -> list[Any]:
    try:
        return [read(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        at = next(at for at, value in enumerate(values) if not _is_read(read, value))
        raise BadInput(
            _shown(values[at]), where=f"'{name}' of row {at}", expected=expected
        ) from None


def _is_read(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        read(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _shown(value: Any) -> str:
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
