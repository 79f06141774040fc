"""What a policy asks of an argument: that its value is, or is not, one of some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.lint.constants import Names
from infra.lint.context import Context, finding
from infra.lint.hcl.tree import Block, Body, Literal, Name
from infra.lint.modules import Placed
from infra.lint.values import Many, Scalar, Value
from phasegate.linting.finding import Finding
from phasegate.linting.rule import Rule


@dataclass(frozen=True, slots=True)
class Setting:
    """One argument that has to have a certain value.

    Attributes:
        rule: that it belongs to.
        path: names of blocks, and of the argument at last.
        right: values that are allowed; empty for any but null.
        unset: what is wrong if it is not set; None where its default is right.
    """

    rule: Rule
    path: tuple[str, ...]
    right: frozenset[object]
    unset: str | None


def violations(context: Context, placed: Placed, setting: Setting) -> Iterator[Finding]:
    """Findings of one setting in one resource."""
    *blocks, name = setting.path
    bodies: list[tuple[Body, int]] = [(placed.block.body, placed.block.line)]
    for kind in blocks:
        inner = [(one.body, one.line) for body, _ in bodies for one in body.of_kind(kind)]
        if not inner:
            if setting.unset:
                line = bodies[0][1]
                yield finding(setting.rule, placed.file, line, placed.address, setting.unset)
            return
        bodies = inner
    for body, line in bodies:
        argument = body.argument(name)
        if argument is None:
            if setting.unset:
                yield finding(setting.rule, placed.file, line, placed.address, setting.unset)
            continue
        names = context.evaluator.scope(placed)
        for value in context.evaluator.possible(argument.value, placed.file, names):
            if isinstance(value, Scalar) and _is_wrong(value.value, setting):
                what = f"{'.'.join(setting.path)} is {_said(value.value)}"
                yield finding(setting.rule, placed.file, argument.line, placed.address, what)
                break


def _is_wrong(value: object, setting: Setting) -> bool:
    """Whether a value is a wrong one; one of a wrong type is another rule's business."""
    if value is None:
        return setting.unset is not None
    if not setting.right:
        return False
    truths = any(isinstance(one, bool) for one in setting.right)
    if truths and value in {"true", "false", "1", "0"}:
        value = value in {"true", "1"}
    return isinstance(value, bool) is truths and value not in setting.right


def protects(placed: Placed) -> bool:
    """Whether a resource's lifecycle refuses to destroy it."""
    for block in placed.block.body.of_kind("lifecycle"):
        value = block.body.value("prevent_destroy")
        if isinstance(value, Literal) and value.value is True:
            return True
    return False


def strings(context: Context, placed: Placed, block: Block, name: str) -> Iterator[Scalar]:
    """Constant strings that an argument, or a list in it, can hold; each with its line."""
    argument = block.body.argument(name)
    if argument is None:
        return
    names = context.evaluator.scope(placed)
    yield from _inside(context.evaluator.possible(argument.value, placed.file, names))


def strings_in_dynamic(
    context: Context, placed: Placed, kind: str, name: str
) -> Iterator[tuple[Scalar, int]]:
    """Constants of an argument of nested blocks, also dynamic ones; each with the block's line."""
    for block in _all_blocks(placed.block.body):
        if block.kind == kind:
            for scalar in strings(context, placed, block, name):
                yield scalar, block.line
        elif block.kind == "dynamic" and block.labels == (kind,):
            repeated = block.body.value("for_each")
            if repeated is None:
                continue
            names: Names = context.evaluator.scope(placed)
            iterator = block.body.value("iterator")
            bound = iterator.text if isinstance(iterator, Name) else kind
            names = context.evaluator.inner_scope(bound, repeated, placed.file, names)
            for content in block.body.of_kind("content"):
                argument = content.body.argument(name)
                if argument is not None:
                    found = context.evaluator.possible(argument.value, placed.file, names)
                    for scalar in _inside(found):
                        yield scalar, block.line


def _all_blocks(body: Body) -> Iterator[Block]:
    for block in body.blocks:
        yield block
        yield from _all_blocks(block.body)


def _inside(values: tuple[Value, ...]) -> Iterator[Scalar]:
    for value in values:
        if isinstance(value, Scalar):
            yield value
        elif isinstance(value, Many):
            yield from _inside(value.items)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
