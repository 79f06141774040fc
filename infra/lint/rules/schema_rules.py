"""The rules on schemas."""

from __future__ import annotations

from infra.lint.rules.catalogue import error, warning
from infra.lint.schema.store import UPDATE

UNKNOWN_TYPE = error(
    "101",
    "unknown-type",
    "A resource or data source has a type that its provider does not have.",
    why="Terraform refuses the whole root at plan.",
    fix="Look the type up in the provider's documentation of the pinned version.",
)
UNKNOWN_ARGUMENT = error(
    "102",
    "unknown-argument",
    "An argument is set that the block does not take.",
    why="Terraform refuses the whole root at plan.",
    fix="Look the argument up in the provider's documentation of the pinned version.",
)
MISSING_ARGUMENT = error(
    "103",
    "missing-argument",
    "An argument that the block needs is not set.",
    why="Terraform refuses the whole root at plan.",
    fix="Set it.",
)
UNKNOWN_BLOCK = error(
    "104",
    "unknown-block",
    "A nested block is written that the block does not take.",
    why="Terraform refuses the whole root at plan.",
    fix="Look the block up in the provider's documentation of the pinned version.",
)
WRONG_COUNT = error(
    "105",
    "wrong-number-of-blocks",
    "A nested block is written too often, or not often enough.",
    why="Terraform refuses the whole root at plan.",
    fix="Write as many as the provider takes.",
)
COMPUTED = error(
    "106",
    "computed-argument",
    "A value is set that only the provider sets.",
    why="Terraform refuses the whole root at plan.",
    fix="Remove it.",
)
WRONG_TYPE = error(
    "107",
    "wrong-type",
    "A value cannot be converted to the type that its argument has.",
    why="Terraform refuses it at plan; a field that an object lacks is dropped without a word.",
    fix="Write a value of that type.",
)
DEPRECATED = warning(
    "108",
    "deprecated-argument",
    "A deprecated argument, block or type is used.",
    why="The provider's next major version has it no more.",
    fix="Use what the provider's documentation names in its place.",
)
NO_SCHEMA = error(
    "109",
    "no-schema",
    "A type has no pinned schema, so that nothing of it is checked.",
    why="A check that leaves something out without saying so is trusted for more than it does.",
    fix=f"Run '{UPDATE}' where providers can be installed, and commit the schemas.",
)
WRONG_FORM = error(
    "110",
    "wrong-form",
    "A block is written as an argument, or an argument as a block.",
    why="Terraform refuses the whole root at plan.",
    fix="Write `name { ... }` for a block, `name = ...` for an argument.",
)
