"""Variables that many modules have: the same everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.lint.context import finding
from infra.lint.hcl.tree import Body, Call, Literal, within
from infra.lint.hcl.writing import written
from infra.lint.modules import Kind, Placed, Tree
from infra.lint.rules.catalogue import error
from phasegate.linting.finding import Finding

UNEVEN = error(
    "313",
    "uneven-variable",
    "A variable that modules share has another type, default or pattern here than elsewhere.",
    why="A value that one module takes is refused by the next, in the middle of an apply.",
    fix="Write it as the other modules do.",
)

SHARED = ("project_id", "region", "name", "labels", "deletion_protection")
_LEAST = 3  # modules that have to have it, before the others are held to it


def problems(tree: Tree) -> Iterator[Finding]:
    """Shared variables that differ from what most modules write."""
    modules = [one for one in tree.modules.values() if one.kind is not Kind.EXAMPLE]
    for name in SHARED:
        placed = [one.variables[name] for one in modules if name in one.variables]
        if len(placed) < _LEAST:
            continue
        ((usual, _),) = Counter(_shape(one.block.body) for one in placed).most_common(1)
        for one in placed:
            yield from _differences(one, usual)


def _differences(placed: Placed, usual: tuple[str, ...]) -> Iterator[Finding]:
    names = ("type", "default", "nullable", "pattern")
    for name, here, elsewhere in zip(names, _shape(placed.block.body), usual, strict=True):
        if here != elsewhere:
            what = f"its {name} is {here or 'not set'}, and elsewhere {elsewhere or 'not set'}"
            yield finding(UNEVEN, placed.file, placed.block.line, placed.address, what)


def _shape(body: Body) -> tuple[str, ...]:
    """Type, default and whether it may be null, as written; and the patterns of its validation.

    Numbers in a validation may differ: a module that adds labels of its own leaves room for them.
    """
    said = []
    for name in ("type", "default", "nullable"):
        value = body.value(name)
        said.append(written(value) if value is not None else "")
    patterns = [
        str(one.arguments[0].value)
        for block in body.of_kind("validation")
        if (condition := block.body.value("condition")) is not None
        for one in within(condition)
        if isinstance(one, Call) and one.name == "regex" and isinstance(one.arguments[0], Literal)
    ]
    return (*said, ", ".join(sorted(set(patterns))))
