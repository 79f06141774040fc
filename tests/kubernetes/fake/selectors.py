"""Label and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.kubernetes.fake.failures import bad_request

Selects = Callable[[Mapping[str, Any]], bool]

_KEY = r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?"
_EQUALS = re.compile(rf"(?P<key>{_KEY})\s*(?P<op>==|=|!=)\s*(?P<value>[A-Za-z0-9._-]*)")
_IN = re.compile(rf"(?P<key>{_KEY})\s+(?P<op>in|notin)\s+\((?P<values>[^)]*)\)")
_EXISTS = re.compile(rf"(?P<not>!?)\s*(?P<key>{_KEY})")


def selects(labels: str, fields: str) -> Selects:
    """Whether an object is meant by both selectors.

    Raises:
        Failure: 400, one of them cannot be read.
    """
    wanted = [_label(one) for one in re.split(r",(?![^(]*\))", labels) if one.strip()]
    places = [_field(one) for one in fields.split(",") if one.strip()]

    def both(value: Mapping[str, Any]) -> bool:
        metadata = value.get("metadata", {})
        found = metadata.get("labels") or {}
        return all(one(found) for one in wanted) and all(one(metadata) for one in places)

    return both


def _label(text: str) -> Callable[[Mapping[str, str]], bool]:
    text = text.strip()
    if match := _EQUALS.fullmatch(text):
        key, value = match["key"], match["value"]
        if match["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _IN.fullmatch(text):
        key, values = match["key"], {one.strip() for one in match["values"].split(",")}
        if match["op"] == "notin":
            return lambda labels: labels.get(key) not in values
        return lambda labels: labels.get(key) in values
    if match := _EXISTS.fullmatch(text):
        key, absent = match["key"], bool(match["not"])
        return lambda labels: (key in labels) is not absent
    raise bad_request(f"unable to parse requirement: '{text}'")


def _field(text: str) -> Callable[[Mapping[str, Any]], bool]:
    match = re.fullmatch(r"metadata\.(name|namespace)={1,2}(.*)", text.strip())
    if not match:
        raise bad_request(f"field label not supported: {text.partition('=')[0]}")
    key, value = match.groups()
    return lambda metadata: metadata.get(key) == value
