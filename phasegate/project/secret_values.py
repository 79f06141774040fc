"""Refuse a project file that holds a secret: it becomes parameters that all of KFP can read."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.project.explanation import place

_SHAPES = re.compile(
    r"(AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,}|"
    r"glpat-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}|"
    r"AIza[0-9A-Za-z_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|xox[abprs]-[0-9A-Za-z-]{10,}|"
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.|-----BEGIN [A-Z ]*PRIVATE KEY|"
    r"://[^/\s:@]*:[^/\s:@$]+@"
)
_TELLING_NAME = re.compile(
    r"(^|[/_.-])(passwd|password|passphrase|pwd|secret|token|credentials?|"
    r"(api|access|private|secret|account|encryption|signing)[_-]?key)$",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_BITS = 3.7  # per character: 20 random ones of base64 have 4.0 on average, words have below 3.6


def refuse_secrets(path: Path, document: Any) -> None:
    """Refuse values that look like a secret, without repeating them.

    Tokens of known shapes are refused in the whole file; in `kubernetes` also random texts, and
    whatever stands under a name such as ``password``.

    Raises:
        BadInput: naming the key and its line.
    """
    for keys, text in _texts(document, ()):
        in_cluster = keys[0] == "kubernetes"
        if _SHAPES.search(text) or (in_cluster and (_is_told(keys) or _is_random(text))):
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


def _is_told(keys: Sequence[Any]) -> bool:
    """Whether the name says that the value is a secret; a variable's value is a key's name."""
    return "env" not in keys and bool(_TELLING_NAME.search(str(keys[-1])))


def _is_random(text: str) -> bool:
    return any(
        any(c.islower() for c in run)
        and any(c.isupper() for c in run)
        and any(c.isdigit() for c in run)
        and _entropy(run) >= _BITS
        for run in _RANDOM.findall(text)
    )


def _entropy(text: str) -> float:
    """Bits per character, by the text's own frequencies."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
