"""Constants that do not belong into code: projects, billing accounts, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.lint.context import Context, finding
from infra.lint.hcl.tree import Literal, expressions, within
from infra.lint.modules import Kind
from infra.lint.rules.convention_rules import HARD_CODED
from phasegate.linting.finding import Finding

_SECRET = re.compile(
    r"AIza[0-9A-Za-z_-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY|ya29\.[0-9A-Za-z_-]{20,}"
    r"|\bgh[pousr]_[0-9A-Za-z]{36}\b|\bAKIA[0-9A-Z]{16}\b|xox[bap]-[0-9A-Za-z-]{10,}"
)
_BILLING = re.compile(r"\b[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}\b")
_SECRET_ARGUMENT = re.compile(
    r"(^|_)(password|passwd|private_key|api_key|secret_data|auth_token|access_token)\Z"
)
_PROJECT_ARGUMENTS = frozenset({"project", "project_id"})


def problems(context: Context) -> Iterator[Finding]:
    """What is written into the code, and differs between projects."""
    module = context.module
    for document in module.documents:
        for argument, block in expressions(document.body):
            in_validation = block is not None and block.kind in {"validation", "variable"}
            for one in within(argument.value):
                if not isinstance(one, Literal) or not isinstance(one.value, str):
                    continue
                if _SECRET.search(one.value):
                    what = f"{argument.name} holds what looks like a secret"
                    yield finding(HARD_CODED, document.name, one.line, "", what)
                elif module.kind is Kind.EXAMPLE or in_validation or not one.value:
                    continue
                elif _BILLING.search(one.value):
                    what = f"{argument.name} holds a billing account"
                    yield finding(HARD_CODED, document.name, one.line, "", what)
                elif one is argument.value and argument.name in _PROJECT_ARGUMENTS:
                    what = f"{argument.name} is the constant {one.value!r}"
                    yield finding(HARD_CODED, document.name, one.line, "", what)
                elif one is argument.value and _SECRET_ARGUMENT.search(argument.name):
                    what = f"{argument.name} is a constant"
                    yield finding(HARD_CODED, document.name, one.line, "", what)
