"""A provider's schema: the part of ``terraform providers schema -json`` that is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Type = Any
"""``"string"``, ``["list", "string"]``, ``["object", {...}]`` ...: as Terraform writes types."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An argument or a computed value.

    Attributes:
        type: None where `nested` says it.
        nested: attributes of an object, and how it repeats.
        required: it has to be set.
        optional: it may be set.
        computed: the provider sets it where it is not set.
        deprecated: it will go.
        sensitive: it does not belong into logs.
    """

    type: Type
    nested: NestedBlock | None
    required: bool = False
    optional: bool = False
    computed: bool = False
    deprecated: bool = False
    sensitive: bool = False

    @property
    def settable(self) -> bool:
        """Whether it may be set at all."""
        return self.required or self.optional


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A block inside of a block, and how often.

    Attributes:
        nesting: ``single``, ``list``, ``set``, ``map`` or ``group``.
        least: how many at least.
        most: how many at most; 0 for any number.
        block: what is in it.
    """

    nesting: str
    least: int
    most: int
    block: BlockSchema


@dataclass(frozen=True, slots=True)
class BlockSchema:
    """What a block may hold.

    Attributes:
        attributes: by name.
        blocks: by name.
        deprecated: it will go.
    """

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: Mapping[str, NestedBlock] = field(default_factory=dict)
    deprecated: bool = False


@dataclass(frozen=True)
class Provider:
    """One provider.

    Attributes:
        address: such as ``registry.terraform.io/hashicorp/google``.
        version: that the schema is of.
        provider: its own configuration.
        kinds: schemas by ``resource``, ``data`` or ``ephemeral``, then by type.
        known: names of all its types, also of those without a schema here.
        functions: its own functions; least and most arguments, None for any number.
    """

    address: str
    version: str
    provider: BlockSchema
    kinds: Mapping[str, Mapping[str, BlockSchema]]
    known: Mapping[str, frozenset[str]]
    functions: Mapping[str, tuple[int, int | None]]


def block_schema(raw: Mapping[str, Any]) -> BlockSchema:
    """A block from its reduced JSON."""
    return BlockSchema(
        {name: _attribute(one) for name, one in raw.get("attributes", {}).items()},
        {name: _nested(one) for name, one in raw.get("block_types", {}).items()},
        bool(raw.get("deprecated")),
    )


def _attribute(raw: Mapping[str, Any]) -> Attribute:
    inner = raw.get("nested_type")
    flags = ("required", "optional", "computed", "deprecated", "sensitive")
    return Attribute(
        raw.get("type"),
        NestedBlock(inner["nesting_mode"], 0, 0, block_schema(inner)) if inner else None,
        **{flag: bool(raw.get(flag)) for flag in flags},
    )


def _nested(raw: Mapping[str, Any]) -> NestedBlock:
    return NestedBlock(
        raw["nesting_mode"],
        int(raw.get("min_items", 0)),
        int(raw.get("max_items", 0)),
        block_schema(raw.get("block", {})),
    )
