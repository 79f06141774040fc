"""Terraform's own blocks: what they take, and that nothing is declared twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from infra.lint.context import Context, finding, nearest
from infra.lint.fitting import Fitting
from infra.lint.hcl.tree import Block, Body, Document
from infra.lint.modules import Placed
from infra.lint.rules.catalogue import CHECKOV_WITHOUT_REASON, DUPLICATE, NO_HCL, error
from infra.lint.rules.schema_rules import (
    MISSING_ARGUMENT,
    UNKNOWN_ARGUMENT,
    UNKNOWN_BLOCK,
    WRONG_TYPE,
)
from infra.lint.types import declared
from phasegate.linting.finding import Finding

UNKNOWN_KIND = error(
    "111",
    "unknown-kind-of-block",
    "A block at the top of a file is of no kind that Terraform knows.",
    why="Terraform refuses the whole folder.",
    fix="Write resource, data, module, variable, output, locals, provider, terraform, check, "
    "moved, import, removed or ephemeral.",
)

_SKIP = re.compile(r"#\s*checkov:skip=([A-Z0-9_]+)(.*)")
_ARGUMENTS: dict[str, frozenset[str] | None] = {
    "variable": frozenset({"type", "default", "description", "sensitive", "nullable", "ephemeral"}),
    "output": frozenset({"value", "description", "sensitive", "depends_on", "ephemeral"}),
    "terraform": frozenset({"required_version", "experiments"}),
    "validation": frozenset({"condition", "error_message"}),
    "precondition": frozenset({"condition", "error_message"}),
    "postcondition": frozenset({"condition", "error_message"}),
    "assert": frozenset({"condition", "error_message"}),
    "check": frozenset(),
    "moved": frozenset({"from", "to"}),
    "import": frozenset({"to", "id", "identity", "provider", "for_each"}),
    "removed": frozenset({"from"}),
    "locals": None,
    "module": None,
    "resource": None,
    "data": None,
    "ephemeral": None,
    "provider": None,
}
_NEEDED = {
    "output": ("value",),
    "validation": ("condition", "error_message"),
    "precondition": ("condition", "error_message"),
    "postcondition": ("condition", "error_message"),
    "assert": ("condition", "error_message"),
    "moved": ("from", "to"),
    "import": ("to",),
    "removed": ("from",),
}
_BLOCKS = {
    "variable": frozenset({"validation"}),
    "output": frozenset({"precondition"}),
    "terraform": frozenset({"required_providers", "backend", "cloud", "provider_meta"}),
    "check": frozenset({"assert", "data"}),
    "removed": frozenset({"lifecycle", "provisioner"}),
}
_BACKENDS = {
    "gcs": frozenset(
        {
            "bucket",
            "prefix",
            "credentials",
            "access_token",
            "impersonate_service_account",
            "impersonate_service_account_delegates",
            "encryption_key",
            "kms_encryption_key",
            "storage_custom_endpoint",
        }
    ),
    "local": frozenset({"path", "workspace_dir"}),
}
_LABELS = {
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "check": 1,
    "terraform": 0,
    "locals": 0,
    "moved": 0,
    "import": 0,
    "removed": 0,
}


def faults(documents: Iterable[Document]) -> Iterator[Finding]:
    """The first place of each file that is no HCL; what follows it is not to be trusted."""
    for document in documents:
        if document.faults:
            line, what = min(document.faults)
            yield finding(NO_HCL, document.name, line, "", what)


def problems(context: Context) -> Iterator[Finding]:
    """Everything that is wrong with Terraform's own blocks."""
    for document in context.module.documents:
        yield from _skips(document)
        for argument in document.body.arguments:
            what = f"{argument.name!r} is set outside of any block"
            yield finding(UNKNOWN_KIND, document.name, argument.line, "", what)
        for block in document.body.blocks:
            placed = Placed(document.name, block)
            yield from _twice(placed, block.body)
            if block.kind in _ARGUMENTS:
                yield from _block(placed, block)
                yield from _default(context, placed)
            else:
                what = f"there is no block {block.kind!r} in Terraform"
                fix = nearest(block.kind, _ARGUMENTS)
                yield finding(UNKNOWN_KIND, document.name, block.line, "", what, fix)
    yield from _declared_twice(context)


def _skips(document: Document) -> Iterator[Finding]:
    for number, text in enumerate(document.lines, start=1):
        match = _SKIP.search(text)
        if match and not match[2].strip(" :"):
            what = f"{match[1]} is skipped without a reason"
            yield finding(CHECKOV_WITHOUT_REASON, document.name, number, "", what)


def _block(placed: Placed, block: Block) -> Iterator[Finding]:
    file, subject = placed.file, placed.address
    labels = _LABELS.get(block.kind)
    if labels is not None and labels != len(block.labels) and block is placed.block:
        what = f"{block.kind} has {len(block.labels)} labels, and takes {labels}"
        yield finding(UNKNOWN_KIND, file, block.line, subject, what)
    allowed = _ARGUMENTS[block.kind]
    if allowed is not None:
        for argument in block.body.arguments:
            if argument.name not in allowed:
                what = f"{block.kind} has no argument {argument.name!r}"
                fix = nearest(argument.name, allowed)
                yield finding(UNKNOWN_ARGUMENT, file, argument.line, subject, what, fix)
    for name in _NEEDED.get(block.kind, ()):
        if block.body.argument(name) is None:
            what = f"{block.kind} lacks its argument {name!r}"
            yield finding(MISSING_ARGUMENT, file, block.line, subject, what)
    yield from _inner_blocks(placed, block)


def _inner_blocks(placed: Placed, block: Block) -> Iterator[Finding]:
    known = _BLOCKS.get(block.kind)
    for inner in block.body.blocks:
        if known is not None and inner.kind not in known:
            what = f"{block.kind} has no block {inner.kind!r}"
            fix = nearest(inner.kind, known)
            yield finding(UNKNOWN_BLOCK, placed.file, inner.line, placed.address, what, fix)
        elif inner.kind == "backend":
            yield from backend(placed.file, inner.labels[0] if inner.labels else "", inner.body)
        elif inner.kind in _NEEDED:
            yield from _block(placed, inner)
        elif inner.kind == "lifecycle":
            for condition in inner.body.blocks:
                if condition.kind in _NEEDED:
                    yield from _block(placed, condition)


def backend(file: str, kind: str, body: Body) -> Iterator[Finding]:
    """What a backend's configuration has that the backend does not know."""
    known = _BACKENDS.get(kind)
    for argument in body.arguments if known is not None else ():
        if argument.name not in known:
            what = f"the backend {kind!r} has no argument {argument.name!r}"
            fix = nearest(argument.name, known)
            yield finding(UNKNOWN_ARGUMENT, file, argument.line, f"backend.{kind}", what, fix)


def _default(context: Context, placed: Placed) -> Iterator[Finding]:
    default = placed.block.body.value("default")
    if placed.block.kind != "variable" or default is None:
        return
    fitting = Fitting(context.module, context.schemas)
    wanted = declared(placed.block.body.value("type"))
    for line, what in fitting.misfits(default, wanted):
        yield finding(WRONG_TYPE, placed.file, line, placed.address, f"default: {what}")


def _twice(placed: Placed, body: Body) -> Iterator[Finding]:
    counted = Counter(argument.name for argument in body.arguments)
    for name, count in counted.items():
        if count > 1:
            line = [one.line for one in body.arguments if one.name == name][1]
            what = f"{name!r} is set {count} times"
            yield finding(DUPLICATE, placed.file, line, placed.address, what)
    for block in body.blocks:
        yield from _twice(placed, block.body)


def _declared_twice(context: Context) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for document in context.module.documents:
        for block in document.body.blocks:
            if block.kind not in _LABELS and block.kind not in {"resource", "data", "ephemeral"}:
                continue
            if block.kind == "locals":
                named = [(f"local.{one.name}", one.line) for one in block.body.arguments]
            elif block.kind in {"terraform", "moved", "import", "removed", "provider"}:
                continue
            else:
                named = [(Placed(document.name, block).address, block.line)]
            for address, line in named:
                if address in seen:
                    what = f"{address} is declared in {seen[address]} already"
                    yield finding(DUPLICATE, document.name, line, address, what)
                seen.setdefault(address, f"{document.name}:{line}")
