"""The steps that our own rules make; they share one reading of the tree."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from infra.lint.runner.step import Outcome, Step, failed, not_run, passed
from phasegate.errors import BadInput

if TYPE_CHECKING:
    from phasegate.linting.report import Report

FAMILIES = {
    "schema": ("types and arguments, by the pinned schemas of the providers", "01"),
    "references": ("names of variables, locals, resources, outputs, functions", "2"),
    "policy": ("conventions, access, buckets, databases, clusters, networks", "3456"),
    "tables": ("variables and outputs in each README", "7"),
}
"""What each step checks, and the first digits of its rules' codes."""


def steps(tree: Path) -> list[Step]:
    """One step for each family of rules."""
    report = functools.cache(lambda: _report(tree))
    return [
        Step(name, what, True, functools.partial(_outcome, report, digits))
        for name, (what, digits) in FAMILIES.items()
    ]


def _report(tree: Path) -> Report | str | BadInput:
    try:
        from infra.lint.lint import examine
    except ImportError as error:
        return f"{error.name} is not installed; make lint-infra builds its environment"
    try:
        return examine(tree)
    except ImportError as error:
        return f"{error.name} is not installed; make lint-infra builds its environment"
    except BadInput as error:
        return error


def _outcome(report, digits: Iterable[str]) -> Outcome:
    found = report()
    if isinstance(found, str):
        return not_run(found)
    if isinstance(found, BadInput):
        return failed("the tree or its schemas cannot be read", str(found))
    from phasegate.linting.text import counts, to_text

    mine = [one for one in found.findings if one.code[3] in digits]
    if mine:
        return failed(counts(mine), "\n".join(to_text(mine)))
    return passed(f"{found.objects} files")
