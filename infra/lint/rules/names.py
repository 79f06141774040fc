"""Names: everything that is named exists, everything that exists is named."""

from __future__ import annotations

from collections.abc import Iterator

from infra.lint.context import Context, finding
from infra.lint.rules.reference_rules import UNUSED_DATA, UNUSED_LOCAL, UNUSED_VARIABLE
from infra.lint.rules.references import Walk
from infra.lint.rules.terraform_tests import TestWalk
from phasegate.linting.finding import Finding


def problems(context: Context) -> Iterator[Finding]:
    """Names without a thing, and things that nothing names."""
    walk = Walk(context)
    for document in context.module.documents:
        yield from walk.document(document)
    for document in context.module.tests:
        yield from TestWalk(context, document).document(document)
    module, used = context.module, walk.used
    for name, placed in module.variables.items():
        if f"var.{name}" not in used:
            what = f"variable {name!r} is used nowhere"
            yield finding(UNUSED_VARIABLE, placed.file, placed.block.line, placed.address, what)
    for name, (file, argument) in module.locals.items():
        if f"local.{name}" not in used:
            what = f"local {name!r} is used nowhere"
            yield finding(UNUSED_LOCAL, file, argument.line, f"local.{name}", what)
    for name, placed in module.data.items():
        has_condition = any(placed.block.body.of_kind("lifecycle"))
        if f"data.{name}" not in used and not has_condition:
            what = f"data source {name!r} is used nowhere"
            yield finding(UNUSED_DATA, placed.file, placed.block.line, placed.address, what)
