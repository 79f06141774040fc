"""Policies of a module once more, with the values that a call of it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from infra.lint.context import Context
from infra.lint.hcl.tree import Argument
from infra.lint.modules import Placed
from infra.lint.values import UNKNOWN, Values
from phasegate.linting.finding import Finding

Problems = Callable[[Context], Iterator[Finding]]


def instance_problems(context: Context, policies: Sequence[Problems]) -> Iterator[Finding]:
    """What a module's resources violate only because of an argument of a call.

    Each is told once, at the argument that makes it so.
    """
    for placed in context.module.calls.values():
        called = context.tree.called(context.module, placed.block)
        if called is None:
            continue
        given = {
            argument.name: _values(context, placed, argument)
            for argument in placed.block.body.arguments
            if argument.name in called.variables
        }
        plain = Context(context.tree, called, context.schemas)
        before = {_key(one) for problems in policies for one in problems(plain)}
        told: set[tuple] = set()
        for argument in placed.block.body.arguments:
            if argument.name not in given or given[argument.name] == (UNKNOWN,):
                continue
            instance = Context(
                context.tree, called, context.schemas, {argument.name: given[argument.name]}
            )
            for problems in policies:
                for one in problems(instance):
                    if _key(one) in before | told:
                        continue
                    told.add(_key(one))
                    what = f"{argument.name}: in {called.name}, {one.subject}: {one.what}"
                    yield replace(
                        one,
                        file=placed.file,
                        line=argument.line,
                        subject=placed.address,
                        what=what,
                    )


def _values(context: Context, placed: Placed, argument: Argument) -> Values:
    names = context.evaluator.scope(placed)
    return context.evaluator.possible(argument.value, placed.file, names)


def _key(one: Finding) -> tuple[str, str, str]:
    return one.code, one.subject, one.what
