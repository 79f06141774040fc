"""Refuse a project file that holds a secret: it becomes parameters that all of KFP can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.project.explanation import place

_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])((AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|"
    r"github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|"
    r"sk-([a-z]+[0-9]*-)*[A-Za-z0-9_]{20,}|AIza[0-9A-Za-z_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|"
    r"xox[abprs]-[0-9A-Za-z-]{10,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.)|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]*:[^/\s:@$]+@"
)
_TELLING_NAME = re.compile(
    r"(^|[/_.-])(passwd|password|passphrase|pwd|secret|token|credentials?|"
    r"(api|access|private|secret|account|encryption|signing)[_-]?key)$",
    re.IGNORECASE,
)
_SWITCH = re.compile(r"(true|false|yes|no|on|off|enabled|disabled|)\Z", re.IGNORECASE)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
# Share of neighbours of another kind: 0.6 in random base64, about 0.2 in ChurnModel2026Pilot.
_SWITCHES = 0.3


def refuse_secrets(path: Path, document: Any) -> None:
    """Refuse values that look like a secret, without repeating them.

    Tokens of known shapes are refused in the whole file; in `kubernetes` also random texts, and
    whatever stands under a name such as ``password``.

    Raises:
        BadInput: naming the key and its line.
    """
    for keys, text in _texts(document, ()):
        in_cluster = keys[0] == "kubernetes"
        if _SHAPES.search(text) or (in_cluster and (_is_told(keys, text) or _is_random(text))):
            raise BadInput(
                f"'{'.'.join(str(key) for key in keys)}' looks like a secret",
                where=place(path, document, keys),
                expected="names and keys of Secrets, never their values",
                fix="put it into a Secret of the cluster, and name that in kubernetes.secrets",
            )


def _texts(node: Any, keys: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, (*keys, key))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _texts(value, (*keys, position))
    elif isinstance(node, str):
        yield keys, node


def _is_told(keys: Sequence[Any], text: str) -> bool:
    """Whether the name says that the value is a secret; a variable's value is a key's name."""
    named = "env" not in keys and _TELLING_NAME.search(str(keys[-1]))
    return bool(named) and not _SWITCH.match(text)


def _is_random(text: str) -> bool:
    return any(_switches(run) >= _SWITCHES for run in _RANDOM.findall(text))


def _switches(text: str) -> float:
    """How often the kind of character changes; 0 for texts that do not have all three kinds."""
    kinds = [
        "a" if c.islower() else "A" if c.isupper() else "0" if c.isdigit() else "" for c in text
    ]
    if not {"a", "A", "0"} <= set(kinds):
        return 0.0
    return sum(one != other for one, other in pairwise(kinds)) / (len(kinds) - 1)
