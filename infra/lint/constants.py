"""What an expression can be, as far as constants, defaults and locals tell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.lint.hcl.tree import (
    Access,
    Call,
    Conditional,
    Expression,
    For,
    Listing,
    Literal,
    Name,
    Template,
)
from infra.lint.hcl.tree import Mapping as Written
from infra.lint.modules import Module, Placed
from infra.lint.values import (
    FUNCTIONS,
    UNKNOWN,
    Fields,
    Many,
    Scalar,
    Value,
    Values,
    rows_of,
    text_of,
)

MOST = 300


Names = Mapping[str, Values]


@dataclass(frozen=True)
class Evaluator:
    """Evaluates expressions of one module.

    Attributes:
        module: whose variables and locals are meant.
        given: values of variables that a caller sets; others have their defaults.
    """

    module: Module
    given: Mapping[str, Values]

    def scope(self, placed: Placed) -> dict[str, Values]:
        """``each`` inside of a block that has a ``for_each``."""
        repeated = placed.block.body.value("for_each")
        if repeated is None:
            return {}
        return {"each": self._each(self.possible(repeated, placed.file))}

    def inner_scope(self, block_kind: str, repeated: Expression, file: str, names: Names) -> dict:
        """The iterator inside of a dynamic block."""
        return {**names, block_kind: self._each(self.possible(repeated, file, names))}

    def _each(self, collections: Values) -> Values:
        found: list[Value] = []
        for collection in collections:
            match collection:
                case Many(items):
                    found += [Fields((("key", one), ("value", one))) for one in items]
                case Fields(entries):
                    found += [
                        Fields((("key", Scalar(key, "", 0)), ("value", value)))
                        for key, value in entries
                    ]
                case _:
                    found.append(UNKNOWN)
        return tuple(found)

    def possible(
        self,
        expression: Expression | None,
        file: str,
        names: Names | None = None,
        visited: frozenset[str] = frozenset(),
    ) -> Values:
        """Values that an expression can have; `UNKNOWN` is one of them where it can be more.

        Args:
            expression: None is taken as unknown.
            file: that it is written in.
            names: values of names that surround it.
            visited: locals that led here, so that circles end.
        """
        if expression is None:
            return (UNKNOWN,)
        walk = _Walk(self, file, names or {}, visited)
        return tuple(itertools.islice(dict.fromkeys(walk.values(expression)), MOST))


@dataclass(frozen=True, slots=True)
class _Walk:
    evaluator: Evaluator
    file: str
    names: Names
    visited: frozenset[str]

    def values(self, expression: Expression) -> Iterator[Value]:
        match expression:
            case Literal(value, line):
                yield Scalar(value, self.file, line)
            case Listing(items, _):
                for combination in self._combinations([list(self.values(one)) for one in items]):
                    yield Many(combination)
            case Written(items, _):
                yield from self._object(items)
            case Template(parts, line):
                yield from self._template(parts, line)
            case Conditional(_, yes, no, _):
                yield from self.values(yes)
                yield from self.values(no)
            case Access(base, steps, _):
                yield from self._access(base, steps)
            case Name(text, _):
                yield from self.names.get(text, (UNKNOWN,))
            case Call(name, arguments, spread, _):
                yield from self._call(name, arguments, spread)
            case For():
                yield from self._for(expression)
            case _:
                yield UNKNOWN

    @staticmethod
    def _combinations(alternatives: list[list[Value]]) -> Iterator[tuple[Value, ...]]:
        """Each alternative once at least; all combinations where they are few."""
        total = 1
        for one in alternatives:
            total *= max(1, len(one))
        if total <= MOST:
            yield from itertools.product(*alternatives)
            return
        for n in range(max(len(one) for one in alternatives)):
            yield tuple(one[n % len(one)] for one in alternatives)

    def _object(self, items: tuple[tuple[Expression, Expression], ...]) -> Iterator[Value]:
        keys = []
        for key, _ in items:
            found = next(self.values(key), UNKNOWN)
            keys.append(str(found.value) if isinstance(found, Scalar) else "*")
        for row in self._combinations([list(self.values(value)) for _, value in items]):
            yield Fields(tuple(zip(keys, row, strict=True)))

    def _template(self, parts: tuple[Expression, ...], line: int) -> Iterator[Value]:
        if len(parts) == 1:
            yield from self.values(parts[0])
            return
        for row in self._combinations([list(self.values(part)) for part in parts]):
            if all(isinstance(one, Scalar) for one in row):
                yield Scalar("".join(text_of(one.value) for one in row), self.file, line)
            else:
                yield UNKNOWN

    def _access(self, base: Expression, steps: tuple) -> Iterator[Value]:
        module = self.evaluator.module
        start: Values
        if isinstance(base, Name) and base.text == "var" and isinstance(steps[0], str):
            start, steps = self._variable(steps[0]), steps[1:]
        elif isinstance(base, Name) and base.text == "local" and isinstance(steps[0], str):
            name, steps = steps[0], steps[1:]
            found = module.locals.get(name)
            if found is None or name in self.visited:
                yield UNKNOWN
                return
            start = self.evaluator.possible(found[1].value, found[0], {}, self.visited | {name})
        elif isinstance(base, Name) and base.text not in self.names:
            yield UNKNOWN
            return
        else:
            start = tuple(self.values(base))
        for value in start:
            yield from self._step(value, steps)

    def _variable(self, name: str) -> Values:
        if name in self.evaluator.given:
            return self.evaluator.given[name]
        placed = self.evaluator.module.variables.get(name)
        default = placed.block.body.value("default") if placed else None
        if placed is None or default is None:
            return (UNKNOWN,)
        return self.evaluator.possible(default, placed.file)

    def _step(self, value: Value, steps: tuple) -> Iterator[Value]:
        if not steps:
            yield value
            return
        step, rest = steps[0], steps[1:]
        match value, step:
            case Fields(), str():
                yield from self._step(value.get(step), rest)
            case Fields(entries), _:
                keys = [one.value for one in self.values(step) if isinstance(one, Scalar)]
                exact = [v for k, v in entries if k in keys]
                for one in exact or [v for _, v in entries]:
                    yield from self._step(one, rest)
            case Many(items), _:
                for one in items:
                    yield from self._step(one, rest)
            case _:
                yield UNKNOWN

    def _for(self, loop: For) -> Iterator[Value]:
        for collection in self.values(loop.collection):
            rows = rows_of(collection)
            if rows is None:
                yield UNKNOWN
                continue
            entries: list[tuple[str, Value]] = []
            for key, value in rows:
                bound = (value,) if len(loop.names) == 1 else (key, value)
                names = {**self.names, **{n: (v,) for n, v in zip(loop.names, bound, strict=False)}}
                inner = _Walk(self.evaluator, self.file, names, self.visited)
                at = next(inner.values(loop.key), UNKNOWN) if loop.key is not None else UNKNOWN
                label = str(at.value) if isinstance(at, Scalar) else "*"
                entries += [(label, one) for one in inner.values(loop.value)]
            if loop.key is None:
                yield Many(tuple(value for _, value in entries))
            else:
                yield Fields(tuple(entries))

    def _call(self, name: str, arguments: tuple[Expression, ...], spread: bool) -> Iterator[Value]:
        if name in {"try", "coalesce", "coalescelist", "one"}:
            for argument in arguments:
                yield from self.values(argument)
            return
        if name == "lookup" and len(arguments) > 1:
            yield from self._access(arguments[0], (arguments[1],))
            for argument in arguments[2:]:
                yield from self.values(argument)
            return
        function = FUNCTIONS.get(name)
        if function is None:
            yield UNKNOWN
            return
        for row in self._combinations([list(self.values(one)) for one in arguments]):
            last = row[-1] if row else UNKNOWN
            if spread and not isinstance(last, Many):
                yield UNKNOWN
                continue
            yield function([*row[:-1], *last.items] if spread else list(row))
