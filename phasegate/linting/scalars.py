"""Plain scalars as Kubernetes' reader resolves them: YAML 1.1, with yes, no, on and off."""

from __future__ import annotations

import re

from phasegate.linting.node import Scalar

_TRUE = frozenset({"y", "yes", "true", "on"})
_FALSE = frozenset({"n", "no", "false", "off"})
_WORDS: dict[str, bool | None] = {
    form: value
    for words, value in ((_TRUE, True), (_FALSE, False))
    for word in words
    for form in (word, word.capitalize(), word.upper())
} | {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_MAY_BE_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_BASED = re.compile(r"([-+]?)(0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")
_LONGEST_NUMBER = 64  # longer ones are strings to any reader that ends in JSON numbers


def resolve(text: str) -> Scalar:
    """The value of a plain scalar.

    >>> [resolve(text) for text in ("on", "12", "1e3", "0x1f", "v1", "~", "0755")]
    [True, 12, 1000.0, 31, 'v1', None, 493]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.match(text):
        return int(text.replace("_", ""))
    if based := _BASED.match(text):
        digits = based[2].replace("_", "")
        base = {"x": 16, "b": 2}.get(digits[1], 8)
        digits = digits[2:] if digits[1] in "xbo" else digits
        return int(based[1] + digits, base) if digits else text
    if _FLOAT.match(text):
        return float(text)
    if _SPECIAL.match(text):
        return float(text.replace(".", "").lower())
    return text
