"""What to write in place of an unknown field: a close name, or the place where it belongs."""

from __future__ import annotations

import difflib
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A field on the way from the document to what is checked.

    Attributes:
        path: of the field, with dots.
        parent: the place above.
        known: fields that the place above has.
    """

    path: str
    parent: Place | None = None
    known: frozenset[str] = frozenset()

    def __truediv__(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def resolved(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """A schema in place of the reference to it."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"]]
    return schema


def suggestion(
    key: str,
    siblings: Container[str],
    properties: dict[str, Schema],
    definitions: dict[str, Schema],
    place: Place,
) -> str:
    """What an unknown field may have been meant to be.

    Args:
        key: the unknown field.
        siblings: fields that stand beside it.
        properties: fields that there are in its place.
        definitions: schemas by name.
        place: the mapping that it is in.
    """
    folded = {name.lower(): name for name in properties}
    parent = place
    while parent.parent is not None:
        if key in parent.known:
            return f"It belongs to {parent.parent.path or 'the top level'}: move it there."
        parent = parent.parent
    below = [
        name
        for name, inner in properties.items()
        if key in resolved(inner, definitions).get("properties", ())
    ]
    close = difflib.get_close_matches(key.lower(), folded, 1, 0.75)
    beside = [name for name in below if name in siblings]
    if close and not beside:
        return f"Did you mean {folded[close[0]]}?"
    if below:
        places = " or ".join(place / name for name in (beside or below)[:3])
        return f"It belongs to {places}: move it there."
    loose = difflib.get_close_matches(key.lower(), folded, 1, 0.55)
    return f"Did you mean {folded[loose[0]]}?" if loose else "Remove it."
