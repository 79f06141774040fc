"""A rule: its code, why it exists, and the function that looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from phasegate.errors import BadInput
from phasegate.linting.finding import Severity

Checked = TypeVar("Checked")
Problem = TypeVar("Problem")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for, for its documentation and its findings.

    Attributes:
        code: stable: a code is never given to another rule.
        name: a few words with hyphens.
        severity: of its findings.
        summary: what it finds, in one sentence.
        why: what happens if it is left as it is.
        fix: what to do, where the finding itself does not say it better.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    fix: str


@dataclass(slots=True)
class Rules(Generic[Checked, Problem]):
    """Rules of one kind of document.

    Attributes:
        title: what they check, as a heading of their documentation.
        families: heading of each hundred of codes, by the code's first digit.
        rules: by code.
        checks: the functions, by code; a rule that the reader applies itself has none.
    """

    title: str
    families: dict[str, str]
    rules: dict[str, Rule] = field(default_factory=dict)
    checks: dict[str, Callable[[Checked], Iterator[Problem]]] = field(default_factory=dict)

    def declare(
        self, code: str, name: str, severity: Severity, summary: str, *, why: str, fix: str
    ) -> Rule:
        """Add a rule that has no function of its own."""
        if code in self.rules:
            raise ValueError(f"two rules have the code {code}")
        self.rules[code] = Rule(code, name, severity, summary, why, fix)
        return self.rules[code]

    def rule(
        self, code: str, name: str, severity: Severity, *, why: str, fix: str
    ) -> Callable[[Callable[[Checked], Iterator[Problem]]], Callable[[Checked], Iterator[Problem]]]:
        """Add the decorated function as a rule; the first line of its docstring is the summary."""

        def add(
            check: Callable[[Checked], Iterator[Problem]],
        ) -> Callable[[Checked], Iterator[Problem]]:
            summary = (check.__doc__ or "").strip().splitlines()[0]
            self.declare(code, name, severity, summary, why=why, fix=fix)
            self.checks[code] = check
            return check

        return add

    def find(self, code: str) -> Rule:
        """The rule with this code or name.

        Raises:
            BadInput: there is none.
        """
        for rule in self.rules.values():
            if code.upper() == rule.code or code == rule.name:
                return rule
        raise BadInput(f"there is no rule {code!r}", expected="a code or a name that --rules lists")

    def in_order(self) -> list[Rule]:
        """All rules by code."""
        return [self.rules[code] for code in sorted(self.rules)]
