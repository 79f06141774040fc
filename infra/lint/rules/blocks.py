"""Resources, data sources and providers against the schemas of their providers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.lint.context import Context, finding, nearest
from infra.lint.fitting import Fitting
from infra.lint.hcl.tree import Access, Argument, Block, Body, Listing, Literal, Name
from infra.lint.modules import Placed
from infra.lint.rules.schema_rules import (
    COMPUTED,
    DEPRECATED,
    MISSING_ARGUMENT,
    NO_SCHEMA,
    UNKNOWN_ARGUMENT,
    UNKNOWN_BLOCK,
    UNKNOWN_TYPE,
    WRONG_COUNT,
    WRONG_FORM,
    WRONG_TYPE,
)
from infra.lint.schema.model import BlockSchema, NestedBlock
from infra.lint.types import attribute_type
from phasegate.linting.finding import Finding

KINDS = ("resource", "data", "ephemeral")
_META = {
    "resource": frozenset({"count", "for_each", "provider", "depends_on"}),
    "data": frozenset({"count", "for_each", "provider", "depends_on"}),
    "ephemeral": frozenset({"count", "for_each", "provider", "depends_on"}),
    "provider": frozenset({"alias", "version"}),
}
_META_BLOCKS = {
    "resource": frozenset({"lifecycle", "provisioner", "connection"}),
    "data": frozenset({"lifecycle"}),
    "ephemeral": frozenset({"lifecycle"}),
    "provider": frozenset(),
}
_LIFECYCLE = frozenset(
    {"create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"}
)
_CONDITIONS = frozenset({"precondition", "postcondition"})


def problems(context: Context) -> Iterator[Finding]:
    """Everything that does not fit a schema."""
    for kind in KINDS:
        for placed in _declared(context, kind):
            yield from _resource(context, placed, kind)
    for placed in context.module.blocks("provider"):
        provider = context.schemas.providers.get(context.module.provider_source(placed.name))
        if provider is None:
            what = f"there is no schema of provider {placed.name!r}"
            yield finding(NO_SCHEMA, placed.file, placed.block.line, placed.address, what)
            continue
        yield from _Check(context, placed, "provider").body(
            placed.block.body, provider.provider, placed.block, top=True
        )


def _declared(context: Context, kind: str) -> Iterator[Placed]:
    yield from context.module.blocks(kind)
    for check in context.module.blocks("check"):
        for block in check.block.body.of_kind(kind):
            yield Placed(check.file, block)


def _resource(context: Context, placed: Placed, kind: str) -> Iterator[Finding]:
    block = placed.block
    if len(block.labels) != 2:
        what = f"a {kind} has {len(block.labels)} labels, and needs a type and a name"
        yield finding(WRONG_FORM, placed.file, block.line, placed.address, what)
        return
    provider = context.provider(block)
    type_name = block.labels[0]
    if provider is None:
        source = context.module.provider_source(type_name.partition("_")[0])
        what = f"there is no schema of provider {source!r}, which {type_name!r} is of"
        yield finding(NO_SCHEMA, placed.file, block.line, placed.address, what)
        return
    schema = provider.kinds[kind].get(type_name)
    if schema is None and type_name in provider.known[kind]:
        what = f"there is no schema of {type_name!r} in the pinned part of the provider's"
        yield finding(NO_SCHEMA, placed.file, block.line, placed.address, what)
        return
    if schema is None:
        what = f"{provider.address} {provider.version} has no {kind} type {type_name!r}"
        fix = nearest(type_name, provider.known[kind])
        yield finding(UNKNOWN_TYPE, placed.file, block.line, placed.address, what, fix)
        return
    if schema.deprecated:
        what = f"{type_name!r} is deprecated"
        yield finding(DEPRECATED, placed.file, block.line, placed.address, what)
    yield from _Check(context, placed, kind).body(block.body, schema, block, top=True)


@dataclass(frozen=True, slots=True)
class _Check:
    context: Context
    placed: Placed
    kind: str

    def _found(self, rule, line: int, what: str, fix: str | None = None) -> Finding:
        return finding(rule, self.placed.file, line, self.placed.address, what, fix)

    def body(
        self, body: Body, schema: BlockSchema, block: Block, *, top: bool = False
    ) -> Iterator[Finding]:
        meta = _META[self.kind] if top else frozenset()
        meta_blocks = _META_BLOCKS[self.kind] if top else frozenset()
        for argument in body.arguments:
            if argument.name not in meta:
                yield from self._argument(argument, schema)
        for inner in body.blocks:
            if inner.kind == "lifecycle" and inner.kind in meta_blocks:
                yield from self._lifecycle(inner, schema)
            elif inner.kind not in meta_blocks:
                yield from self._block(inner, schema)
        written = {argument.name for argument in body.arguments}
        as_blocks = {one.labels[0] if _dynamic(one) else one.kind for one in body.blocks}
        for name, attribute in schema.attributes.items():
            if attribute.required and name not in written | as_blocks:
                what = f"{block.kind} lacks its argument {name!r}"
                if top:
                    what = f"{name!r} is not set, which {' '.join(block.labels[:1])} needs"
                yield self._found(MISSING_ARGUMENT, block.line, what)
        for name, nested in schema.blocks.items():
            yield from self._count(name, nested, body, block, top)

    def _argument(self, argument: Argument, schema: BlockSchema) -> Iterator[Finding]:
        attribute = schema.attributes.get(argument.name)
        if attribute is None:
            if argument.name in schema.blocks:
                what = f"{argument.name!r} is a block, and is written as an argument"
                yield self._found(WRONG_FORM, argument.line, what)
            else:
                known = [name for name, one in schema.attributes.items() if one.settable]
                what = f"there is no argument {argument.name!r}"
                fix = nearest(argument.name, [*known, *schema.blocks])
                yield self._found(UNKNOWN_ARGUMENT, argument.line, what, fix)
            return
        if not attribute.settable:
            what = f"{argument.name!r} is set by the provider only"
            yield self._found(COMPUTED, argument.line, what)
            return
        if attribute.required and argument.value == Literal(None, argument.value.line):
            what = f"{argument.name!r} is null, and is needed"
            yield self._found(MISSING_ARGUMENT, argument.line, what)
        if attribute.deprecated:
            yield self._found(DEPRECATED, argument.line, f"{argument.name!r} is deprecated")
        wanted = attribute_type(schema, argument.name)
        fitting = Fitting(self.context.module, self.context.schemas)
        for line, what in fitting.misfits(argument.value, wanted):
            yield self._found(WRONG_TYPE, line, f"{argument.name}: {what}")

    def _block(self, inner: Block, schema: BlockSchema) -> Iterator[Finding]:
        name, body = inner.kind, inner.body
        if _dynamic(inner):
            name = inner.labels[0]
            content = next(body.of_kind("content"), None)
            for argument in body.arguments:
                if argument.name not in {"for_each", "iterator", "labels"}:
                    what = f"a dynamic block has no argument {argument.name!r}"
                    yield self._found(UNKNOWN_ARGUMENT, argument.line, what)
            if body.argument("for_each") is None or content is None:
                what = f"the dynamic block {name!r} needs 'for_each' and 'content'"
                yield self._found(MISSING_ARGUMENT, inner.line, what)
                return
            body = content.body
        nested = schema.blocks.get(name)
        if nested is None:
            yield from self._no_block(name, inner, body, schema)
            return
        if nested.block.deprecated:
            yield self._found(DEPRECATED, inner.line, f"the block {name!r} is deprecated")
        yield from self.body(body, nested.block, inner)

    def _no_block(
        self, name: str, inner: Block, body: Body, schema: BlockSchema
    ) -> Iterator[Finding]:
        attribute = schema.attributes.get(name)
        if attribute is None:
            what, fix = f"there is no block {name!r}", nearest(name, schema.blocks)
            yield self._found(UNKNOWN_BLOCK, inner.line, what, fix)
            return
        kind = attribute.type
        # Lists of objects that the provider's older framework defines may be written as blocks.
        if not (isinstance(kind, list) and kind[0] in {"list", "set"} and kind[1][0] == "object"):
            what = f"{name!r} is an argument, and is written as a block"
            yield self._found(WRONG_FORM, inner.line, what)
            return
        for argument in body.arguments:
            if argument.name not in kind[1][1]:
                what = f"there is no argument {argument.name!r}"
                fix = nearest(argument.name, kind[1][1])
                yield self._found(UNKNOWN_ARGUMENT, argument.line, what, fix)

    def _count(
        self, name: str, nested: NestedBlock, body: Body, block: Block, top: bool
    ) -> Iterator[Finding]:
        plain = [one for one in body.blocks if one.kind == name]
        dynamic = any(_dynamic(one) and one.labels[0] == name for one in body.blocks)
        most = nested.most or (1 if nested.nesting in {"single", "group"} else 0)
        if most and len(plain) > most:
            what = f"{len(plain)} blocks {name!r}, and {most} at most belong there"
            yield self._found(WRONG_COUNT, plain[most].line, what)
        as_argument = body.argument(name) is not None
        if nested.least > len(plain) and not dynamic and not as_argument:
            owner = " ".join(block.labels[:1]) if top else block.kind
            what = f"{owner} has {len(plain)} blocks {name!r}, and needs {nested.least}"
            yield self._found(WRONG_COUNT, block.line, what)

    def _lifecycle(self, block: Block, schema: BlockSchema) -> Iterator[Finding]:
        allowed = _LIFECYCLE if self.kind == "resource" else frozenset()
        for argument in block.body.arguments:
            if argument.name not in allowed:
                what = f"lifecycle has no argument {argument.name!r}"
                fix = nearest(argument.name, allowed)
                yield self._found(UNKNOWN_ARGUMENT, argument.line, what, fix)
            elif argument.name == "prevent_destroy" and not isinstance(argument.value, Literal):
                what = "prevent_destroy is not a constant, which Terraform asks for"
                yield self._found(WRONG_TYPE, argument.line, what)
            elif argument.name == "ignore_changes":
                yield from self._ignored(argument, schema)
        for inner in block.body.blocks:
            if inner.kind not in _CONDITIONS:
                what = f"lifecycle has no block {inner.kind!r}"
                yield self._found(UNKNOWN_BLOCK, inner.line, what, nearest(inner.kind, _CONDITIONS))

    def _ignored(self, argument: Argument, schema: BlockSchema) -> Iterator[Finding]:
        if not isinstance(argument.value, Listing):
            return
        for item in argument.value.items:
            first = item.base if isinstance(item, Access) else item
            if isinstance(first, Name) and not {first.text} & {
                *schema.attributes,
                *schema.blocks,
            }:
                what = f"ignore_changes names {first.text!r}, which the resource does not have"
                fix = nearest(first.text, [*schema.attributes, *schema.blocks])
                yield self._found(UNKNOWN_ARGUMENT, item.line, what, fix)


def _dynamic(block: Block) -> bool:
    return block.kind == "dynamic" and bool(block.labels)
