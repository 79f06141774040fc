"""Each mistake is found, on its line, and nothing else is; the tree itself is clean."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.lint.docs import BEGIN, write
from infra.lint.lint import ROOT, examine
from infra.lint.modules import read_tree
from infra.lint.schema.store import Schemas, load
from phasegate.linting.finding import Finding
from phasegate.linting.text import to_text
from tests.infra.planted import MISTAKES, READMES, Mistake

NOT_THE_TREE = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*")


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return load(ROOT / "schemas")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree; who changes it puts it back."""
    tree = tmp_path_factory.mktemp("planted") / "terraform"
    shutil.copytree(ROOT, tree, ignore=NOT_THE_TREE)
    write(read_tree(tree))
    return tree


@pytest.fixture(scope="module")
def before(copy: Path, schemas: Schemas) -> set[tuple[str, ...]]:
    """What is found in the copy as it is."""
    return {_key(one) for one in examine(copy, schemas).findings}


def test_the_tree_is_clean() -> None:
    found = examine().findings
    assert not found, "\n".join(to_text(found))


@pytest.mark.parametrize("mistake", [*MISTAKES, *READMES], ids=lambda one: one.name)
def test_a_mistake_is_found_and_nothing_else(
    mistake: Mistake, copy: Path, schemas: Schemas, before: set[tuple[str, ...]]
) -> None:
    with _Planted(mistake, copy) as line:
        if mistake not in READMES and mistake.file.endswith(("variables.tf", "outputs.tf")):
            write(read_tree(copy))  # tables follow, so that they are no second finding
        found = [one for one in examine(copy, schemas).findings if _key(one) not in before]
    file = mistake.file
    if mistake.code == "PGT702":
        file = "modules/redis/README.md"
        line = (copy / file).read_text().split(BEGIN)[0].count("\n") + 1
    told = [(one.code, Path(one.file).relative_to(copy).as_posix(), one.line) for one in found]
    assert told == [(mistake.code, file, line)], "\n".join(to_text(found))


def test_a_module_without_readme_example_or_tests_is_found(
    copy: Path, schemas: Schemas, before: set[tuple[str, ...]]
) -> None:
    folder = copy / "modules" / "kms"
    kept = copy.parent / "kms"
    shutil.copytree(folder, kept)
    try:
        (folder / "README.md").unlink()
        shutil.rmtree(folder / "examples")
        shutil.rmtree(folder / "tests")
        found = [one for one in examine(copy, schemas).findings if _key(one) not in before]
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
    assert {(one.code, Path(one.file).name) for one in found} == {("PGT308", "main.tf")}
    assert [one.what.rsplit(" ", 1)[-1] for one in found] == [
        "README.md",
        "examples/basic/main.tf",
        "tests/*.tftest.hcl",
    ]


def test_at_least_twenty_five_mistakes_of_all_families_are_planted() -> None:
    assert len({one.code for one in MISTAKES}) > 25
    assert {one.code[3] for one in [*MISTAKES, *READMES]} == set("01234567")


class _Planted:
    """A mistake in the copy while the block runs; gives its line."""

    def __init__(self, mistake: Mistake, tree: Path) -> None:
        self._mistake, self._tree = mistake, tree
        self._path = tree / mistake.file
        self._text = self._path.read_text() if self._path.exists() else None

    def __enter__(self) -> int:
        return self._mistake.plant(self._tree)

    def __exit__(self, *_: object) -> None:
        if self._text is None:
            self._path.unlink()
        else:
            self._path.write_text(self._text)
        if self._mistake.file.endswith(("variables.tf", "outputs.tf")):
            write(read_tree(self._tree))


def _key(one: Finding) -> tuple[str, ...]:
    """A finding without its line, which moves with what is written above it."""
    return (one.code, one.file, one.subject, one.what)
