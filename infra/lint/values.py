"""Values as far as they are known, and what Terraform's functions make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.lint.hcl.tree import Constant


@dataclass(frozen=True, slots=True)
class Scalar:
    """A constant, and where it was written."""

    value: Constant
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Many:
    """A list or a set."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """An object or a map."""

    entries: tuple[tuple[str, Value], ...]

    def get(self, key: str) -> Value:
        """The value of a key."""
        return dict(self.entries).get(key, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Known only when Terraform runs."""


Value = Scalar | Many | Fields | Unknown
UNKNOWN = Unknown()
Values = tuple[Value, ...]


def rows_of(collection: Value) -> list[tuple[Value, Value]] | None:
    """Keys and values of a collection; None where it is not known."""
    match collection:
        case Many(items):
            return [(UNKNOWN, one) for one in items]
        case Fields(entries):
            return [(Scalar(key, "", 0), value) for key, value in entries]
    return None


def text_of(value: Constant) -> str:
    """A constant as a template writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same(values: list[Value]) -> Value:
    return values[0] if values else UNKNOWN


def _together(values: list[Value]) -> Value:
    found: list[Value] = []
    for value in values:
        found += value.items if isinstance(value, Many) else [UNKNOWN]
    return Many(tuple(found))


def _flat(values: list[Value]) -> Value:
    def inside(value: Value) -> Iterator[Value]:
        if isinstance(value, Many):
            for one in value.items:
                yield from inside(one)
        else:
            yield value

    return Many(tuple(inside(_same(values))))


def _merged(values: list[Value]) -> Value:
    entries: dict[str, Value] = {}
    for value in values:
        if not isinstance(value, Fields):
            entries["*"] = UNKNOWN
            continue
        entries.update(value.entries)
    return Fields(tuple(entries.items()))


def _keys(values: list[Value]) -> Value:
    value = _same(values)
    if isinstance(value, Fields):
        return Many(tuple(Scalar(key, "", 0) for key, _ in value.entries))
    return UNKNOWN


def _entries(values: list[Value]) -> Value:
    value = _same(values)
    return Many(tuple(one for _, one in value.entries)) if isinstance(value, Fields) else UNKNOWN


FUNCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "toset": _same,
    "tolist": _same,
    "tomap": _same,
    "tostring": _same,
    "tobool": _same,
    "tonumber": _same,
    "distinct": _same,
    "sort": _same,
    "compact": _same,
    "nonsensitive": _same,
    "sensitive": _same,
    "concat": _together,
    "setunion": _together,
    "flatten": _flat,
    "merge": _merged,
    "keys": _keys,
    "values": _entries,
}
