"""Types of parameters and artifacts, and values that do not fit them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.pipeline_lint.edits import Edit, Replace
from phasegate.pipeline_lint.pipeline import Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import ERROR, INFO, WARNING, Problems, rule
from phasegate.pipeline_lint.values import inexact, mismatch, shown, whole_floats

_WHOLE = re.compile(r"-?[0-9]{1,15}")


def _defaults(pipeline: Pipeline) -> Iterator[tuple[str, str, Node, str | None]]:
    """Subject, name, default and type of each parameter that has one."""
    for component in (pipeline.root, *pipeline.components.values()):
        for name, parameter in component.inputs("parameters").items():
            default = parameter.at("defaultValue")
            if default is not None:
                yield str(component), name, default, parameter.text("parameterType")


def _constants(pipeline: Pipeline) -> Iterator[tuple[str, str, Node, str | None]]:
    """Subject, name, constant and type of each parameter that a task passes as it is."""
    for task in pipeline.tasks:
        declared = task.component.inputs("parameters") if task.component is not None else {}
        for name, source in task.sources("parameters"):
            constant = source.at("runtimeValue", "constant")
            if constant is not None:
                kind = declared[name].text("parameterType") if name in declared else None
                yield str(task), name, constant, kind


@rule(
    "PGP301",
    "default-type",
    ERROR,
    why="KFP accepts it at upload, and the run that takes the default fails, or passes another "
    "value than the component was written for.",
    fix="Give the default the type of its parameter.",
)
def default_type(pipeline: Pipeline) -> Problems:
    """A parameter's default does not have the parameter's type."""
    for subject, name, default, kind in _defaults(pipeline):
        expected = mismatch(default, kind)
        if expected:
            yield Problem(
                default,
                subject,
                f"parameter {name} is {kind}, and its default is {shown(default)}",
                f"Give it {expected}.",
                edit=_unquoted(default, kind),
            )


def _unquoted(default: Node, kind: str | None) -> Edit | None:
    text = default.value
    if not isinstance(text, str):
        return None
    number = kind in ("NUMBER_INTEGER", "NUMBER_DOUBLE") and _WHOLE.fullmatch(text)
    if number or (kind == "BOOLEAN" and text in ("true", "false")):
        new = f"{int(text)}.0" if number else text  # as KFP's compiler writes them
        old = rf"""(?<=defaultValue: )(['"]){re.escape(text)}\1(?=\s*(?:[,}}#]|$))"""
        return Replace(default.line, old, new)
    return None


@rule(
    "PGP302",
    "constant-type",
    ERROR,
    why="The task fails when it begins, or gets another value than it was written for.",
    fix="Pass a value of the parameter's type.",
)
def constant_type(pipeline: Pipeline) -> Problems:
    """A task passes a constant that does not have the parameter's type."""
    for subject, name, constant, kind in _constants(pipeline):
        expected = mismatch(constant, kind)
        if expected:
            yield Problem(
                constant,
                subject,
                f"parameter {name} is {kind}, and {shown(constant)} is passed",
                f"Pass {expected}.",
            )


@rule(
    "PGP303",
    "inexact-integer",
    ERROR,
    why="KFP keeps every number as a double: whole numbers beyond 2^53 come back as others.",
    fix="Pass it as a string.",
)
def inexact_integer(pipeline: Pipeline) -> Problems:
    """A whole number is too large to come back as it was."""
    values = [
        *((subject, name, node) for subject, name, node, *_ in _defaults(pipeline)),
        *((subject, name, node) for subject, name, node, _ in _constants(pipeline)),
    ]
    for subject, name, node in values:
        if inexact(node):
            yield Problem(node, subject, f"{name} is {shown(node)}")


@rule(
    "PGP304",
    "integers-in-structure",
    INFO,
    why="KFP keeps every number as a double and casts whole parameters alone: within a list or a "
    "mapping, 3 comes back as 3.0, and range(3.0) or an index fails.",
    fix="Have the component cast it, or pass the structure as JSON in a string.",
)
def integers_in_structure(pipeline: Pipeline) -> Problems:
    """A list or a mapping that a component takes has whole numbers in it."""
    values = [
        *((subject, name, node, kind) for subject, name, node, kind in _defaults(pipeline)),
        *_constants(pipeline),
    ]
    for subject, name, node, kind in values:
        if kind in ("LIST", "STRUCT") and isinstance(node.value, dict | list):
            whole = whole_floats(node)
            if whole is not None:
                yield Problem(node, subject, f"{name} has {whole.value} in it, which is a float")


@rule(
    "PGP305",
    "untyped-artifact",
    WARNING,
    why="system.Artifact accepts anything: a model goes where data were meant, and only the "
    "component's code finds out.",
    fix="Give it a type of its own, such as system.Dataset, system.Model or system.Metrics.",
)
def untyped_artifact(pipeline: Pipeline) -> Problems:
    """An input or output is a plain Artifact."""
    for subject, name, _, title in _artifacts(pipeline):
        if title.value == "system.Artifact":
            yield Problem(title, subject, f"{name} is a plain Artifact")


@rule(
    "PGP306",
    "artifact-namespace",
    ERROR,
    why="KFP's type check and its UI know these two namespaces only; others end in an error when "
    "the artifact is made.",
    fix="Name it system.Something or google.Something.",
)
def artifact_namespace(pipeline: Pipeline) -> Problems:
    """An artifact's type is in a namespace other than system and google."""
    for subject, name, _, title in _artifacts(pipeline):
        if isinstance(title.value, str) and not title.value.startswith(("system.", "google.")):
            yield Problem(title, subject, f"{name} is {title.value}")


def _artifacts(pipeline: Pipeline) -> Iterator[tuple[str, str, Node, Node]]:
    """Artifacts of components that run something; those of graphs only pass through."""
    for component in pipeline.components.values():
        if component.dag is None:
            for artifacts in (component.inputs("artifacts"), component.outputs("artifacts")):
                for name, artifact in artifacts.items():
                    title = artifact.at("artifactType", "schemaTitle")
                    if title is not None:
                        yield str(component), name, artifact, title


@rule(
    "PGP307",
    "artifact-mismatch",
    ERROR,
    why="The consumer reads the artifact as something that it is not.",
    fix="Connect an output of the type that the input has.",
)
def artifact_mismatch(pipeline: Pipeline) -> Problems:
    """A task takes an artifact of another type than its component declares."""
    for task in pipeline.tasks:
        declared = task.component.inputs("artifacts") if task.component is not None else {}
        for name, source in task.sources("artifacts"):
            reference = source.at("taskOutputArtifact")
            if reference is None or name not in declared:
                continue
            producer = pipeline.tasks_of(task.parent).get(reference.text("producerTask") or "")
            made = (
                producer.component.outputs("artifacts") if producer and producer.component else {}
            )
            output = made.get(reference.text("outputArtifactKey") or "")
            if output is None:
                continue
            has = output.text("artifactType", "schemaTitle")
            wants = declared[name].text("artifactType", "schemaTitle")
            if has and wants and has != wants and "system.Artifact" not in (has, wants):
                yield Problem(reference, str(task), f"{name} is {wants}, and gets {has}")


@rule(
    "PGP308",
    "loop-items",
    ERROR,
    why="The loop fails when it begins, or its tasks get another value than they were written for.",
    fix="Write a JSON list whose items have the type of the loop's item.",
)
def loop_items(pipeline: Pipeline) -> Problems:
    """Items of a loop are no JSON list, or do not have the type of its item."""
    for task in pipeline.tasks:
        raw = task.node.at("parameterIterator", "items", "raw")
        if raw is None or not isinstance(raw.value, str):
            continue
        try:
            items = json.loads(raw.value)
        except (ValueError, RecursionError):
            items = None
        if not isinstance(items, list):
            yield Problem(raw, str(task), f"{shown(raw)} is no JSON list")
            continue
        name = task.node.text("parameterIterator", "itemInput") or ""
        declared = task.component.inputs("parameters") if task.component is not None else {}
        kind = declared[name].text("parameterType") if name in declared else None
        for item in items:
            node = Node({} if isinstance(item, dict) else [] if isinstance(item, list) else item, 0)
            if mismatch(node, kind):
                yield Problem(raw, str(task), f"{name} is {kind}, and an item is {shown(node)}")
                break
