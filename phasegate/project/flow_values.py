"""Values as YAML in flow style."""

from __future__ import annotations

import json
import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./*-]*")
_RESERVED = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}


def flow(value: Any) -> str:
    """A value as YAML in flow style."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(flow, value))}]"
    plain = isinstance(value, str) and _PLAIN.fullmatch(value)
    return value if plain and value.lower() not in _RESERVED else quoted(value)


def quoted(value: Any) -> str:
    """JSON is YAML, for every text, number, truth value and null."""
    return json.dumps(value, ensure_ascii=False, default=str)
