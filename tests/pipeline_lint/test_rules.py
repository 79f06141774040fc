"""Each planted fault is found, on its line, and nothing else is; the clean pipeline stays clean."""

from __future__ import annotations

import pytest

from phasegate.pipeline_lint.lint import examine_text, lint
from phasegate.pipeline_lint.rules import PIPELINE_RULES
from tests.pipeline_lint import planted_documents, planted_traps
from tests.pipeline_lint.planting import CLEAN, Planted

PLANTED = [
    *planted_documents.SUPPRESSIONS,
    *planted_documents.DOCUMENTS,
    *planted_documents.REFERENCES,
    *planted_documents.TYPES,
    *planted_traps.FLOW,
    *planted_traps.CACHING,
    *planted_traps.CONTAINERS,
    *planted_traps.PLACEHOLDERS,
    *planted_traps.PLATFORM,
]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_fault_is_found_on_its_line_and_nothing_else(planted: Planted) -> None:
    text, expected = planted.pipeline()

    found = examine_text("pipeline.yaml", text).report.findings

    assert [(finding.code, finding.line) for finding in found] == expected, found
    assert all(finding.what and finding.fix and finding.rule for finding in found)


def test_nothing_is_found_in_the_clean_pipeline() -> None:
    assert lint([CLEAN]) == []


def test_every_rule_has_a_planted_fault() -> None:
    planted = {code for one in PLANTED for code in one.codes.split()}

    assert planted == PIPELINE_RULES.rules.keys()
