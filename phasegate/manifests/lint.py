"""Check manifests: read them, apply schema and rules, leave out what is suppressed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.linting.finding import Finding
from phasegate.linting.node import Node
from phasegate.linting.reading import Source
from phasegate.linting.report import Report, settle
from phasegate.linting.rule import Rule
from phasegate.linting.suppression import Suppression, in_annotation, in_comments
from phasegate.manifests.objects import KSERVE, KubernetesObject, Stream
from phasegate.manifests.rules import MANIFEST_RULES
from phasegate.manifests.rules.documents import (
    MISSING_FIELD,
    SUPPRESSIONS,
    UNKNOWN_FIELD,
    WRONG_TYPE,
    WRONG_VALUE,
)
from phasegate.manifests.schema.definitions import Schemas, bundled
from phasegate.manifests.schema.structure import Fault, Misfit, Types, misfits
from phasegate.manifests.sources import read_sources

IGNORE = "phasegate.dev/lint-ignore"

_FAULTS = {
    Fault.UNKNOWN: UNKNOWN_FIELD,
    Fault.TYPE: WRONG_TYPE,
    Fault.MISSING: MISSING_FIELD,
    Fault.VALUE: WRONG_VALUE,
}
_KUSTOMIZE = "kustomize.config.k8s.io"


def lint(paths: Iterable[str | Path], schemas: Schemas | None = None) -> list[Finding]:
    """What is wrong with manifests.

    Args:
        paths: files, folders, ``-`` for standard input; all are seen as applied together.
        schemas: types to check against; those that come with us by default.
    Raises:
        BadInput: one of them cannot be read, or is no manifest.
    """
    return report(read_sources(paths), schemas).findings


def report(sources: Iterable[tuple[Source, bool]], schemas: Schemas | None = None) -> Report:
    """The same, with what was counted on the way.

    Args:
        sources: each with whether it was named, and so has to be a manifest.
        schemas: types to check against.
    """
    schemas = schemas or bundled()
    objects: list[KubernetesObject] = []
    suppressions: list[Suppression] = []
    skipped: list[str] = []
    for source, named in sources:
        found = list(_objects(source, named))
        if not found:
            skipped.append(source.name)
            continue
        objects += found
        suppressions += in_comments(source)
    for one in objects:
        suppressions += _annotated(one)
    found = [*_schema_findings(objects, schemas), *_rule_findings(Stream(objects))]
    return settle(
        found, suppressions, MANIFEST_RULES, SUPPRESSIONS, objects=len(objects), skipped=skipped
    )


def _objects(source: Source, named: bool) -> Iterator[KubernetesObject]:
    if named and not source.documents:
        raise BadInput("it is empty", where=source.name, expected="at least one manifest")
    for document in source.documents:
        kind, version = document.text("kind"), document.text("apiVersion")
        if not kind and not version and not named:
            continue
        if not kind or not version:
            missing = "kind" if version else "apiVersion" if kind else "apiVersion and kind"
            raise BadInput(
                f"it is no manifest: {missing} is missing or no string"
                if isinstance(document.value, dict)
                else f"it is no manifest, but {document.kind()}",
                where=f"{source.name}:{document.line}",
                expected="a Kubernetes object",
            )
        yield from _of_document(source.name, document, kind, version)


def _of_document(file: str, document: Node, kind: str, version: str) -> Iterator[KubernetesObject]:
    if version.partition("/")[0] == _KUSTOMIZE:
        return
    items = document.at("items")
    if kind.endswith("List") and items is not None and isinstance(items.value, list):
        for item in items.value:
            inner = item.text("kind") or (kind.removesuffix("List") if kind != "List" else "")
            if not isinstance(item.value, dict) or not inner:
                raise BadInput(
                    f"an item of {kind} is no object with a kind", where=f"{file}:{item.line}"
                )
            yield from _of_document(file, item, inner, item.text("apiVersion") or version)
        return
    yield KubernetesObject(
        file,
        document,
        version,
        kind,
        document.text("metadata", "name") or "",
        document.text("metadata", "namespace") or "",
    )


def _annotated(one: KubernetesObject) -> list[Suppression]:
    text = one.annotations.get(IGNORE)
    if text is None:
        return []
    line = one.annotation_node(IGNORE).line
    return in_annotation(text, one.file, line, (one.node.line, one.last_line))


def _schema_findings(objects: list[KubernetesObject], schemas: Schemas) -> Iterator[Finding]:
    for one in objects:
        schema = schemas.kinds.get(f"{one.api_version}/{one.kind}")
        found: Iterable[Misfit] = ()
        if schema is not None:
            types = Types(schemas.definitions, custom=one.group == KSERVE)
            found = misfits(one.node, schema, types)
        metadata = one.node.at("metadata")
        if metadata is not None and not _describes_metadata(schema, schemas):
            found = [*found, *_of_metadata(metadata, schemas)]
        for misfit in found:
            rule = _FAULTS[misfit.fault]
            yield _finding(one, rule, misfit.line, misfit.what, misfit.fix)


def _describes_metadata(schema: dict | None, schemas: Schemas) -> bool:
    if schema is None:
        return False
    while "$ref" in schema:
        schema = schemas.definitions[schema["$ref"]]
    return "$ref" in schema["properties"].get("metadata", {})


def _of_metadata(metadata: Node, schemas: Schemas) -> Iterator[Misfit]:
    whole = Node({"metadata": metadata}, metadata.line)
    schema = {"properties": {"metadata": {"$ref": "V1ObjectMeta"}}}
    yield from misfits(whole, schema, Types(schemas.definitions))


def _rule_findings(stream: Stream) -> Iterator[Finding]:
    for code, check in MANIFEST_RULES.checks.items():
        rule = MANIFEST_RULES.rules[code]
        for problem in check(stream):
            yield _finding(problem.object, rule, problem.node.line, problem.what, problem.fix)


def _finding(one: KubernetesObject, rule: Rule, line: int, what: str, fix: str) -> Finding:
    return Finding(
        one.file, line, rule.code, rule.name, rule.severity, str(one), what, fix or rule.fix
    )
