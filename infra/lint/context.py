"""What a rule sees: one module, the tree around it, and the schemas of its providers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from infra.lint.constants import Evaluator
from infra.lint.hcl.tree import Access, Block, Name
from infra.lint.modules import Module, Tree
from infra.lint.schema.model import BlockSchema, Provider
from infra.lint.schema.store import Schemas, built_in
from infra.lint.values import Values
from phasegate.linting.finding import Finding
from phasegate.linting.rule import Rule

BUILT_IN = built_in()


@dataclass(frozen=True)
class Context:
    """What a rule sees.

    Attributes:
        tree: all modules.
        module: the one that is checked.
        schemas: of all providers.
        given: values that a caller gives to variables.
    """

    tree: Tree
    module: Module
    schemas: Schemas
    given: dict[str, Values] = field(default_factory=dict)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates the module's expressions."""
        return Evaluator(self.module, self.given)

    def provider(self, block: Block) -> Provider | None:
        """Provider of a resource's block; None where it has no schema."""
        if block.labels[0].startswith("terraform_"):
            return BUILT_IN
        local_name = block.labels[0].partition("_")[0]
        match block.body.value("provider"):
            case Name(text, _) | Access(Name(text, _), _, _):
                local_name = text
        return self.schemas.providers.get(self.module.provider_source(local_name))

    def schema(self, kind: str, type_name: str) -> BlockSchema | None:
        """Schema of a resource type; None where there is none."""
        if type_name in BUILT_IN.kinds.get(kind, {}):
            return BUILT_IN.kinds[kind][type_name]
        source = self.module.provider_source(type_name.partition("_")[0])
        provider = self.schemas.providers.get(source)
        return provider.kinds[kind].get(type_name) if provider else None


def finding(
    rule: Rule, file: str, line: int, subject: str, what: str, fix: str | None = None
) -> Finding:
    """A finding of a rule; its own fix where there is none better."""
    return Finding(file, line, rule.code, rule.name, rule.severity, subject, what, fix or rule.fix)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Advice where a known name is close to one that is not."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"Write {close[0]!r}?" if close else None
