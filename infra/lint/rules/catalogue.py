"""The catalogue that every rule is in."""

from __future__ import annotations

from phasegate.linting.finding import Severity
from phasegate.linting.rule import Rule, Rules
from phasegate.linting.suppression import declare_suppression_rules

TERRAFORM_RULES: Rules = Rules(
    "Rules of `python -m infra.lint`",
    {
        "0": "Files and suppressions",
        "1": "Providers' schemas",
        "2": "References",
        "3": "Conventions",
        "4": "Access",
        "5": "Buckets",
        "6": "Databases, clusters and networks",
        "7": "Tables in READMEs",
    },
)
SUPPRESSIONS = declare_suppression_rules(TERRAFORM_RULES, "PGT")


def error(code: str, name: str, summary: str, *, why: str, fix: str) -> Rule:
    """Add a rule whose findings are errors."""
    return TERRAFORM_RULES.declare(f"PGT{code}", name, Severity.ERROR, summary, why=why, fix=fix)


def warning(code: str, name: str, summary: str, *, why: str, fix: str) -> Rule:
    """Add a rule whose findings are warnings."""
    return TERRAFORM_RULES.declare(f"PGT{code}", name, Severity.WARNING, summary, why=why, fix=fix)


NO_HCL = error(
    "004",
    "no-hcl",
    "A file is not HCL in some place.",
    why="Terraform refuses the whole folder.",
    fix="Mend the syntax; terraform fmt names the column.",
)
DUPLICATE = error(
    "005",
    "declared-twice",
    "Something is declared twice in a module, or an argument is set twice in a block.",
    why="Terraform refuses it.",
    fix="Remove one of the two.",
)
CHECKOV_WITHOUT_REASON = error(
    "006",
    "checkov-skip-without-reason",
    "A comment skips one of checkov's policies, and says not why.",
    why="Who reads it next year cannot tell whether it still holds.",
    fix="Write #checkov:skip=CKV_GCP_1:the reason.",
)
