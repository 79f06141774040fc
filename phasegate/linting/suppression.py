"""Findings that someone has looked at and accepted, with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from phasegate.linting.finding import Finding, Severity
from phasegate.linting.reading import Source
from phasegate.linting.rule import Rule, Rules

_COMMENT = re.compile(r"(?:^|\s)#\s*phasegate:\s*ignore\s*(?:\[([^\]]*)\])?\s*(.*)$")
_ENTRY = re.compile(r"\s*([A-Z]{3}[0-9]{3}(?:\s*,\s*[A-Z]{3}[0-9]{3})*)\s*:?\s*(.*)", re.DOTALL)


@dataclass(slots=True)
class Suppression:
    """One accepted set of codes.

    Attributes:
        file: where it was written.
        line: of the comment or annotation itself.
        codes: rules that it silences.
        reason: why; one without a reason silences nothing.
        lines: first and last line that it holds for.
        used: codes that it has silenced.
    """

    file: str
    line: int
    codes: tuple[str, ...]
    reason: str
    lines: tuple[int, int]
    used: set[str] = field(default_factory=set)

    def holds(self, finding: Finding) -> bool:
        """Whether it silences a finding."""
        return (
            bool(self.reason)
            and finding.file == self.file
            and finding.code in self.codes
            and self.lines[0] <= finding.line <= self.lines[1]
        )


@dataclass(frozen=True, slots=True)
class SuppressionRules:
    """Rules for suppressions themselves.

    Attributes:
        no_reason: one gives no reason.
        no_rule: one names no rule.
        unused: one silences nothing.
    """

    no_reason: Rule
    no_rule: Rule
    unused: Rule


def declare_suppression_rules(rules: Rules, prefix: str) -> SuppressionRules:
    """Add the rules for suppressions, with the codes 001 to 003.

    Args:
        rules: to add them to.
        prefix: of its codes, such as ``PGM``.
    """
    return SuppressionRules(
        rules.declare(
            f"{prefix}001",
            "suppression-without-reason",
            Severity.ERROR,
            "A suppression gives no reason, and so suppresses nothing.",
            why="Who reads it next year cannot tell whether it still holds.",
            fix="Write why, after the codes.",
        ),
        rules.declare(
            f"{prefix}002",
            "suppression-of-no-rule",
            Severity.ERROR,
            "A suppression names no rule, or one that does not exist.",
            why="It does nothing, and looks as if it did.",
            fix="Name codes that --rules lists.",
        ),
        rules.declare(
            f"{prefix}003",
            "suppression-of-nothing",
            Severity.WARNING,
            "A suppression is left over: nothing is found where it holds.",
            why="It would hide the next fault in that place.",
            fix="Remove it, or move it to the line of the finding.",
        ),
    )


def in_comments(source: Source) -> list[Suppression]:
    """Suppressions in comments; one that stands alone on its line holds for the next."""
    found = []
    for number, text in enumerate(source.lines, start=1):
        if "phasegate:" not in text or number in source.block_lines:
            continue
        match = _COMMENT.search(text)
        if match is None:
            continue
        holds = number
        if not text[: match.start()].strip():
            holds = _next_content(source.lines, number)
        codes = tuple(code.strip().upper() for code in (match[1] or "").split(",") if code.strip())
        found.append(Suppression(source.name, number, codes, match[2].strip(), (holds, holds)))
    return found


def in_annotation(text: str, file: str, line: int, lines: tuple[int, int]) -> list[Suppression]:
    """Suppressions in an annotation, ``PGM601 reason; PGM502, PGM503 reason``, for a whole object.

    Comments do not survive kustomize; annotations do.
    """
    found = []
    for entry in re.split(r"[;\n]", text):
        if not entry.strip():
            continue
        match = _ENTRY.fullmatch(entry)
        codes = tuple(re.split(r"\s*,\s*", match[1])) if match else ()
        found.append(Suppression(file, line, codes, match[2].strip() if match else "", lines))
    return found


def suppress(findings: list[Finding], suppressions: list[Suppression]) -> list[Finding]:
    """Findings that nothing silences; marks the suppressions that did."""
    by_file: dict[str, list[Suppression]] = {}
    for suppression in suppressions:
        by_file.setdefault(suppression.file, []).append(suppression)
    left = []
    for finding in findings:
        holding = [one for one in by_file.get(finding.file, ()) if one.holds(finding)]
        for one in holding:
            one.used.add(finding.code)
        if not holding:
            left.append(finding)
    return left


def misuse(
    suppressions: list[Suppression], rules: Mapping[str, Rule], own: SuppressionRules
) -> list[Finding]:
    """What is wrong with the suppressions themselves.

    Args:
        suppressions: after `suppress`.
        rules: all rules by code.
        own: the rules for suppressions.
    """
    found = []

    def add(rule: Rule, at: Suppression, what: str) -> None:
        found.append(
            Finding(at.file, at.line, rule.code, rule.name, rule.severity, "", what, rule.fix)
        )

    for one in suppressions:
        unknown = [code for code in one.codes if code not in rules]
        if not one.codes:
            add(own.no_rule, one, "a suppression names no rule")
        elif unknown:
            add(own.no_rule, one, f"a suppression names {', '.join(unknown)}, which is no rule")
        if not one.reason and one.codes:
            add(own.no_reason, one, f"{', '.join(one.codes)} is suppressed without a reason")
        idle = [code for code in one.codes if code in rules and code not in one.used]
        if one.reason and idle:
            add(own.unused, one, f"nothing is found here for {', '.join(idle)}")
    return found


def _next_content(lines: list[str], number: int) -> int:
    for following in range(number + 1, len(lines) + 1):
        text = lines[following - 1].strip()
        if text and not text.startswith("#"):
            return following
    return number
