"""References: everything that is named exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.lint.context import Context, finding, nearest
from infra.lint.hcl.tree import (
    Access,
    Block,
    Call,
    Document,
    Expression,
    For,
    Name,
    Splat,
    parts,
)
from infra.lint.modules import Kind
from infra.lint.rules.places import FIXED, NOT_EXPRESSIONS, Place
from infra.lint.rules.reference_rules import (
    NO_ATTRIBUTE,
    NO_FUNCTION,
    NO_LOCAL,
    NO_MODULE,
    NO_NAME,
    NO_OUTPUT,
    NO_RESOURCE,
    NO_VARIABLE,
    OUT_OF_PLACE,
)
from infra.lint.types import attribute_type, declared, missing_step
from phasegate.linting.finding import Finding


@dataclass
class Walk:
    context: Context
    used: set[str] = field(default_factory=set)

    def document(self, document: Document) -> Iterator[Finding]:
        for block in document.body.blocks:
            subject = ".".join((block.kind, *block.labels))
            subject = subject.removeprefix("resource.").replace("variable.", "var.", 1)
            yield from self.block(block, Place(document.name, subject))

    def block(self, block: Block, place: Place) -> Iterator[Finding]:
        allowed = set(place.allowed)
        if block.body.argument("for_each") is not None and block.kind != "dynamic":
            allowed.add("each")
        if block.body.argument("count") is not None:
            allowed.add("count")
        if block.kind in {"postcondition", "provisioner", "connection"}:
            allowed.add("self")
        inner = Place(place.file, place.subject, place.names, frozenset(allowed))
        names = inner.names
        if block.kind == "dynamic" and block.labels:
            iterator = block.body.value("iterator")
            names |= {iterator.text if isinstance(iterator, Name) else block.labels[0]}
        for argument in block.body.arguments:
            if (block.kind, argument.name) in NOT_EXPRESSIONS:
                continue
            meta = argument.name in {"for_each", "count"} and block.kind != "dynamic"
            at = place if meta else inner
            yield from self.expression(argument.value, at)
        below = Place(inner.file, inner.subject, names, inner.allowed)
        for one in block.body.blocks:
            yield from self.block(one, below)

    def expression(self, expression: Expression, place: Place) -> Iterator[Finding]:
        match expression:
            case For():
                yield from self.expression(expression.collection, place)
                names = place.names | set(expression.names)
                inside = Place(place.file, place.subject, names, place.allowed)
                for part in (expression.key, expression.value, expression.condition):
                    if part is not None:
                        yield from self.expression(part, inside)
                return
            case Access(Name(root, line), steps, _):
                if root not in place.names:
                    yield from self.reference(root, steps, line, place)
                for step in steps:
                    if not isinstance(step, str | Splat):
                        yield from self.expression(step, place)
                return
            case Name(text, line):
                if text and text not in place.names:
                    what = f"{text!r} stands alone"
                    yield finding(NO_NAME, place.file, line, place.subject, what)
                return
            case Call():
                yield from self._call(expression, place)
        for part in parts(expression):
            yield from self.expression(part, place)

    def _call(self, call: Call, place: Place) -> Iterator[Finding]:
        schemas = self.context.schemas
        given = len(call.arguments)
        if call.name.startswith("provider::"):
            _, local_name, name = call.name.split("::", 2)
            source = self.context.module.provider_source(local_name)
            provider = schemas.providers.get(source)
            if local_name == "terraform":
                return
            found = provider.functions.get(name) if provider else None
        elif not schemas.functions:
            return
        else:
            function = schemas.functions.get(call.name.removeprefix("core::"))
            found = (function.least, function.most) if function else None
        if found is None:
            what, fix = f"there is no function {call.name!r}", nearest(call.name, schemas.functions)
            yield finding(NO_FUNCTION, place.file, call.line, place.subject, what, fix)
            return
        least, most = found
        if not call.spread and (given < least or (most is not None and given > most)):
            takes = f"{least}" if least == most else f"{least} or more"
            what = f"{call.name} has {given} arguments, and takes {takes}"
            yield finding(NO_FUNCTION, place.file, call.line, place.subject, what)

    def reference(self, root: str, steps: tuple, line: int, place: Place) -> Iterator[Finding]:
        def found(rule, what: str, fix: str | None = None) -> Finding:
            return finding(rule, place.file, line, place.subject, what, fix)

        module = self.context.module
        first = steps[0] if isinstance(steps[0], str) else ""
        match root:
            case "var":
                self.used.add(f"var.{first}")
                variable = module.variables.get(first)
                if variable is None:
                    fix = nearest(first, module.variables)
                    yield found(NO_VARIABLE, f"there is no variable {first!r}", fix)
                    return
                kind = declared(variable.block.body.value("type"))
                yield from self._field(f"var.{first}", kind, steps[1:], found)
            case "local":
                self.used.add(f"local.{first}")
                if first not in module.locals:
                    fix = nearest(first, module.locals)
                    yield found(NO_LOCAL, f"there is no local {first!r}", fix)
                    return
                yield from self._through_local(first, steps[1:], found)
            case "module":
                yield from self._module(first, steps[1:], found)
            case "each" | "count" | "self" if root not in place.allowed:
                yield found(OUT_OF_PLACE, f"{root!r} has no meaning here")
            case "each" | "count" | "path" | "terraform":
                if first not in FIXED[root]:
                    yield found(NO_ATTRIBUTE, f"there is no {root}.{first}")
            case "self":
                return
            case "data" | "ephemeral":
                second = steps[1] if len(steps) > 1 and isinstance(steps[1], str) else ""
                yield from self._resource(root, first, second, steps[2:], found)
            case _:
                yield from self._resource("resource", root, first, steps[1:], found)

    def _field(self, shown: str, kind, steps: tuple, found) -> Iterator[Finding]:
        missing = missing_step(kind, steps)
        if missing is not None:
            step, owner = missing
            fix = nearest(step, owner[1])
            yield found(NO_ATTRIBUTE, f"{shown} has no field {step!r}", fix)

    def _through_local(self, name: str, steps: tuple, found) -> Iterator[Finding]:
        """A local that stands for another root's outputs is looked through."""
        value = self.context.module.locals[name][1].value
        match value:
            case Access(Name("data", _), ("terraform_remote_state", str(state), *before), _):
                yield from self._remote(state, (*before, *steps), found)

    def _module(self, name: str, steps: tuple, found) -> Iterator[Finding]:
        module = self.context.module
        self.used.add(f"module.{name}")
        call = module.calls.get(name)
        if call is None:
            fix = nearest(name, module.calls)
            yield found(NO_MODULE, f"no module {name!r} is called here", fix)
            return
        called = self.context.tree.called(module, call.block)
        output = next((step for step in steps if isinstance(step, str)), None)
        if called is not None and output is not None and output not in called.outputs:
            fix = nearest(output, called.outputs)
            yield found(NO_OUTPUT, f"{called.name} has no output {output!r}", fix)

    def _resource(
        self, kind: str, type_name: str, name: str, steps: tuple, found
    ) -> Iterator[Finding]:
        module = self.context.module
        declared_here = {
            "resource": module.resources,
            "data": module.data,
            "ephemeral": module.ephemerals,
        }[kind]
        prefix = "" if kind == "resource" else f"{kind}."
        self.used.add(f"{prefix}{type_name}.{name}")
        placed = declared_here.get(f"{type_name}.{name}")
        if placed is None:
            what = f"there is no {prefix}{type_name}.{name}"
            fix = nearest(f"{type_name}.{name}", declared_here)
            yield found(NO_RESOURCE, what, fix)
            return
        if type_name == "terraform_remote_state":
            yield from self._remote(name, steps, found)
        schema = self.context.schema(kind, type_name)
        index = 0
        while index < len(steps) and not isinstance(steps[index], str):
            index += 1
        if schema is None or index >= len(steps):
            return
        attribute = steps[index]
        known = {*schema.attributes, *schema.blocks}
        shown = f"{prefix}{type_name}.{name}"
        if attribute not in known:
            what = f"{type_name} has no attribute {attribute!r}"
            yield found(NO_ATTRIBUTE, what, nearest(attribute, known))
            return
        kind_of = attribute_type(schema, attribute)
        yield from self._field(f"{shown}.{attribute}", kind_of, steps[index + 1 :], found)

    def _remote(self, name: str, steps: tuple, found) -> Iterator[Finding]:
        """Outputs of another root, which the data source is named after."""
        roots = {one.path.name: one for one in self.context.tree.of_kind(Kind.ROOT)}
        root = roots.get(name)
        if root is None or len(steps) < 2 or steps[0] != "outputs":
            return
        output = steps[1]
        if isinstance(output, str) and output not in root.outputs:
            fix = nearest(output, root.outputs)
            yield found(NO_OUTPUT, f"the root {root.name} has no output {output!r}", fix)
