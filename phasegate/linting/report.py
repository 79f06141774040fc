"""What came of a lint: findings that nothing suppresses, and what was counted on the way."""

from __future__ import annotations

from dataclasses import dataclass

from phasegate.linting.finding import Finding, in_order
from phasegate.linting.rule import Rules
from phasegate.linting.suppression import Suppression, SuppressionRules, misuse, suppress


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a lint.

    Attributes:
        findings: in order of file, line and code.
        objects: how many were checked.
        suppressed: how many findings were suppressed.
        skipped: files of a folder that hold nothing to check.
    """

    findings: list[Finding]
    objects: int
    suppressed: int
    skipped: list[str]


def settle(
    found: list[Finding],
    suppressions: list[Suppression],
    rules: Rules,
    own: SuppressionRules,
    *,
    objects: int,
    skipped: list[str],
) -> Report:
    """Leave out what is suppressed, and add what is wrong with the suppressions themselves.

    Args:
        found: by all rules.
        suppressions: from comments and annotations.
        rules: all of them.
        own: the rules for suppressions.
        objects: how many were checked.
        skipped: files that hold nothing to check.
    """
    left = suppress(found, suppressions)
    wrong = misuse(suppressions, rules.rules, own)
    return Report(in_order([*left, *wrong]), objects, len(found) - len(left), skipped)
