"""From findings to a verdict: no files, no clock, no TFDV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from components.validate.findings import NEVER_ALLOWED, Finding, Severity, severity_of
from phasegate.contracts.verdict import Check, Judgement, Outcome

GATE = "validate"


@dataclass(frozen=True)
class Assessed:
    """A finding with its severity under the project's policy.

    Attributes:
        finding: what was found.
        severity: what it means here.
        allowed: the project accepts what would otherwise block.
    """

    finding: Finding
    severity: Severity
    allowed: bool


def assess(findings: Iterable[Finding], allow: frozenset[str]) -> tuple[Assessed, ...]:
    """Severity of each finding, gravest first, then by column and kind.

    Args:
        findings: in any order; repetitions count once.
        allow: `column: KIND` of anomalies to accept; `*` stands for any column.
    """
    assessed = []
    for finding in dict.fromkeys(findings):
        severity = severity_of(finding.kind)
        named = finding.name in allow or f"*: {finding.kind}" in allow
        allowed = severity is Severity.BLOCK and named and finding.kind not in NEVER_ALLOWED
        assessed.append(Assessed(finding, Severity.WARN if allowed else severity, allowed))
    return tuple(sorted(assessed, key=_order))


def judge(
    assessed: Iterable[Assessed], *, snapshot_digest: str, rows: int, counted: int | None
) -> Judgement:
    """PASS when every row was counted and nothing that was found blocks; else BLOCK.

    Args:
        assessed: findings with their severity.
        snapshot_digest: the data that were judged.
        rows: rows of the snapshot.
        counted: rows that the statistics describe; None without statistics.
    """
    checks = [_completeness(rows, counted)]
    checks += [_check(item) for item in assessed]
    return Judgement(GATE, snapshot_digest, snapshot_digest, tuple(checks))


def _completeness(rows: int, counted: int | None) -> Check:
    complete = counted == rows and rows > 0
    observed = "no statistics" if counted is None else f"{counted:,} rows counted"
    if complete:
        reason = f"All {rows:,} rows were counted."
    elif rows == 0:
        reason = "The snapshot has no rows to count."
    else:
        reason = f"The snapshot has {rows:,} rows, but there are {observed}: run the step again."
    outcome = Outcome.PASS if complete else Outcome.BLOCK
    return Check("statistics", outcome, observed, f"{rows:,} rows", reason)


def _check(item: Assessed) -> Check:
    finding = item.finding
    blocks = item.severity is Severity.BLOCK
    accepted = " Accepted by validation.allow." if item.allowed else ""
    return Check(
        name=finding.name,
        outcome=Outcome.BLOCK if blocks else Outcome.PASS,
        observed=finding.what,
        required="none" if blocks else "none (warning)",
        reason=f"{finding.sentence} {finding.fix}{accepted}".strip(),
    )


def _order(item: Assessed) -> tuple[bool, str, str, str, str, str]:
    found = item.finding
    warns = item.severity is not Severity.BLOCK
    return (warns, found.column, found.kind, found.what, found.fix, found.example)
