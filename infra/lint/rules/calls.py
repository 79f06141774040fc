"""Calls of modules, and values for roots and tests, against the variables that they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.lint.context import Context, finding, nearest
from infra.lint.fitting import Fitting
from infra.lint.hcl.tree import Argument, Block, Document, Literal
from infra.lint.modules import Kind, Module, Placed, Tree
from infra.lint.rules.catalogue import error
from infra.lint.rules.language import backend
from infra.lint.rules.schema_rules import WRONG_TYPE
from infra.lint.schema.store import Schemas
from infra.lint.types import declared
from phasegate.linting.finding import Finding

UNKNOWN_INPUT = error(
    "113",
    "unknown-input",
    "A value is given for a variable that the module or root does not have.",
    why="Terraform refuses it in a call, and ignores it in a file of values.",
    fix="Name a variable that its variables.tf declares.",
)
MISSING_INPUT = error(
    "114",
    "missing-input",
    "A call leaves out a variable that has no default.",
    why="Terraform refuses the whole root at plan.",
    fix="Give it a value.",
)
NO_MODULE = error(
    "115",
    "no-such-module",
    "A call's local source is no folder of Terraform files.",
    why="terraform init fails.",
    fix="Write the path relative to the folder of the call.",
)

_META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})


def problems(context: Context) -> Iterator[Finding]:
    """What is wrong with a module's calls and tests."""
    for placed in context.module.calls.values():
        yield from _call(context, placed)
    for document in context.module.tests:
        yield from _test(context, document)


def _call(context: Context, placed: Placed) -> Iterator[Finding]:
    source = placed.block.body.value("source")
    if source is None:
        what = "a call of a module has no source"
        yield finding(NO_MODULE, placed.file, placed.block.line, placed.address, what)
        return
    called = context.tree.called(context.module, placed.block)
    if called is None:
        if isinstance(source, Literal) and str(source.value).startswith("."):
            what = f"{source.value!r} holds no Terraform files"
            yield finding(NO_MODULE, placed.file, source.line, placed.address, what)
        return
    given = [one for one in placed.block.body.arguments if one.name not in _META]
    yield from _values(context.module, context.schemas, called, given, placed.file, placed.address)
    missing = _required(called) - {one.name for one in given}
    for name in sorted(missing):
        what = f"{name!r} is not set, which {called.name} needs"
        yield finding(MISSING_INPUT, placed.file, placed.block.line, placed.address, what)
    for block in placed.block.body.blocks:
        what = f"a call has no blocks; {block.kind!r} is one"
        yield finding(UNKNOWN_INPUT, placed.file, block.line, placed.address, what)


def _required(module: Module) -> set[str]:
    return {
        name for name, one in module.variables.items() if one.block.body.argument("default") is None
    }


def _values(
    writer: Module,
    schemas: Schemas,
    called: Module,
    given: Iterable[Argument],
    file: str,
    subject: str,
) -> Iterator[Finding]:
    fitting = Fitting(writer, schemas)
    for argument in given:
        variable = called.variables.get(argument.name)
        if variable is None:
            what = f"{called.name} has no variable {argument.name!r}"
            fix = nearest(argument.name, called.variables)
            yield finding(UNKNOWN_INPUT, file, argument.line, subject, what, fix)
            continue
        wanted = declared(variable.block.body.value("type"))
        for line, what in fitting.misfits(argument.value, wanted):
            yield finding(WRONG_TYPE, file, line, subject, f"{argument.name}: {what}")


def _test(context: Context, document: Document) -> Iterator[Finding]:
    module = context.module
    for block in document.body.blocks:
        if block.kind == "variables":
            yield from _test_values(module, block, document, "variables")
        elif block.kind == "run":
            other = next(block.body.of_kind("module"), None)
            source = other.body.value("source") if other is not None else None
            tested: Module | None = module
            if isinstance(source, Literal):
                tested = context.tree.modules.get((module.path / str(source.value)).resolve())
            for inner in block.body.of_kind("variables"):
                if tested is not None:
                    subject = f"run.{block.labels[0]}" if block.labels else "run"
                    yield from _test_values(tested, inner, document, subject)


def _test_values(
    tested: Module, block: Block, document: Document, subject: str
) -> Iterator[Finding]:
    """Names only: a test gives wrong values on purpose."""
    for argument in block.body.arguments:
        if argument.name not in tested.variables:
            what = f"{tested.name} has no variable {argument.name!r}"
            fix = nearest(argument.name, tested.variables)
            yield finding(UNKNOWN_INPUT, document.name, argument.line, subject, what, fix)


def settings_problems(tree: Tree, schemas: Schemas) -> Iterator[Finding]:
    """What is wrong with files of values and of backends.

    A file is for the root whose name its own contains; ``dev.tfvars`` is for the first, ``cloud``.
    """
    roots = {module.path.name: module for module in tree.of_kind(Kind.ROOT)}
    for document in tree.settings:
        if document.faults:
            continue
        name = document.name.rsplit("/", 1)[-1]
        if name.endswith(".tfbackend"):
            kind = name.split(".")[-2]
            yield from backend(document.name, kind, document.body)
            continue
        root = next((one for key, one in roots.items() if key in name), roots.get("cloud"))
        if root is not None:
            arguments = document.body.arguments
            yield from _values(root, schemas, root, arguments, document.name, name)
