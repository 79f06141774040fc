"""What each column is for, guessed from its name and measurements: pure, and explained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from phasegate.project.columns import Column, Kind

_LABEL = (
    "is_fraud", "fraud", "label", "target", "class", "y", "outcome", "churn", "churned", "default",
    "defaulted", "income", "response", "converted", "conversion", "clicked", "survived", "approved",
)  # fmt: skip
_POSITIVE = {"1", "true", "t", "yes", "y", "positive", "pos", "fraud", "bad", "churned", "default"}
_PROTECTED = re.compile(
    r"^(sex|gender|race|ethnicity|ethnic_group|religion|disability|disabled|nationality|"
    r"sexual_orientation|age_?(group|band|bracket|range))$"
)
_IDENTIFIER = re.compile(r"(^|_)(id|uuid|guid|number|no|key|code)$|[a-z]Id$", re.IGNORECASE)
_ENTITY = ("customer", "client", "user", "account", "card", "member", "patient", "device", "person")
_TIME = ("event_time", "timestamp", "event_timestamp", "datetime", "time", "date", "created_at")
_LABEL_TIME = re.compile(r"(label|outcome|chargeback|resol|report|matur)\w*(time|date|_at)$")
_AMOUNT = ("amount", "amt", "value", "price", "total", "sum", "cost", "charge")
_MOST_CATEGORIES = 200


@dataclass(frozen=True)
class Roles:
    """Columns by what they are for.

    Attributes:
        exclude: columns that are no feature, with the reason.
        entities: identifier columns that repeat, the one that owns the events first.
        amount: numeric column worth summing over an entity's past.
    """

    time: str | None
    key: str | None
    label: str | None
    positive: Any
    label_time: str | None
    entities: tuple[str, ...]
    protected: tuple[str, ...]
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    amount: str | None
    exclude: dict[str, str] = field(default_factory=dict)

    @property
    def entity(self) -> str | None:
        """Who or what the events belong to."""
        return self.entities[0] if self.entities else None


def assign_roles(
    columns: Sequence[Column], rows: int, *, label: str | None = None, time: str | None = None
) -> Roles:
    """Say what every column is for.

    Args:
        label, time: columns that the user has named; otherwise the best candidates are taken.
    """
    label_time = next((c.name for c in columns if c.is_time and _LABEL_TIME.search(_low(c))), None)
    time = time or _choose_time(columns, label_time)
    protected = tuple(
        c.name for c in columns
        if _PROTECTED.match(_low(c)) and 2 <= c.distinct <= _MOST_CATEGORIES and c.name != label
    )  # fmt: skip
    label = label or _choose_label(columns, protected)
    taken = {time, label, label_time, *protected}
    rest = [c for c in columns if c.name not in taken]

    key = _choose_key(rest)
    rest = [c for c in rest if c.name != key]
    entities = _choose_entities(rest, rows)
    exclude = {label_time: "known only when the label is"} if label_time else {}
    numeric, categorical = [], []
    for column in rest:
        if reason := _unfit(column, rows, entities):
            exclude[column.name] = reason
        elif column.is_number:
            numeric.append(column.name)
        else:
            categorical.append(column.name)
    return Roles(
        time=time, key=key, label=label,
        positive=_choose_positive(next((c for c in columns if c.name == label), None)),
        label_time=label_time, entities=entities, protected=protected,
        numeric=tuple(numeric), categorical=tuple(categorical), exclude=exclude,
        amount=next((n for n in numeric if any(word in n.lower() for word in _AMOUNT)), None),
    )  # fmt: skip


def _low(column: Column) -> str:
    return column.name.strip().lower()


def _choose_time(columns: Sequence[Column], label_time: str | None) -> str | None:
    """A time of every event: by its name first, then in the order of the rows, then the finest."""

    def rank(column: Column) -> tuple[int, bool, bool]:
        name = _low(column)
        named = _TIME.index(name) if name in _TIME else len(_TIME)
        return (named, not column.ordered, column.kind is not Kind.TIME)

    found = [c for c in columns if c.is_time and c.nulls == 0 and c.name != label_time]
    # One date for every row places nothing in time.
    found = [column for column in found if column.minimum != column.maximum]
    return min(found, key=rank).name if found else None


def _choose_label(columns: Sequence[Column], protected: Sequence[str]) -> str | None:
    """A binary column: by its name, else the last one, where tables usually keep it."""
    binary = [c for c in columns if len(c.counts) == 2 and c.name not in protected]

    def rank(item: tuple[int, Column]) -> tuple[int, int]:
        position, column = item
        name = _low(column)
        if name in _LABEL:
            return (_LABEL.index(name), 0)
        if name.startswith(("is_", "has_", "label", "target")):
            return (len(_LABEL), -position)
        return (len(_LABEL) + 1 + (column.nulls > 0), -position)

    return min(enumerate(binary), key=rank)[1].name if binary else None


def _choose_positive(label: Column | None) -> Any:
    """The value that means yes: by what it says, else the rarer one."""
    if label is None or not label.counts:
        return None
    values = [value for value, _ in label.counts]
    named = [value for value in values if str(value).strip().lower() in _POSITIVE]
    return named[0] if len(named) == 1 else values[-1]


def _choose_key(columns: Sequence[Column]) -> str | None:
    unique = [c for c in columns if c.unique]
    named = [c for c in unique if _IDENTIFIER.search(c.name)]
    # A unique whole number in the first place is a row's number, whatever its name.
    first = [c for c in unique if c is columns[0]]
    return next((c.name for c in (*named, *first)), None)


def _choose_entities(columns: Sequence[Column], rows: int) -> tuple[str, ...]:
    """Identifiers that repeat: people and accounts before shops and devices."""

    def rank(column: Column) -> tuple[bool, int]:
        return (not any(word in _low(column) for word in _ENTITY), -column.distinct)

    found = [
        c for c in columns
        if c.kind in (Kind.TEXT, Kind.INTEGER) and not c.unique
        and _IDENTIFIER.search(c.name) and 20 <= c.distinct <= 0.5 * rows
        and not (c.name.lower().endswith("code") and c.distinct <= _MOST_CATEGORIES)
    ]  # fmt: skip
    return tuple(column.name for column in sorted(found, key=rank))


def _unfit(column: Column, rows: int, entities: Sequence[str]) -> str | None:
    """Why a column is no feature, or None."""
    if column.nulls == rows:
        return "empty"
    if column.distinct <= 1 and (column.nulls == 0 or not column.is_number):
        return "always the same"
    if column.name in entities:
        return "identifier"
    if column.is_time:
        return "a second time; difference to the event's time may be worth a column"
    if column.kind is Kind.OTHER:
        return "nested or of a type that is no number and no text"
    if column.unique and _IDENTIFIER.search(column.name):
        return "different in every row"
    if column.kind is Kind.TEXT and column.distinct > _MOST_CATEGORIES:
        return f"text with about {column.distinct:,} values, too many for categories"
    return None
