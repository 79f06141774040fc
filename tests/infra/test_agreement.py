"""What our rules refuse, Terraform refuses too, where the real providers are installed.

It takes minutes, and runs only under ``PHASEGATE_TEST_PROVIDERS=1``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from infra.lint.lint import ROOT
from infra.lint.runner.terraform import Providers
from tests.infra.planted import REFERENCES, SCHEMA, Mistake

HABITS = frozenset({"PGT208", "PGT209"})  # what is unused is no error to Terraform
MISTAKES = [
    one
    for one in (*SCHEMA, *REFERENCES)
    if one.file.startswith("modules/") and "/tests/" not in one.file and one.code not in HABITS
]


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    if os.environ.get("PHASEGATE_TEST_PROVIDERS") != "1":
        pytest.skip("PHASEGATE_TEST_PROVIDERS is not 1")
    made = Providers(ROOT)
    try:
        why_not = made.why_not()
        assert why_not is None, why_not
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.name)
def test_terraform_refuses_what_we_refuse(mistake: Mistake, providers: Providers) -> None:
    path = providers.copy / mistake.file
    text = path.read_text()
    line = mistake.plant(providers.copy)
    try:
        code, output = providers.one(path.parent, ["terraform", "validate", "-no-color"])
    finally:
        path.write_text(text)
    assert code == 1, output
    assert f"line {line}" in output, output
