"""Check compiled pipelines: read them, apply types and rules, leave out what is suppressed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.linting.finding import Finding
from phasegate.linting.node import Node
from phasegate.linting.reading import Source, read
from phasegate.linting.report import Report, settle
from phasegate.linting.rule import Rule
from phasegate.linting.suppression import Suppression, in_annotation, in_comments
from phasegate.manifests.schema.structure import Fault, misfits
from phasegate.manifests.sources import read_sources
from phasegate.pipeline_lint.edits import Edit
from phasegate.pipeline_lint.pipeline import Pipeline
from phasegate.pipeline_lint.rules import PIPELINE_RULES
from phasegate.pipeline_lint.rules.documents import (
    MISSING_FIELD,
    SUPPRESSIONS,
    UNKNOWN_FIELD,
    WRONG_TYPE,
    WRONG_VALUE,
)
from phasegate.pipeline_lint.schema.types import PIPELINE, PLATFORM, bundled, fitting

_FAULTS = {
    Fault.UNKNOWN: UNKNOWN_FIELD,
    Fault.TYPE: WRONG_TYPE,
    Fault.MISSING: MISSING_FIELD,
    Fault.VALUE: WRONG_VALUE,
}
_IN_DESCRIPTION = re.compile(r"phasegate:\s*ignore\s*\[([^\]]*)\]([^\n;]*)")
_OF_TASKS = frozenset({"PGP409", "PGP501", "PGP605"})  # not of components
_MARKS = ("root", "deploymentSpec", "pipelineInfo")


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of a lint, and what would mend it.

    Attributes:
        report: findings that nothing suppresses.
        edits: of each file, those that mend a finding and change nothing else.
    """

    report: Report
    edits: dict[str, list[Edit]]


def lint(paths: Iterable[str | Path]) -> list[Finding]:
    """What is wrong with compiled pipelines.

    Args:
        paths: files, folders, ``-`` for standard input.
    Raises:
        BadInput: one of them cannot be read, or is no compiled pipeline.
    """
    return examine(sources(paths)).report.findings


def sources(paths: Iterable[str | Path]) -> Iterator[tuple[Source, bool]]:
    """Read files, folders and ``-``; with each, whether it was named itself.

    Raises:
        BadInput: one is not there, cannot be read, or is no YAML.
    """
    with _without_advice():
        yield from read_sources(paths)


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Leave out what the reader says of templates: a pipeline's braces are its placeholders."""
    try:
        yield
    except BadInput as error:
        if error.fix is None:
            raise
        raise BadInput(error.what, where=error.where, expected=error.expected) from error


def examine(given: Iterable[tuple[Source, bool]]) -> Examined:
    """Findings and edits of sources, each with whether it was named, and so has to be a pipeline.

    Raises:
        BadInput: one that was named is no compiled pipeline.
    """
    found: list[Finding] = []
    mending: dict[Finding, Edit] = {}
    suppressions: list[Suppression] = []
    skipped: list[str] = []
    count = 0
    for source, named in given:
        pipelines = list(_pipelines(source, named))
        if not pipelines:
            skipped.append(source.name)
            continue
        count += len(pipelines)
        suppressions += in_comments(source)
        for pipeline in pipelines:
            suppressions += _in_description(pipeline, len(source.lines))
            found += _misfits(pipeline)
            for finding, edit in _problems(pipeline):
                found.append(finding)
                if edit is not None:
                    mending[finding] = edit
    report = settle(
        found, suppressions, PIPELINE_RULES, SUPPRESSIONS, objects=count, skipped=skipped
    )
    edits: dict[str, list[Edit]] = {}
    for finding in report.findings:
        if finding in mending:
            edits.setdefault(finding.file, []).append(mending[finding])
    return Examined(report, edits)


def examine_text(name: str, text: str) -> Examined:
    """The same for one text that has to be a pipeline."""
    with _without_advice():
        source = read(name, text.encode())
    return examine([(source, True)])


def _pipelines(source: Source, named: bool) -> Iterator[Pipeline]:
    """Pipelines of a source; those of platforms belong to the one before them."""
    if named and not source.documents:
        raise BadInput("it is empty", where=source.name, expected="a compiled pipeline")
    parts: list[tuple[Node, list[Node]]] = []
    for whole in source.documents:
        document = whole.at("spec", "pipelineSpec") or whole.at("pipelineSpec") or whole
        inside = whole.at("spec", "platformSpec")
        if document.at("platforms") is not None and parts:
            parts[-1][1].append(document)
        elif sum(document.at(mark) is not None for mark in _MARKS) > 1:
            parts.append((document, [inside] if inside is not None else []))
        elif named:
            raise BadInput(
                _no_pipeline(document),
                where=f"{source.name}:{document.line}",
                expected="a pipeline or component that KFP 2 compiled",
            )
    for node, platforms in parts:
        yield Pipeline(source.name, node, platforms)


def _no_pipeline(document: Node) -> str:
    if document.text("kind") == "Workflow":
        return "it is an Argo workflow, as KFP 1 wrote them"
    if document.at("implementation") is not None:
        return "it is a component that is not compiled"
    mapping = isinstance(document.value, dict)
    return "it is no compiled pipeline" + ("" if mapping else f", but {document.kind()}")


def _in_description(pipeline: Pipeline, last: int) -> list[Suppression]:
    """Suppressions for the whole file: comments are lost when a pipeline is compiled again."""
    node = pipeline.node.at("pipelineInfo", "description")
    if node is None or not isinstance(node.value, str) or "phasegate:" not in node.value:
        return []
    found = []
    for codes, reason in _IN_DESCRIPTION.findall(node.value):
        text = f"{codes.upper()} {' '.join(reason.split())}"
        found += in_annotation(text, pipeline.file, node.line, (1, last))
    return found


def _misfits(pipeline: Pipeline) -> Iterator[Finding]:
    documents = [(pipeline.node, PIPELINE), *((one, PLATFORM) for one in pipeline.platforms)]
    for node, schema in documents:
        if fitting().check(schema)(node):
            continue
        for misfit in misfits(node, schema, bundled()):
            rule = _FAULTS[misfit.fault]
            yield _finding(pipeline, rule, misfit.line, "", misfit.what, misfit.fix)


def _problems(pipeline: Pipeline) -> Iterator[tuple[Finding, Edit | None]]:
    for code, check in PIPELINE_RULES.checks.items():
        if pipeline.is_component and code in _OF_TASKS:
            continue
        rule = PIPELINE_RULES.rules[code]
        for one in check(pipeline):
            finding = _finding(pipeline, rule, one.node.line, one.subject, one.what, one.fix)
            yield finding, one.edit


def _finding(
    pipeline: Pipeline, rule: Rule, line: int, subject: str, what: str, fix: str
) -> Finding:
    line = line or pipeline.node.line
    return Finding(
        pipeline.file, line, rule.code, rule.name, rule.severity, subject, what, fix or rule.fix
    )
