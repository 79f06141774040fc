"""Lists: filters as JSON predicates, one sort key, and pages whose tokens say where to go on."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from tests.kubeflow.fake.refusals import invalid
from tests.kubeflow.fake.types import read

_DEFAULT_SIZE, _LARGEST_SIZE = 20, 200
_VALUES = (
    "int_value", "long_value", "string_value", "timestamp_value",
    "int_values", "long_values", "string_values",
)  # fmt: skip
Object = dict[str, Any]
_KEY = itemgetter(0, 1)
_NUMBERS = {
    1: "EQUALS", 2: "NOT_EQUALS", 3: "GREATER_THAN", 5: "GREATER_THAN_EQUALS", 6: "LESS_THAN",
    7: "LESS_THAN_EQUALS", 8: "IN", 9: "IS_SUBSTRING",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listable:
    """What a kind can be listed by.

    Attributes:
        id: field of the identifier.
        fields: of the object, by the names that filters and sort keys may use.
    """

    id: str
    fields: Mapping[str, str]


def page(kind: Listable, objects: Iterable[Object], query: Mapping[str, str]) -> Object:
    """``items``, ``total_size`` and ``next_page_token`` of a page.

    Raises:
        Refused: 400, of a filter, sort key, size or token that is none.
    """
    size = _size(query.get("page_size", ""))
    sort_by, filter_text = query.get("sort_by", ""), query.get("filter", "")
    field, descending = _order(kind, sort_by)
    matches = _predicates(kind, filter_text)

    found = filter(matches, objects) if matches else objects
    rows = [(str(one.get(field, "")).lower(), one[kind.id], one) for one in found]
    rows.sort(key=_KEY, reverse=descending)
    start = 0
    if token := query.get("page_token", ""):
        mark = _mark(token)
        if mark.get("by") != [sort_by, filter_text]:
            raise invalid("page token does not match the list's sort and filter")
        start = _position(rows, tuple(mark["from"]), descending)
    rest = rows[start + size : start + size + 1]
    mark = {"from": _KEY(rest[0]), "by": [sort_by, filter_text]} if rest else None
    return {
        "items": [row[2] for row in rows[start : start + size]],
        "total_size": len(rows),
        "next_page_token": base64.b64encode(json.dumps(mark).encode()).decode() if mark else "",
    }


def _position(rows: list[tuple[str, str, Object]], after: tuple[str, ...], descending: bool) -> int:
    """Where a page starts: at the object of the token, or where it was."""
    if not descending:
        return bisect_left(rows, after, key=_KEY)
    return len(rows) - bisect_right(rows[::-1], after, key=_KEY)


def _size(text: str) -> int:
    try:
        size = int(text or 0)
    except ValueError:
        raise invalid(f"page_size {text!r}") from None
    if size < 0:
        raise invalid(f"The page size should be greater than 0. Got {size}")
    return min(size or _DEFAULT_SIZE, _LARGEST_SIZE)


def _order(kind: Listable, text: str) -> tuple[str, bool]:
    words = text.lower().split()
    if len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise invalid(f"Received invalid sort by format {text!r}")
    name = words[0] if words else "created_at"
    if name not in kind.fields:
        raise invalid(f"Invalid sorting field: {name!r}")
    return kind.fields[name], words[1:] == ["desc"]


def _mark(token: str) -> dict[str, Any]:
    try:
        return json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        raise invalid("Invalid package token") from None


def _predicates(kind: Listable, text: str) -> Callable[[Object], bool] | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        raise invalid(f"failed to parse filter {text!r}") from None
    named = _with_names(value)
    wanted = [_predicate(kind, one) for one in read(named, "V2beta1Filter").get("predicates", ())]
    return lambda one: all(holds(one) for holds in wanted)


def _with_names(value: Any) -> Any:
    """The filter with operations by name: KFP's own client sends their numbers."""
    if not isinstance(value, dict) or not isinstance(value.get("predicates"), list):
        return value
    predicates = [
        {**one, "operation": _NUMBERS.get(one.get("operation"), one.get("operation"))}
        if isinstance(one, dict) and isinstance(one.get("operation"), int)
        else one
        for one in value["predicates"]
    ]
    return {**value, "predicates": predicates}


def _predicate(kind: Listable, value: Object) -> Callable[[Object], bool]:
    key, operation = value.get("key", ""), value.get("operation", "OPERATION_UNSPECIFIED")
    if key not in kind.fields:
        raise invalid(f"no support for filtering on unrecognized field {key!r}")
    given = [name for name in _VALUES if name in value]
    if len(given) != 1:
        raise invalid(f"a predicate has one value, and not {len(given)}")
    field, plural = kind.fields[key], given[0].endswith("_values")
    if (operation == "IN") != plural:
        raise invalid(f"cannot use operator {operation} with {given[0]}")
    if operation == "IS_SUBSTRING" and given[0] != "string_value":
        raise invalid(f"cannot use non string value with operator {operation}")
    values = value[given[0]]
    if plural:
        many = {_text(one) for one in values.get("values", ())}
        return lambda one: _text(one.get(field, "")) in many
    single = _text(_moment(values) if given[0] == "timestamp_value" else values)
    compare = {
        "EQUALS": lambda a: a == single,
        "NOT_EQUALS": lambda a: a != single,
        "GREATER_THAN": lambda a: a > single,
        "GREATER_THAN_EQUALS": lambda a: a >= single,
        "LESS_THAN": lambda a: a < single,
        "LESS_THAN_EQUALS": lambda a: a <= single,
        "IS_SUBSTRING": lambda a: single in a,
    }.get(operation)
    if compare is None:
        raise invalid(f"invalid predicate operation: {operation}")
    return lambda one: compare(_text(one.get(field, "")))


def _text(value: Any) -> str:
    """A value as it is compared: the backend's database ignores case.

    Moments are all written alike, in UTC and to the second, so that texts compare as they do.
    """
    return str(value).lower()


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise invalid(f"timestamp_value {text!r}") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
