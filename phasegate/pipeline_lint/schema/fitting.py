"""Whether a document fits its schema, and nothing more, which is many times faster.

Most documents fit; only one that does not is gone through again for what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phasegate.linting.node import Node
from phasegate.manifests.schema.structure import Types, misfits

Check = Callable[[Node], bool]
_SCALARS: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
}


class Fitting:
    """Checks of schemas, each made once.

    Args:
        types: what ``$ref`` in them names.
    """

    def __init__(self, types: Types) -> None:
        self._types = types
        self._known: dict[str, Check] = {}

    def check(self, schema: dict[str, Any]) -> Check:
        """What says whether a value fits a schema."""
        name = schema.get("$ref")
        if name is None:
            return self._made(schema)
        if name not in self._known:
            self._known[name] = self._made(self._types.definitions[name])
        return self._known[name]

    def _made(self, schema: dict[str, Any]) -> Check:
        if "any" in schema:
            return lambda _: True
        if "items" in schema:
            item = self.check(schema["items"])
            return lambda node: isinstance(node.value, list) and all(map(item, node.value))
        if "additionalProperties" in schema:
            other = self.check(schema["additionalProperties"])
            return lambda node: (
                isinstance(node.value, dict)
                and all(child.value is None or other(child) for child in node.value.values())
            )
        if "properties" in schema:
            fields = {key: self.check(inner) for key, inner in schema["properties"].items()}
            return _mapping(fields, schema.get("required", ()))
        kind = _SCALARS.get(schema.get("type", ""))
        if kind is None or "pattern" in schema or "enum" in schema:
            return lambda node: next(misfits(node, schema, self._types), None) is None
        boolean = kind is bool
        return lambda node: isinstance(node.value, kind) and boolean is isinstance(node.value, bool)


def _mapping(fields: dict[str, Check], required: list[str]) -> Check:
    def fits(node: Node) -> bool:
        if not isinstance(node.value, dict):
            return False
        for key, child in node.value.items():
            if child.value is not None:
                check = fields.get(key)
                if check is None or not check(child):
                    return False
        return all(key in node.value and node.value[key].value is not None for key in required)

    return fits
