"""What lints write, and what they end with: text, JSON or SARIF; rules and their explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from phasegate.cli.console import err, out, print_json
from phasegate.errors import ExitCode

if TYPE_CHECKING:
    from phasegate.linting.report import Report
    from phasegate.linting.rule import Rules

FormatOption = Annotated[
    Literal["text", "json", "sarif"], typer.Option("--format", help="How findings are written.")
]
FailOnOption = Annotated[
    Literal["error", "warning"], typer.Option(help="Least severity that ends with 1.")
]
RulesOption = Annotated[bool, typer.Option("--rules", help="List all rules, and check nothing.")]
ExplainOption = Annotated[
    str, typer.Option(metavar="CODE", help="Explain one rule, and check nothing.")
]


def print_rules(rules: Rules) -> int:
    """All rules, one a line."""
    from phasegate.linting.text import listing

    out.print(listing(rules), markup=False)
    return ExitCode.PASSED


def print_explanation(rules: Rules, code: str) -> int:
    """One rule with its reason and its fix."""
    from phasegate.linting.documentation import explain

    out.print(explain(rules.find(code)), markup=False)
    return ExitCode.PASSED


def print_report(report: Report, rules: Rules, output: str, fail_on: str) -> int:
    """Findings in the wanted form; returns the exit code that they amount to."""
    from phasegate.linting.finding import Severity
    from phasegate.linting.sarif import to_sarif
    from phasegate.linting.text import counts, to_text

    for name in report.skipped:
        err.print(f"{name}: nothing to check, left out", markup=False)
    if output == "sarif":
        print_json(to_sarif(report.findings, rules))
    elif output == "json":
        print_json(
            {
                "objects": report.objects,
                "suppressed": report.suppressed,
                "findings": [finding.to_json() for finding in report.findings],
            }
        )
    else:
        for line in to_text(report.findings):
            out.print(line, markup=False)
        objects = "1 object" if report.objects == 1 else f"{report.objects} objects"
        suppressed = f", {report.suppressed} suppressed" if report.suppressed else ""
        err.print(f"{objects}, {counts(report.findings)}{suppressed}", markup=False)
    failing = {Severity.ERROR} | ({Severity.WARNING} if fail_on == "warning" else set())
    blocked = any(finding.severity in failing for finding in report.findings)
    return ExitCode.BLOCKED if blocked else ExitCode.PASSED
