"""Records as JSON values and back: dataclasses of plain fields, times and tuples."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from phasegate.errors import BadInput

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """A dataclass as JSON values: times as ISO 8601 in UTC, durations in seconds.

    A number that is not finite becomes null, which no judge takes for a good one. A field that has
    its default is left out: what was written before a field existed reads, and hashes, as ever. For
    that a default once published must stay what it is.
    """
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: to_json(getattr(value, name))
            for name, default in _defaults(type(value))
            if not _equal(getattr(value, name), default)
        }
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return float(value) if isinstance(value, float) else value


@cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    """Fields and their defaults; MISSING where there is none, which nothing equals."""
    return tuple(
        (
            field.name,
            field.default_factory() if field.default_factory is not MISSING else field.default,
        )
        for field in fields(kind)
    )


def _equal(value: Any, default: Any) -> bool:
    """Whether a field has its default: 1 is not 1.0 here, nor True, because JSON tells them."""
    return type(value) is type(default) and value == default


def from_json(kind: type[T], value: Any, where: str) -> T:
    """The dataclass of JSON values that `to_json` made.

    Raises:
        BadInput: a field is missing, unknown or of another type.
    """
    try:
        return _read(kind, value)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise BadInput(f"this is no {kind.__name__} ({error})", where=where) from None


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), value)
    if origin is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{value!r} is not one of {', '.join(map(repr, get_args(kind)))}")
        return value
    if origin is tuple:
        inner, *_ = get_args(kind)
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is not a list")
        return tuple(_read(inner, item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        _, inner = get_args(kind)
        return {name: _read(inner, item) for name, item in value.items()}
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise TypeError(f"{value!r} is not an object")
        hints = _hints(kind)
        if unknown := set(value) - set(hints):
            raise ValueError(f"unknown field {min(unknown)}")
        return kind(**{name: _read(hints[name], item) for name, item in value.items()})
    return _read_plain(kind, value)


def _read_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind in (str, bool, int, float):
            if type(value) is kind or (kind is float and type(value) is int):
                return value
        elif kind is not type(None):
            return _read(kind, value)
    raise TypeError(f"{value!r} is not {' or '.join(str(kind) for kind in kinds)}")


def _read_plain(kind: Any, value: Any) -> Any:
    if kind is Any:
        return value
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return moment.astimezone(UTC)
    if kind is timedelta:
        return timedelta(seconds=value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    if kind is float:
        if value is None:
            return math.nan
        if type(value) not in (int, float):
            raise TypeError(f"{value!r} is not a number")
        return value  # an integer stays one, or what is read would have another digest
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return value
