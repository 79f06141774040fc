"""Check the tree: read it, apply all rules, leave out what is suppressed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.lint import docs
from infra.lint.context import Context
from infra.lint.hcl.tree import Document
from infra.lint.instances import instance_problems
from infra.lint.modules import Kind, Tree, read_tree
from infra.lint.rules import (
    access,
    blocks,
    buckets,
    calls,
    common,
    conventions,
    hard_coded,
    language,
    names,
    services,
)
from infra.lint.rules.catalogue import SUPPRESSIONS, TERRAFORM_RULES
from infra.lint.schema.store import Schemas, load
from phasegate.linting.finding import Finding
from phasegate.linting.reading import Source
from phasegate.linting.report import Report, settle
from phasegate.linting.suppression import in_comments

ROOT = Path(__file__).resolve().parents[1] / "terraform"

EVERYWHERE = (
    language.problems,
    blocks.problems,
    calls.problems,
    names.problems,
    conventions.problems,
    hard_coded.problems,
    access.named,
    access.problems,
)
RESOURCES = (buckets.problems, services.problems)
"""Of modules and roots; an example may be small."""
POLICY = (access.problems, *RESOURCES)


def examine(root: Path = ROOT, schemas: Schemas | None = None) -> Report:
    """Findings of all rules in a tree.

    Args:
        root: folder of the tree.
        schemas: of providers; by default those in the tree's own folder ``schemas``.
    Raises:
        BadInput: there is no tree, or its schemas were edited.
    """
    tree = read_tree(root)
    return examine_tree(tree, schemas if schemas is not None else load(root / "schemas"))


def examine_tree(tree: Tree, schemas: Schemas) -> Report:
    """The same for a tree that was read."""
    found = list(_findings(tree, schemas))
    documents = [*_documents(tree)]
    suppressions = [one for document in documents for one in in_comments(_source(document))]
    return settle(
        found, suppressions, TERRAFORM_RULES, SUPPRESSIONS, objects=len(documents), skipped=[]
    )


def _findings(tree: Tree, schemas: Schemas) -> Iterator[Finding]:
    yield from language.faults(_documents(tree))
    for module in tree.modules.values():
        if any(document.faults for document in (*module.documents, *module.tests)):
            continue
        context = Context(tree, module, schemas)
        for problems in EVERYWHERE:
            yield from problems(context)
        if module.kind is not Kind.EXAMPLE:
            for problems in RESOURCES:
                yield from problems(context)
            yield from instance_problems(context, POLICY)
    yield from common.problems(tree)
    yield from calls.settings_problems(tree, schemas)
    yield from docs.problems(tree)


def _documents(tree: Tree) -> Iterator[Document]:
    for module in tree.modules.values():
        yield from module.documents
        yield from module.tests
    yield from tree.settings


def _source(document: Document) -> Source:
    return Source(document.name, [], document.lines, document.text_lines)
