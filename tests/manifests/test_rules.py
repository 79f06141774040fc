"""Each planted fault is found, on its line, and nothing else is; clean manifests stay clean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phasegate.linting.reading import read
from phasegate.manifests.lint import lint, report
from phasegate.manifests.rules import MANIFEST_RULES
from phasegate.manifests.schema.definitions import with_definitions
from tests.manifests import planted_refusals, planted_traps
from tests.manifests.planting import CLEAN, Planted

PLANTED = [
    *planted_refusals.SCHEMA,
    *planted_refusals.WEBHOOK,
    *planted_traps.RELEASES,
    *planted_traps.ROUTES,
    *planted_traps.MODELS,
    *planted_traps.PODS,
    *planted_traps.NEIGHBOURS,
    *planted_traps.SUPPRESSIONS,
]
DEFINITIONS = os.environ.get("KSERVE_CRDS")


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_fault_is_found_on_its_line_and_nothing_else(planted: Planted) -> None:
    text, expected = planted.manifest()

    found = report([(read(planted.file, text.encode()), True)]).findings

    assert [(finding.code, finding.line) for finding in found] == expected, found
    assert all(finding.what and finding.fix and finding.rule for finding in found)


@pytest.mark.parametrize("file", sorted(CLEAN.glob("*.yaml")), ids=lambda file: file.name)
def test_nothing_is_found_in_a_clean_manifest(file: Path) -> None:
    assert lint([file]) == []


@pytest.mark.skipif(not DEFINITIONS, reason="KSERVE_CRDS names no folder of definitions")
@pytest.mark.parametrize("file", sorted(CLEAN.glob("*.yaml")), ids=lambda file: file.name)
def test_clean_manifests_fit_the_full_definitions(file: Path) -> None:
    assert lint([file], with_definitions(Path(DEFINITIONS or ""))) == []


def test_every_rule_has_a_planted_fault() -> None:
    planted = {code for one in PLANTED for code in one.codes.split()}

    assert planted == MANIFEST_RULES.rules.keys()
