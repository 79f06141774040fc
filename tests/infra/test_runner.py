"""The command says of each step whether it ran, and fails where one found something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.lint.lint import ROOT
from infra.lint.runner.step import REPOSITORY
from infra.lint.runner.terraform import Providers, format_check
from tests.infra.planted import MISTAKES
from tests.infra.test_planted import NOT_THE_TREE

RULES = ("schema", "references", "policy", "tables")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a process."""
    return subprocess.run(
        [sys.executable, "-m", "infra.lint", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def table(output: str) -> dict[str, str]:
    """What became of each step, from the table at the end."""
    rows = output.rsplit("\nstep ", 1)[1].splitlines()[1:]
    cells = (row.split(None, 1) for row in rows if row and not row[0].isdigit())
    return {name: " ".join(rest.split()) for name, rest in cells}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    tree = tmp_path / "terraform"
    shutil.copytree(ROOT, tree, ignore=NOT_THE_TREE)
    return tree


def test_the_tree_passes() -> None:
    done = run("run", "--only", *RULES)
    assert done.returncode == 0, done.stdout
    assert all(told.startswith("passed") for told in table(done.stdout).values())
    assert "4 of 4 steps ran, 0 failed" in done.stdout


def test_a_planted_mistake_fails(copy: Path) -> None:
    mistake = next(one for one in MISTAKES if one.name == "public database")
    line = mistake.plant(copy)
    done = run("--tree", str(copy), "run", "--only", *RULES)
    assert done.returncode == 1
    assert f"{copy}/{mistake.file}:{line}: error {mistake.code}" in done.stdout
    told = table(done.stdout)
    assert told["policy"].startswith("failed")
    assert told["schema"].startswith("passed")


def test_a_step_that_does_not_run_is_no_success_where_it_is_required(tmp_path: Path) -> None:
    path = str(tmp_path)  # neither terraform nor actionlint
    done = run("run", "--only", "fmt", "validate", "actionlint", PATH=path)
    assert done.returncode == 0, done.stdout
    told = table(done.stdout)
    assert "terraform is not on PATH" in told["fmt"]
    assert "terraform is not on PATH" in told["validate"]
    assert "0 of 3 steps ran" in done.stdout
    done = run("run", "--only", "fmt", "validate", "--require", "fmt", PATH=path)
    assert done.returncode == 1
    assert "(it has to run)" in table(done.stdout)["fmt"]
    assert "(it has to run)" not in table(done.stdout)["validate"]


def test_an_unknown_step_is_refused() -> None:
    done = run("run", "--only", "format")
    assert done.returncode == 2
    assert "there is no step format" in done.stderr


def test_libraries_that_are_missing_are_told_and_no_success() -> None:
    """The bare interpreter, without any library."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "infra.lint", "run", "--only", "schema", "validate"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    told = table(done.stdout)
    assert "is not installed" in told["schema"]
    assert "(it has to run)" in told["schema"]
    assert "did not run" in told["validate"]


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not on PATH")
def test_the_tree_is_formatted_and_what_is_not_is_found(copy: Path) -> None:
    assert format_check(ROOT).status == "passed"
    path = copy / "modules" / "kms" / "main.tf"
    path.write_text(path.read_text().replace(" = ", "   =  ", 1))
    outcome = format_check(copy)
    assert outcome.status == "failed"
    assert "main.tf" in outcome.output


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not on PATH")
def test_without_providers_validate_says_at_once_that_it_did_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path / "nowhere.tfrc"
    nowhere.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}"\n  }}\n}}\n'
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(nowhere))
    providers = Providers(ROOT)
    try:
        for outcome in (providers.validate(), providers.test()):
            assert outcome.status == "did not run"
            assert "providers cannot be installed" in outcome.detail
    finally:
        providers.close()
    assert not (ROOT / ".terraform").exists()


def test_tables_are_written_where_the_markers_are(copy: Path) -> None:
    path = copy / "modules" / "kms" / "README.md"
    text = path.read_text()
    before, _, rest = text.partition("<!-- tables: begin -->")
    path.write_text(before + "<!-- tables: begin -->\nold\n<!-- tables: end -->\nafter\n")
    assert run("--tree", str(copy), "docs", "--check").returncode == 1
    assert run("--tree", str(copy), "docs").returncode == 0
    written = path.read_text()
    assert written.startswith(before)
    assert written.endswith("after\n")
    assert "| `project_id` | `string` | required |" in written
    assert rest
