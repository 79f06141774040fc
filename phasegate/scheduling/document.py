"""A file of schedules as plain values that know their lines, held to its schema.

It is read by libyaml: a thousand schedules take ruamel.yaml more than a second.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from phasegate.errors import BadInput
from phasegate.linting.node import Node
from phasegate.linting.reading import Limits, read
from phasegate.project.explanation import explain

_LIMITS = Limits(characters=8_000_000, documents=1, depth=30)


class _Lines:
    """Lines as ruamel.yaml tells them, which messages are made from."""

    def __init__(self, lines: dict[Any, int]) -> None:
        self._lines = lines

    def key(self, key: Any) -> tuple[int, int]:
        return self._lines[key] - 1, 0

    item = key


class Mapping(dict[str, Any]):
    """A mapping whose ``lc`` knows the lines of its keys."""

    lc: _Lines


class Items(list[Any]):
    """A list whose ``lc`` knows the lines of its items."""

    lc: _Lines


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of a file of schedules."""
    return json.loads(resources.files("phasegate.scheduling").joinpath("schema.json").read_text())


def load_document(path: Path) -> Mapping:
    """Read and check a file of schedules.

    Raises:
        BadInput: naming the file, the line, the key and what is allowed there.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"it cannot be read: {error.strerror}", where=str(path)) from None
    documents = read(str(path), content, _LIMITS).documents
    document = _plain(path, documents[0]) if documents else None
    if not isinstance(document, Mapping):
        raise BadInput(
            "it has no schedules", where=str(path), expected="keys such as version, name, schedules"
        )
    if errors := list(Draft202012Validator(schema()).iter_errors(document)):
        raise explain(path, document, errors)
    return document


def _plain(path: Path, node: Node) -> Any:
    if isinstance(node.value, dict):
        for key, line in node.duplicates:
            raise BadInput(f"key '{key}' is there twice", where=f"{path}, line {line}")
        mapping = Mapping({key: _plain(path, one) for key, one in node.value.items()})
        mapping.lc = _Lines({key: one.line for key, one in node.value.items()})
        return mapping
    if isinstance(node.value, list):
        items = Items(_plain(path, one) for one in node.value)
        items.lc = _Lines({at: one.line for at, one in enumerate(node.value)})
        return items
    return node.value
