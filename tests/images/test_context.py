"""What an engine is sent, and what a build is identified by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.images.context import CODE, RECIPE, UNKNOWN, Context, observe_context, web_address
from tests.images.ignoring import is_sent, rules, sent

ROOT = Path(__file__).resolve().parents[2]
RULES = rules((ROOT / ".dockerignore").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".env",
        ".venv/core/bin/python",
        ".phasegate/store/x.parquet",
        "data/card-fraud/2025-01.parquet",
        "images.json",
        "index.env",
        "key.pem",
        "tests/conftest.py",
        "infra/terraform/terraform.tfstate",
        "requirements/index.env",
        "images/index.env",
        "phasegate/__pycache__/values.cpython-311.pyc",
        "phasegate/values.pyc",
        "README.md",
    ],
)
def test_secrets_data_history_and_environments_are_not_sent(path: str) -> None:
    assert not is_sent(path, RULES)


@pytest.mark.parametrize(
    "path",
    [
        "phasegate/values.py",
        "components/ingest/__main__.py",
        "pipelines/compiled/training.yaml",
        "requirements/core.txt",
        "images/prune.sh",
    ],
)
def test_what_an_image_needs_is_sent(path: str) -> None:
    assert is_sent(path, RULES)


def test_a_later_rule_goes_before_an_earlier_one_as_in_docker() -> None:
    given = rules("*\n!kept\nkept/a\n**/*.secret\n!kept/b.secret")
    assert is_sent("kept/c/d", given)
    assert not is_sent("kept/a/x", given)
    assert not is_sent("kept/c/d.secret", given)
    assert is_sent("kept/b.secret", given)


def test_of_this_checkout_only_code_locks_and_build_scripts_are_sent() -> None:
    paths = list(sent(ROOT, RULES))
    assert paths
    places = {path.partition("/")[0] for path in paths}
    assert places == {*CODE, "requirements"}
    size = sum((ROOT / path).stat().st_size for path in paths)
    assert size < 20e6


def _checkout(root: Path) -> Path:
    for name in RECIPE:
        (root / name).write_text("x")
    for folder in (*CODE, "requirements"):
        (root / folder).mkdir()
    (root / "phasegate" / "a.py").write_text("a = 1\n")
    (root / "requirements" / "core.txt").write_text("numpy==2\n")
    return root


@pytest.mark.parametrize("path", ["phasegate/a.py", "images/b.sh", "Dockerfile", ".dockerignore"])
def test_the_codes_digest_changes_with_all_that_the_image_is_made_of(
    path: str, tmp_path: Path
) -> None:
    context = Context(_checkout(tmp_path), UNKNOWN, 0, "")
    before = context.code_digest()
    (tmp_path / path).write_text("other\n")
    assert context.code_digest() != before


@pytest.mark.parametrize(
    "path", ["README.md", "phasegate/__pycache__/a.pyc", "images.json", "requirements/core.txt"]
)
def test_the_codes_digest_does_not_change_with_anything_else(path: str, tmp_path: Path) -> None:
    context = Context(_checkout(tmp_path), UNKNOWN, 0, "")
    before = context.code_digest()
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("other\n")
    assert context.code_digest() == before


def test_an_environment_without_a_lock_is_refused_with_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no environment 'cor'; expected one of core"):
        Context(_checkout(tmp_path), UNKNOWN, 0, "").lock("cor")


def test_the_commit_is_named_and_changes_after_it_are_not_hidden(tmp_path: Path) -> None:
    assert observe_context(_checkout(tmp_path)).commit == UNKNOWN
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    clean = observe_context(tmp_path)
    assert len(clean.commit) == 40
    assert clean.committed > 1_500_000_000
    (tmp_path / "phasegate" / "a.py").write_text("a = 2\n")
    assert observe_context(tmp_path).commit == f"{clean.commit}+dirty"


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://u:token@git.example.org/a/b.git", "https://git.example.org/a/b"),
        ("ssh://git@git.example.org:2222/a/b", "https://git.example.org/a/b"),
        ("git@git.example.org:a/b.git", "https://git.example.org/a/b"),
        ("/srv/git/b", ""),
        ("", ""),
    ],
)
def test_a_remotes_credentials_do_not_reach_a_label(remote: str, address: str) -> None:
    assert web_address(remote) == address
