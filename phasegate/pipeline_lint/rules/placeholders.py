"""Placeholders that reach the container as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.pipeline_lint.pipeline import Component, Executor, Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import ERROR, Problems, rule

_PLACEHOLDER = re.compile(r"\{\{\$\.((?:inputs|outputs)[^{}]*)\}\}")
_QUOTED = r"""\[\\*['"]([^'"\\]*)\\*['"]\]"""
_INPUT_PARAMETER = re.compile(rf"inputs\.parameters{_QUOTED}")
_OUTPUT_PARAMETER = re.compile(rf"outputs\.parameters{_QUOTED}\.output_file")
_ARTIFACT = re.compile(rf"(inputs|outputs)\.artifacts{_QUOTED}\.(?:uri|path)")
_METADATA = re.compile(rf"(?:inputs|outputs)\.artifacts{_QUOTED}\.metadata\b")
_OUTPUT_FILE = "outputs.output_file"


def _placeholders(pipeline: Pipeline) -> Iterator[tuple[Executor, Node, str]]:
    for executor, container in pipeline.containers:
        values = [entry.at("value") for entry in container.items("env")]
        for node in (*executor.words, *(one for one in values if one is not None)):
            if isinstance(node.value, str) and "{{$." in node.value:
                for match in _PLACEHOLDER.finditer(node.value):
                    yield executor, node, match[1]


@rule(
    "PGP701",
    "metadata-placeholder",
    ERROR,
    why="kfp.local and Vertex AI resolve it, KFP's own launcher does not: on a cluster the "
    "container gets the placeholder itself.",
    fix="Pass '{{$}}', and take the metadata from that JSON.",
)
def metadata_placeholder(pipeline: Pipeline) -> Problems:
    """A container is passed an artifact's metadata by a placeholder."""
    for executor, node, text in _placeholders(pipeline):
        if _METADATA.match(text):
            yield Problem(node, str(executor), f"{{{{$.{text}}}}} is not resolved on the cluster")


@rule(
    "PGP702",
    "output-file-placeholder",
    ERROR,
    why="kfp.local resolves it, the cluster's launcher does not: there the container writes its "
    "outputs into a file that is called like the placeholder, and all of them are lost.",
    fix="Pass '{{$}}', and take outputs.outputFile from that JSON.",
)
def output_file_placeholder(pipeline: Pipeline) -> Problems:
    """A container is passed the file of its outputs by a placeholder."""
    for executor, node, text in _placeholders(pipeline):
        if text == _OUTPUT_FILE:
            yield Problem(node, str(executor), f"{{{{$.{text}}}}} is not resolved on the cluster")


@rule(
    "PGP703",
    "unknown-placeholder",
    ERROR,
    why="Nothing resolves it: the container gets the placeholder itself.",
    fix="Name an input or output of the component; of artifacts there are .uri and .path.",
)
def unknown_placeholder(pipeline: Pipeline) -> Problems:
    """A placeholder names what the component does not have."""
    users: dict[str, list[Component]] = {}
    for component in pipeline.components.values():
        users.setdefault(component.node.text("executorLabel") or "", []).append(component)
    for executor, node, text in _placeholders(pipeline):
        if _METADATA.match(text) or text == _OUTPUT_FILE or not executor.label:
            continue
        for component in users.get(executor.label, ()):
            missing = _missing(component, text)
            if missing:
                yield Problem(node, str(executor), f"{{{{$.{text}}}}}: {missing}")
                break


def _missing(component: Component, text: str) -> str | None:
    if match := _INPUT_PARAMETER.fullmatch(text):
        there = component.inputs("parameters")
        return None if match[1] in there else f"there is no input parameter {match[1]}"
    if match := _OUTPUT_PARAMETER.fullmatch(text):
        there = component.outputs("parameters")
        return None if match[1] in there else f"there is no output parameter {match[1]}"
    if match := _ARTIFACT.fullmatch(text):
        inward = match[1] == "inputs"
        there = component.inputs("artifacts") if inward else component.outputs("artifacts")
        way = match[1].removesuffix("s")
        return None if match[2] in there else f"there is no {way} artifact {match[2]}"
    return "KFP has no such placeholder"
