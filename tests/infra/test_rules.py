"""Rules have a page that is generated, and suppressions that need a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.lint.lint import examine
from infra.lint.page import PAGE, rules_page
from infra.lint.rules.catalogue import TERRAFORM_RULES
from infra.lint.schema.store import Schemas
from phasegate.linting.sarif import to_sarif

NOTHING = Schemas({}, {})


def test_the_page_is_what_the_rules_say() -> None:
    assert PAGE.read_text() == rules_page(), "run 'python -m infra.lint rules --page'"


def test_every_rule_says_why_and_what_to_do() -> None:
    for rule in TERRAFORM_RULES.in_order():
        assert rule.code[3] in TERRAFORM_RULES.families
        assert rule.summary.endswith(".")
        assert rule.why.endswith(".")
        assert rule.fix


ROLE = 'locals {\n%s  role = "roles/owner"%s\n}\noutput "role" {\n  value = local.role\n}\n'


@pytest.mark.parametrize(
    ("above", "beside", "found"),
    [
        ("", "", [("PGT401", 2)]),
        ("", " # phasegate: ignore[PGT401] the first apply of a project", []),
        ("  # phasegate: ignore[PGT401] the first apply of a project\n", "", []),
        ("", " # phasegate: ignore[PGT401]", [("PGT001", 2), ("PGT401", 2)]),
        ("", " # phasegate: ignore[PGT402] another", [("PGT003", 2), ("PGT401", 2)]),
        ("", " # phasegate: ignore[PGT999] another", [("PGT002", 2), ("PGT401", 2)]),
    ],
)
def test_suppressions(
    tmp_path: Path, above: str, beside: str, found: list[tuple[str, int]]
) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "main.tf").write_text(ROLE % (above, beside))
    report = examine(tmp_path, NOTHING)
    assert [(one.code, one.line) for one in report.findings] == found
    assert report.suppressed == (0 if found else 1)


def test_a_skip_of_checkov_needs_a_reason(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "main.tf").write_text(
        "# checkov:skip=CKV_GCP_1\n# checkov:skip=CKV_GCP_2: it is a test\n"
    )
    assert [(one.code, one.line) for one in examine(tmp_path, NOTHING).findings] == [("PGT006", 1)]


def test_findings_are_sarif_with_places(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "main.tf").write_text(ROLE % ("", ""))
    log = to_sarif(examine(tmp_path, NOTHING).findings, TERRAFORM_RULES)
    (result,) = log["runs"][0]["results"]
    assert result["ruleId"] == "PGT401"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2}
