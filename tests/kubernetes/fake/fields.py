"""Fields as sets of paths: who owns which, what a change touched, what is to go.

A path is a tuple of the elements that ``metadata.managedFields`` has as keys: ``f:spec``,
``k:{"name":"A"}``, ``v:"x"``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.kubernetes.fake import shapes
from tests.kubernetes.fake.shapes import Schema

Path = tuple[str, ...]
Children = dict[str, tuple[Any, Schema, str]]


def parts(value: Any, schema: Schema, name: str, depth: int) -> Children | None:
    """The children of a value by path element; None for a leaf."""
    if shapes.is_whole(schema, name, value):
        return None
    if isinstance(value, Mapping):
        find = shapes.root_child if depth == 0 else shapes.child
        return {f"f:{key}": (one, find(schema, key), key) for key, one in value.items()}
    keys = shapes.keys_of(schema, name, value)
    assert keys is not None
    return {
        shapes.element(one, keys, schema): (one, shapes.item(schema) if keys else {}, "")
        for one in value
    }


def named(value: Any, schema: Schema) -> frozenset[Path]:
    """The fields that an applied configuration names."""
    return frozenset(_named(value, schema, "", ()))


def _named(value: Any, schema: Schema, name: str, path: Path) -> Iterator[Path]:
    children = parts(value, schema, name, len(path))
    if not children:
        if path:
            yield path
        return
    if path and path[-1].startswith("k:"):
        yield path
    for key, (one, inner, label) in children.items():
        yield from _named(one, inner, label, (*path, key))


def difference(old: Any, new: Any, schema: Schema) -> tuple[frozenset[Path], frozenset[Path]]:
    """What a change wrote and what it took away: (written, removed) fields."""
    written: set[Path] = set()
    removed: set[Path] = set()
    _compare(old, new, schema, "", (), written, removed)
    return frozenset(written), frozenset(removed)


def _compare(
    old: Any,
    new: Any,
    schema: Schema,
    name: str,
    path: Path,
    written: set[Path],
    removed: set[Path],
) -> None:
    before = parts(old, schema, name, len(path)) if old is not None else {}
    after = parts(new, schema, name, len(path)) if new is not None else {}
    if before is None or after is None or type(old) is not type(new):
        if old is None and new is not None and path:
            written.add(path)
        elif new is None and old is not None and path:
            removed.add(path)
        elif old != new and path:
            written.add(path)
        if before is None or after is None:
            return
    for key in {**before, **after}:
        one, inner, label = after.get(key) or before[key]
        _compare(
            before[key][0] if key in before else None,
            one if key in after else None,
            inner,
            label,
            (*path, key),
            written,
            removed,
        )


def merged(live: Any, config: Any, schema: Schema, name: str = "", depth: int = 0) -> Any:
    """The live value with a configuration laid over it."""
    if live is None or type(live) is not type(config) or shapes.is_whole(schema, name, config):
        return config
    if isinstance(config, Mapping):
        find = shapes.root_child if depth == 0 else shapes.child
        laid = {
            key: merged(live.get(key), one, find(schema, key), key, depth + 1)
            for key, one in config.items()
        }
        return {**live, **laid}
    before, after = parts(live, schema, name, depth), parts(config, schema, name, depth)
    assert before is not None
    assert after is not None
    both = {**before, **after}
    return [
        merged(before[key][0], both[key][0], both[key][1], "", depth + 1)
        if key in before
        else both[key][0]
        for key in both
    ]


def orphaned(last: frozenset[Path], owned: Iterable[Path]) -> frozenset[Path]:
    """The fields that an owner has let go and that nobody else owns, not even in part."""
    held = {path[:length] for path in owned for length in range(1, len(path) + 1)}
    gone = last - held
    return frozenset(path for path in gone if not (_is_key(path) and path[:-1] in held))


def _is_key(path: Path) -> bool:
    """Whether the field identifies the list's item that it is in."""
    return (
        len(path) > 1
        and path[-2].startswith("k:")
        and path[-1].removeprefix("f:") in json.loads(path[-2][2:])
    )


def without(value: Any, gone: frozenset[Path], schema: Schema) -> Any:
    """The value without some fields, and without maps and lists that are left empty by it."""
    return _without(value, gone, schema, "", ()) if gone else value


def _without(value: Any, gone: frozenset[Path], schema: Schema, name: str, path: Path) -> Any:
    children = parts(value, schema, name, len(path))
    if not children or not any(one[: len(path)] == path for one in gone):
        return value
    kept = {
        key: left
        for key, (one, inner, label) in children.items()
        if (*path, key) not in gone
        and (left := _without(one, gone, inner, label, (*path, key))) is not None
    }
    if not kept and path:
        return None
    if isinstance(value, Mapping):
        return {key.removeprefix("f:"): one for key, one in kept.items()}
    return list(kept.values())


def to_v1(paths: Iterable[Path]) -> dict[str, Any]:
    """As ``managedFields[].fieldsV1``."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for one in path:
            node = node.setdefault(one, {})
        node["."] = {}
    return _pruned(tree)


def _pruned(tree: dict[str, Any]) -> dict[str, Any]:
    if set(tree) == {"."}:
        return {}
    return {key: {} if key == "." else _pruned(one) for key, one in sorted(tree.items())}


def from_v1(tree: Mapping[str, Any], path: Path = ()) -> frozenset[Path]:
    """The fields of ``fieldsV1``."""
    found: set[Path] = set()
    for key, inner in tree.items():
        if key == ".":
            found.add(path)
        elif not inner:
            found.add((*path, key))
        else:
            found |= from_v1(inner, (*path, key))
    return frozenset(found)


def dotted(path: Path) -> str:
    """As messages name a field: ``.spec.env[name="A"].value``."""
    text = ""
    for one in path:
        if one.startswith("f:"):
            text += f".{one[2:]}"
        elif one.startswith("k:"):
            keys = json.loads(one[2:])
            text += "[" + ",".join(f"{key}={json.dumps(keys[key])}" for key in keys) + "]"
        else:
            text += f"[={one[2:]}]"
    return text
