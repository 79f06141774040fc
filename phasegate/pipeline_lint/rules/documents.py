"""Rules on the document as a whole: suppressions, fields, versions, names."""

from __future__ import annotations

import re

from phasegate.linting.node import Node
from phasegate.linting.suppression import declare_suppression_rules
from phasegate.pipeline_lint.pipeline import Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import ERROR, INFO, PIPELINE_RULES, Problems, rule

_declare = PIPELINE_RULES.declare

SUPPRESSIONS = declare_suppression_rules(PIPELINE_RULES, "PGP")
UNKNOWN_FIELD = _declare(
    "PGP101",
    "unknown-field",
    ERROR,
    "A field is none that KFP knows in this place.",
    why="KFP refuses the pipeline at upload, or drops the field and what it should do.",
    fix="Correct the name, or move the field to where it belongs.",
)
WRONG_TYPE = _declare(
    "PGP102",
    "wrong-type",
    ERROR,
    "A value has the wrong type.",
    why="KFP refuses the pipeline at upload.",
    fix="Give it the type that the field has.",
)
MISSING_FIELD = _declare(
    "PGP103",
    "missing-field",
    ERROR,
    "A required field is missing.",
    why="KFP refuses the pipeline at upload.",
    fix="Set the field.",
)
WRONG_VALUE = _declare(
    "PGP104",
    "wrong-value",
    ERROR,
    "A value is outside of what the field allows.",
    why="KFP refuses the pipeline at upload.",
    fix="Use an allowed value.",
)

_SCHEMA_VERSIONS = ("2.0.0", "2.1.0")
_OLDEST_SDK = (2, 13)
_SDK = re.compile(r"kfp-(\d+)\.(\d+)\.(\d+)(.*)")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")


@rule(
    "PGP105",
    "unsupported-schema-version",
    ERROR,
    why="The backend reads 2.0.0 and 2.1.0; anything else is refused, or read as something else.",
    fix="Compile the pipeline again with the KFP SDK of your backend.",
)
def unsupported_schema_version(pipeline: Pipeline) -> Problems:
    """The schemaVersion is none that KFP's backend reads."""
    node = pipeline.node.at("schemaVersion")
    if node is not None and isinstance(node.value, str) and node.value not in _SCHEMA_VERSIONS:
        yield Problem(node, "pipeline", f"schemaVersion is {node.value}")


@rule(
    "PGP106",
    "old-sdk",
    INFO,
    why="Before 2.13 an SDK wrote requests and limits of resources in one of two forms only, and "
    "backends on the other side of the change ignore them without a word.",
    fix="Compile the pipeline again with a current KFP SDK.",
)
def old_sdk(pipeline: Pipeline) -> Problems:
    """The pipeline was compiled by an old SDK, or by one that was not released."""
    node = pipeline.node.at("sdkVersion")
    match = _SDK.fullmatch(node.value) if node is not None and isinstance(node.value, str) else None
    if node is not None and match:
        unreleased = match[4].startswith(("-", "a", "b", "rc", ".dev"))
        if unreleased or (int(match[1][:9]), int(match[2][:9])) < _OLDEST_SDK:
            yield Problem(node, "pipeline", f"compiled by {node.value}")


@rule(
    "PGP107",
    "pipeline-name",
    ERROR,
    why="KFP refuses it at upload.",
    fix="Use at most 128 lower-case letters, digits and hyphens, beginning with no hyphen.",
)
def pipeline_name(pipeline: Pipeline) -> Problems:
    """The pipeline's name is none that KFP accepts."""
    node = pipeline.node.at("pipelineInfo", "name")
    if node is not None and isinstance(node.value, str) and not _NAME.fullmatch(node.value):
        yield Problem(node, "pipeline", f"the pipeline's name is {node.value!r}")


@rule(
    "PGP108",
    "duplicate-key",
    ERROR,
    why="Of two equal keys most readers keep the last, and some refuse the file: what is left out "
    "is never run.",
    fix="Remove one of them, or give it its own name.",
)
def duplicate_key(pipeline: Pipeline) -> Problems:
    """A mapping has a key twice."""
    waiting = [pipeline.node, *pipeline.platforms]
    while waiting:
        node = waiting.pop()
        for key, line in node.duplicates:
            yield Problem(Node(None, line), "pipeline", f"{key} is there twice")
        inner = node.value.values() if isinstance(node.value, dict) else node.value
        if isinstance(node.value, dict | list):
            waiting.extend(one for one in inner if isinstance(one.value, dict | list))
