"""Findings and rules as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from phasegate.linting.finding import Finding, Severity
from phasegate.linting.rule import Rules


def to_text(findings: list[Finding]) -> Iterator[str]:
    """Two lines for each finding: where and what, and how to mend it."""
    for finding in findings:
        subject = f"{finding.subject}: " if finding.subject else ""
        yield (
            f"{finding.file}:{finding.line}: {finding.severity} {finding.code} "
            f"[{finding.rule}] {subject}{finding.what}"
        )
        yield f"    {finding.fix}"


def counts(findings: list[Finding]) -> str:
    """How many findings of each severity, in words."""
    found = Counter(finding.severity for finding in findings)
    parts = []
    for severity, plural in (
        (Severity.ERROR, "errors"),
        (Severity.WARNING, "warnings"),
        (Severity.INFO, "notes"),
    ):
        if found[severity]:
            one = plural.removesuffix("s")
            parts.append(f"{found[severity]} {one if found[severity] == 1 else plural}")
    return ", ".join(parts) or "no findings"


def listing(rules: Rules) -> str:
    """All rules by family, one a line."""
    lines = []
    for digit, heading in rules.families.items():
        lines.append(heading)
        lines += [
            f"  {rule.code}  {rule.severity:<8} {rule.name:<32} {rule.summary}"
            for rule in rules.in_order()
            if rule.code[3] == digit
        ]
    return "\n".join(lines)
