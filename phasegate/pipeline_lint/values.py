"""Values as parameters take them."""

from __future__ import annotations

from phasegate.linting.node import Node

LARGEST_EXACT = 2**53
PLACEHOLDER = "{{$"
_WORDS = {
    "BOOLEAN": "true or false",
    "LIST": "a list",
    "NUMBER_DOUBLE": "a number",
    "NUMBER_INTEGER": "a whole number",
    "STRING": "a string",
    "STRUCT": "a mapping",
}


def mismatch(node: Node, kind: str | None) -> str | None:
    """What a parameter of this type expects, or None where the value fits.

    >>> mismatch(Node("3", 1), "NUMBER_INTEGER"), mismatch(Node(3.0, 1), "NUMBER_INTEGER")
    ('a whole number', None)
    """
    value = node.value
    if value is None or kind not in _WORDS or (isinstance(value, str) and PLACEHOLDER in value):
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "BOOLEAN": isinstance(value, bool),
        "LIST": isinstance(value, list),
        "NUMBER_DOUBLE": number,
        # KFP's compiler itself writes whole numbers as 3.0.
        "NUMBER_INTEGER": number and (isinstance(value, int) or value.is_integer()),
        "STRING": isinstance(value, str),
        "STRUCT": isinstance(value, dict),
    }
    return None if fits[kind] else _WORDS[kind]


def shown(node: Node) -> str:
    """The value for a message."""
    if isinstance(node.value, dict | list):
        return node.kind()
    text = repr(node.value) if isinstance(node.value, str) else str(node.value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def inexact(node: Node) -> bool:
    """Whether it is a whole number that KFP, which keeps doubles, cannot keep."""
    value = node.value
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and LARGEST_EXACT < abs(value) < float("inf")
    )


def whole_floats(node: Node) -> Node | None:
    """The first whole number in a structure, which comes back as a float."""
    waiting = [node]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one.value, int | float) and not isinstance(one.value, bool):
            if isinstance(one.value, int) or one.value.is_integer():
                return one
        elif isinstance(one.value, dict):
            waiting[:0] = one.value.values()
        elif isinstance(one.value, list):
            waiting[:0] = one.value
    return None
