"""Values held to the types of ``kfp_server_api``, as its generated models declare them."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

import kfp_server_api

from tests.kubeflow.fake.refusals import Refused, invalid

_LONGS = frozenset({"max_concurrency", "interval_second", "long_value"})
_PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}


@cache
def fields(name: str) -> dict[str, str]:
    """Types of a model's fields, by their names in JSON."""
    model = getattr(kfp_server_api.models, name)
    return {model.attribute_map[field]: kind for field, kind in model.openapi_types.items()}


@cache
def states(name: str) -> frozenset[str]:
    """The values of an enum."""
    model = getattr(kfp_server_api.models, name)
    return frozenset(value for key, value in vars(model).items() if key.isupper())


def checked(value: Any, kind: str, path: str = "") -> Any:
    """The value again, if it is of the type.

    Raises:
        Refused: 400, saying where it is not.
    """
    where = path or kind
    if kind == "datetime":
        _moment(value, where)
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            raise _mistyped(value, kind, where)
    elif kind != "object":
        _composed(value, kind, where)
    return value


def _composed(value: Any, kind: str, where: str) -> None:
    if inner := re.fullmatch(r"list\[(.*)\]", kind):
        for position, one in enumerate(_of(list, value, kind, where)):
            checked(one, inner[1], f"{where}[{position}]")
    elif inner := re.fullmatch(r"dict\(str, (.*)\)", kind):
        for key, one in _of(dict, value, kind, where).items():
            checked(one, inner[1], f"{where}.{key}")
    elif names := fields(kind):
        for key, one in _of(dict, value, kind, where).items():
            if key not in names:
                raise invalid(f'proto: unknown field "{key}" in {where}')
            checked(one, names[key], f"{where}.{key}")
    elif value not in states(kind):
        raise invalid(f"proto: invalid value for enum field {where}: {value!r}")


def _of(wanted: type, value: Any, kind: str, where: str) -> Any:
    if not isinstance(value, wanted):
        raise _mistyped(value, kind, where)
    return value


def read(value: Any, kind: str) -> Any:
    """A request's value, checked, with fields by the names of the types.

    As in all of protobuf's JSON, a field may also be written in camel case, and an integer of 64
    bits as a number.

    Raises:
        Refused: 400, it is not of the type.
    """
    return checked(_renamed(value, kind), kind)


def _renamed(value: Any, kind: str) -> Any:
    if inner := re.fullmatch(r"list\[(.*)\]", kind):
        return [_renamed(one, inner[1]) for one in value] if isinstance(value, list) else value
    if not isinstance(value, dict) or not hasattr(kfp_server_api.models, kind):
        return value
    names = fields(kind)
    camel = {re.sub(r"_(.)", lambda found: found[1].upper(), name): name for name in names}
    known = {key: key if key in names else camel.get(key, key) for key in value}
    return {
        known[key]: str(one)
        if known[key] in _LONGS and type(one) is int
        else _renamed(one, names.get(known[key], "object"))
        for key, one in value.items()
    }


def answer(value: dict[str, Any], kind: str) -> dict[str, Any]:
    """The value as the backend sends it: without what is empty, and of the type.

    Raises:
        AssertionError: the fake's own fault, it is not of the type.
    """
    sent = {key: one for key, one in value.items() if one not in (None, "", {}, [])}
    try:
        return checked(sent, kind)
    except Refused as error:
        raise AssertionError(error.message) from None


def _moment(value: Any, where: str) -> None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _mistyped(value, "timestamp", where) from None
    if moment.tzinfo is None:
        raise _mistyped(value, "timestamp", where)


def _mistyped(value: Any, kind: str, where: str) -> Refused:
    return invalid(f"proto: invalid value for {kind} field {where}: {value!r}")
