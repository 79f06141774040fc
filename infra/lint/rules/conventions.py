"""Conventions of the tree: pins, modules, variables, outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.lint.context import Context, finding
from infra.lint.hcl.tree import Access, Call, Literal, Name, within
from infra.lint.modules import Kind, Placed
from infra.lint.rules.convention_rules import (
    INCOMPLETE,
    NO_BACKEND,
    NO_DESCRIPTION,
    NO_REQUIRED_VERSION,
    NO_TYPE,
    NOT_REQUIRED,
    NOT_SENSITIVE,
    PROVIDER_IN_MODULE,
    SCHEMA_VERSION,
    UNPINNED,
    UNPINNED_MODULE,
)
from infra.lint.schema.used import admits, exact
from phasegate.linting.finding import Finding

_COMMIT = re.compile(r"[?&]ref=[0-9a-f]{40}(&|\Z)")
_SECRET_NAME = re.compile(r"(^|_)(password|passwd|token|private_key|api_key|auth_string)\Z")


def problems(context: Context) -> Iterator[Finding]:
    """What does not follow the conventions."""
    yield from _versions(context)
    yield from _declarations(context)
    yield from _sources(context)
    if context.module.kind is Kind.MODULE:
        yield from _complete(context)
    if context.module.kind is Kind.ROOT:
        yield from _backend(context)


def _first_place(context: Context, name: str = "versions.tf") -> tuple[str, int]:
    """File and line for a finding on the folder as a whole."""
    names = [document.name for document in context.module.documents]
    return next((one for one in names if one.endswith(f"/{name}")), names[0]), 1


def _versions(context: Context) -> Iterator[Finding]:
    module = context.module
    settings = list(module.blocks("terraform"))
    example = module.kind is Kind.EXAMPLE
    if not example and not any(one.block.body.argument("required_version") for one in settings):
        file, line = _first_place(context)
        if settings:
            file, line = settings[0].file, settings[0].block.line
        yield finding(NO_REQUIRED_VERSION, file, line, "", "there is no required_version")
    for name, one in module.requirements.items():
        subject = f"provider {name}"
        if not example and not _is_pinned(module.kind, one.version):
            wanted = "~> in a module" if module.kind is Kind.MODULE else "= in a root"
            shown = f"{one.version!r}" if one.version else "nothing"
            what = f"its version is {shown}; it is pinned by {wanted}"
            yield finding(UNPINNED, one.file, one.line, subject, what)
        provider = context.schemas.providers.get(one.source)
        if provider and one.version and not admits(one.version, provider.version):
            what = f"{one.version!r} is asked for, and the schema is of {provider.version}"
            yield finding(SCHEMA_VERSION, one.file, one.line, subject, what)
    yield from _not_required(context)


def _is_pinned(kind: Kind, version: str) -> bool:
    if kind is Kind.ROOT:
        return exact(version) is not None
    return bool(re.fullmatch(r"~> [0-9]+(\.[0-9]+){1,2}", version))


def _not_required(context: Context) -> Iterator[Finding]:
    module = context.module
    if module.kind is Kind.EXAMPLE and not module.requirements:
        return
    told: set[str] = set()
    for placed in [
        *module.resources.values(),
        *module.data.values(),
        *module.ephemerals.values(),
    ]:
        name = placed.block.labels[0].partition("_")[0]
        if name == "terraform" or name in module.requirements or name in told:
            continue
        if placed.block.body.argument("provider") is not None:
            continue
        told.add(name)
        what = f"provider {name!r} is used, and required_providers does not name it"
        yield finding(NOT_REQUIRED, placed.file, placed.block.line, placed.address, what)


def _declarations(context: Context) -> Iterator[Finding]:
    module = context.module
    if module.kind is Kind.EXAMPLE:
        return
    for placed in module.blocks("provider"):
        if module.kind is Kind.MODULE:
            what = f"the module configures provider {placed.name!r}"
            yield finding(PROVIDER_IN_MODULE, placed.file, placed.block.line, placed.address, what)
    for placed in module.variables.values():
        body = placed.block.body
        if body.argument("type") is None:
            what = f"variable {placed.name!r} has no type"
            yield finding(NO_TYPE, placed.file, placed.block.line, placed.address, what)
        if not _has_text(placed, "description"):
            what = f"variable {placed.name!r} has no description"
            yield finding(NO_DESCRIPTION, placed.file, placed.block.line, placed.address, what)
        if _SECRET_NAME.search(placed.name) and not _is_hidden(placed):
            what = f"variable {placed.name!r} is for a secret, and not marked sensitive"
            yield finding(NOT_SENSITIVE, placed.file, placed.block.line, placed.address, what)
    for placed in module.outputs.values():
        if not _has_text(placed, "description"):
            what = f"output {placed.name!r} has no description"
            yield finding(NO_DESCRIPTION, placed.file, placed.block.line, placed.address, what)
        secret = next(_secrets(context, placed), None)
        if secret is not None and not _is_hidden(placed):
            what = f"output {placed.name!r} shows {secret}, which is sensitive"
            yield finding(NOT_SENSITIVE, placed.file, placed.block.line, placed.address, what)


def _has_text(placed: Placed, name: str) -> bool:
    value = placed.block.body.value(name)
    return value is not None and not (isinstance(value, Literal) and not str(value.value).strip())


def _is_hidden(placed: Placed) -> bool:
    hidden = (placed.block.body.value("sensitive"), placed.block.body.value("ephemeral"))
    return any(isinstance(one, Literal) and one.value is True for one in hidden)


def _secrets(context: Context, output: Placed) -> Iterator[str]:
    """Sensitive variables and attributes that an output's value names itself."""
    value = output.block.body.value("value")
    if value is None or (isinstance(value, Call) and value.name == "nonsensitive"):
        return
    for one in within(value):
        if not (isinstance(one, Access) and isinstance(one.base, Name)):
            continue
        root, names = one.base.text, [step for step in one.steps if isinstance(step, str)]
        if root == "var" and names and names[0] in context.module.variables:
            if _is_hidden(context.module.variables[names[0]]):
                yield f"var.{names[0]}"
        elif root not in {"local", "module", "data", "each"} and len(names) > 1:
            schema = context.schema("resource", root)
            attribute = schema.attributes.get(names[1]) if schema else None
            if attribute is not None and attribute.sensitive:
                yield f"{root}.{names[0]}.{names[1]}"


def _sources(context: Context) -> Iterator[Finding]:
    for placed in context.module.calls.values():
        source = placed.block.body.value("source")
        if not isinstance(source, Literal) or str(source.value).startswith("."):
            continue
        text = str(source.value)
        version = placed.block.body.value("version")
        by_version = isinstance(version, Literal) and exact(str(version.value)) is not None
        is_git = "::" in text or text.startswith(("github.com/", "git@", "bitbucket.org/", "http"))
        if not (_COMMIT.search(text) if is_git else by_version):
            what = f"{text!r} is not pinned"
            yield finding(UNPINNED_MODULE, placed.file, source.line, placed.address, what)


def _complete(context: Context) -> Iterator[Finding]:
    module = context.module
    wanted = {"README.md": (module.path / "README.md").is_file()}
    if module.name.count("/") == 1:  # one inside of another is shown and tested with that one
        wanted["examples/basic/main.tf"] = (module.path / "examples/basic/main.tf").is_file()
        wanted["tests/*.tftest.hcl"] = bool(module.tests)
    file, line = _first_place(context, "main.tf")
    for name, there in wanted.items():
        if not there:
            yield finding(INCOMPLETE, file, line, module.name, f"the module has no {name}")


def _backend(context: Context) -> Iterator[Finding]:
    module = context.module
    backends = [
        (placed.file, block)
        for placed in module.blocks("terraform")
        for block in placed.block.body.blocks
        if block.kind in {"backend", "cloud"}
    ]
    if module.path.name == "bootstrap":
        return
    if not backends:
        file, line = _first_place(context)
        yield finding(NO_BACKEND, file, line, module.name, "the root has no backend")
    for file, block in backends:
        if block.labels == ("local",):
            yield finding(NO_BACKEND, file, block.line, module.name, "its backend is local")
