"""The rules on references."""

from __future__ import annotations

from infra.lint.rules.catalogue import error, warning

NO_VARIABLE = error(
    "201", "no-such-variable", "An expression names a variable that is not declared.",
    why="Terraform refuses the whole folder.", fix="Declare it in variables.tf, or mend the name.",
)  # fmt: skip
NO_LOCAL = error(
    "202", "no-such-local", "An expression names a local that is not declared.",
    why="Terraform refuses the whole folder.", fix="Declare it in locals, or mend the name.",
)  # fmt: skip
NO_RESOURCE = error(
    "203", "no-such-resource", "An expression names a resource or data source that is not there.",
    why="Terraform refuses the whole folder.", fix="Declare it, or mend the name.",
)  # fmt: skip
NO_MODULE = error(
    "204", "no-such-call", "An expression names a module that is not called here.",
    why="Terraform refuses the whole folder.", fix="Call it, or mend the name.",
)  # fmt: skip
NO_OUTPUT = error(
    "205", "no-such-output", "An expression names an output that a module or root does not have.",
    why="Terraform refuses it; for another root's state only when it runs.",
    fix="Declare it in that module's outputs.tf, or mend the name.",
)  # fmt: skip
OUT_OF_PLACE = error(
    "206", "out-of-place", "each, count or self is used where it has no meaning.",
    why="Terraform refuses the whole folder.",
    fix="Use each in a block with for_each, count.index in one with count, self in a condition "
    "after the fact or a provisioner.",
)  # fmt: skip
NO_ATTRIBUTE = error(
    "207", "no-such-attribute", "An expression names a field that the value does not have.",
    why="Terraform refuses the whole folder.", fix="Look the field up in the schema or the type.",
)  # fmt: skip
UNUSED_VARIABLE = warning(
    "208", "unused-variable", "A variable is declared and used nowhere.",
    why="Who sets it believes that it does something.", fix="Use it, or remove it.",
)  # fmt: skip
UNUSED_LOCAL = warning(
    "209", "unused-local", "A local is declared and used nowhere.",
    why="It is read, and changed, for nothing.", fix="Use it, or remove it.",
)  # fmt: skip
NO_FUNCTION = error(
    "210", "no-such-function", "A function is called that is not there, or with too few or many "
    "arguments.",
    why="Terraform refuses the whole folder.", fix="Look it up in Terraform's list of functions.",
)  # fmt: skip
NO_NAME = error(
    "211", "no-such-name", "A bare name is written that means nothing where it is.",
    why="Terraform refuses the whole folder; text needs quotes.",
    fix="Quote it if it is text.",
)  # fmt: skip
UNUSED_DATA = warning(
    "212", "unused-data", "A data source is read and used nowhere.",
    why="Each one is a request at every plan, and a permission that the planner needs.",
    fix="Use it, or remove it.",
)  # fmt: skip
