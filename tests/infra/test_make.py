"""The target that runs the checks asks for what it says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given", "asked"),
    [([], "infra.lint run"), (["CHECKS=--require all"], "infra.lint run --require all")],
)
def test_lint_infra_runs_all_checks_with_what_is_given(given: list[str], asked: str) -> None:
    """make has values of its own for some names, such as LINT."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "lint-infra", *given],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("MAKE")},
    )  # fmt: skip
    assert done.stdout.rstrip().endswith(asked)
