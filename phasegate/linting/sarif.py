"""Findings as SARIF 2.1.0, which code hosts show beside the lines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from phasegate import __version__
from phasegate.linting.finding import Finding, Severity
from phasegate.linting.rule import Rules

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(findings: list[Finding], rules: Rules) -> dict[str, Any]:
    """One run with all rules and these findings."""
    ordered = rules.in_order()
    index = {rule.code: n for n, rule in enumerate(ordered)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "phasegate",
                        "semanticVersion": __version__,
                        "rules": [
                            {
                                "id": rule.code,
                                "name": "".join(map(str.capitalize, rule.name.split("-"))),
                                "shortDescription": {"text": rule.summary},
                                "fullDescription": {"text": rule.why},
                                "help": {"text": rule.fix},
                                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                            }
                            for rule in ordered
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    {
                        "ruleId": finding.code,
                        "ruleIndex": index[finding.code],
                        "level": _LEVELS[finding.severity],
                        "message": {"text": _message(finding)},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": _uri(finding.file)},
                                    "region": {"startLine": finding.line},
                                }
                            }
                        ],
                    }
                    for finding in findings
                ],
            }
        ],
    }


def _message(finding: Finding) -> str:
    subject = f"{finding.subject}: " if finding.subject else ""
    return f"{subject}{finding.what}. {finding.fix}"


def _uri(file: str) -> str:
    return "stdin" if file == "-" else quote(file)
