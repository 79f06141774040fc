"""References of Terraform's tests."""

from __future__ import annotations

from collections.abc import Iterator

from infra.lint.context import Context, finding, nearest
from infra.lint.hcl.tree import Block, Body, Document, Literal
from infra.lint.modules import Module
from infra.lint.rules.places import Place
from infra.lint.rules.reference_rules import NO_OUTPUT, NO_RESOURCE, NO_VARIABLE
from infra.lint.rules.references import Walk
from phasegate.linting.finding import Finding


class TestWalk(Walk):
    """References of a test: to what it tests, and to runs before."""

    def __init__(self, context: Context, document: Document) -> None:
        super().__init__(context)
        self._runs: dict[str, Module | None] = {}
        for block in document.body.blocks:
            if block.kind == "run" and block.labels:
                self._runs[block.labels[0]] = self._tested(block)

    def _tested(self, run: Block) -> Module | None:
        other = next(run.body.of_kind("module"), None)
        source = other.body.value("source") if other is not None else None
        if not isinstance(source, Literal):
            return self.context.module
        here = self.context.module.path
        return self.context.tree.modules.get((here / str(source.value)).resolve())

    def document(self, document: Document) -> Iterator[Finding]:
        for block in document.body.blocks:
            subject = ".".join((block.kind, *block.labels))
            place = Place(document.name, subject)
            if block.kind != "run":
                continue  # mocks hold values, and variables only what a test gives
            tested = self._tested(block)
            if tested is None:
                continue
            walk = self
            if tested is not self.context.module:
                context = Context(self.context.tree, tested, self.context.schemas)
                walk = TestWalk(context, Document(document.name, Body(), []))
                walk._runs = self._runs
            for inner in block.body.blocks:
                if inner.kind in {"assert", "variables"}:
                    yield from walk.block(inner, place)
            failing = block.body.argument("expect_failures")
            if failing is not None:
                yield from walk.expression(failing.value, place)

    def reference(self, root: str, steps: tuple, line: int, place: Place) -> Iterator[Finding]:
        def found(rule, what: str, fix: str | None = None) -> Finding:
            return finding(rule, place.file, line, place.subject, what, fix)

        first = steps[0] if isinstance(steps[0], str) else ""
        if root == "run":
            if first not in self._runs:
                yield found(NO_RESOURCE, f"no run {first!r} is here", nearest(first, self._runs))
                return
            tested = self._runs[first]
            output = next((one for one in steps[1:] if isinstance(one, str)), None)
            if tested is not None and output is not None and output not in tested.outputs:
                fix = nearest(output, tested.outputs)
                yield found(NO_OUTPUT, f"{tested.name} has no output {output!r}", fix)
        elif root == "output":
            outputs = self.context.module.outputs
            if first not in outputs:
                yield found(NO_OUTPUT, f"there is no output {first!r}", nearest(first, outputs))
        elif root == "check":
            return
        elif root == "var":
            # A test may name variables that only its own blocks set.
            if first not in self.context.module.variables:
                known = self.context.module.variables
                yield found(NO_VARIABLE, f"there is no variable {first!r}", nearest(first, known))
        else:
            yield from super().reference(root, steps, line, place)
