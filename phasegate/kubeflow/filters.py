"""Filters of lists, as the backend's JSON predicates. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

_OPERATIONS = {"": "EQUALS", "contains": "IS_SUBSTRING", "not": "NOT_EQUALS", "in": "IN"}


def predicates(wanted: Mapping[str, object]) -> str:
    """The filter of objects that fulfil all conditions.

    Args:
        wanted: texts by field, with ``__contains``, ``__not`` or ``__in`` behind the field's name
            where it is not the text itself: ``{"display_name": "a", "state__in": ["FAILED"]}``.
    """
    found = []
    for key, value in wanted.items():
        field, _, operation = key.partition("__")
        one: dict[str, object] = {"operation": _OPERATIONS[operation], "key": field}
        if operation == "in":
            one["string_values"] = {"values": list(value)}  # type: ignore[call-overload]
        else:
            one["string_value"] = value
        found.append(one)
    return json.dumps({"predicates": found}) if found else ""
