"""Commands of workflows against the programs that they call, and variables against their README."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import click
import pytest
import typer.main
import yaml

import phasegate.cli.__main__  # noqa: F401  (registers the commands)
from phasegate.cli.app import app
from tests.workflows.reading import FILES, GITHUB, ROOT, commands, scripts

README = (GITHUB / "workflows" / "README.md").read_text(encoding="utf-8")
SCRIPTS = list(scripts())
COMMANDS = [(where, words) for where, script in SCRIPTS for words in commands(script)]
VARIABLE = re.compile(r"\bvars\.([A-Z_]+)")


def _called(program: str) -> list[tuple[str, list[str]]]:
    return [(where, words[1:]) for where, words in COMMANDS if Path(words[0]).name == program]


def _targets() -> set[str]:
    text = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def test_the_reader_sees_commands() -> None:
    found = list(commands('A=1 make "x y" | tee "$(pwd)/z"'))
    assert found == [["make", "x y"], ["tee", "$"], ["pwd"], ["/z"]]
    words = [" ".join(words) for _, words in COMMANDS]
    assert "make test" in words
    assert any(one.endswith("bin/phasegate pipelines lint compiled") for one in words)
    assert any(one.startswith("terraform -chdir=$ROOT show -json") for one in words)
    programs = {Path(words[0]).name for _, words in COMMANDS}
    assert programs >= {"curl", "docker", "go", "jq", "kubectl", "make", "phasegate", "terraform"}


def test_every_target_of_make_is_there() -> None:
    asked = {word for _, words in _called("make") for word in words if "=" not in word}
    assert asked >= {"lint", "lint-infra", "test", "test-cluster", "bench"}
    assert asked <= _targets()


PHASEGATE = _called("phasegate")


@pytest.mark.parametrize(("where", "words"), PHASEGATE, ids=[" ".join(w) for _, w in PHASEGATE])
def test_every_command_of_phasegate_is_there_with_its_options(where: str, words: list[str]) -> None:
    command: click.Command = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        assert rest[0] in command.commands, f"{where}: no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    options = {
        name: option
        for option in command.params
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("-")
    }
    arguments = []
    while rest:
        word = rest.pop(0)
        if word.startswith("-"):
            assert word in options, f"{where}: {' '.join(words)} has no option {word}"
            if not options[word].is_flag:
                rest.pop(0)
        else:
            arguments.append(word)
    taken = [one for one in command.params if one.param_type_name == "argument"]
    assert len(arguments) <= len(taken) or any(one.nargs == -1 for one in taken)


def test_modules_and_environments_are_there() -> None:
    for where, words in _called("python3.11"):
        assert words[0] == "-m", where
        assert importlib.util.find_spec(words[1]), where
    for file in FILES:
        for step in file.steps:
            for name in step.get("with", {}).get("environments", "").split():
                assert (ROOT / "requirements" / f"{name}.txt").is_file(), (str(file), name)
    run = {Path(words[0]).parts[1] for _, words in COMMANDS if words[0].startswith(".venv/")}
    assert run == {"author"}


def test_what_is_named_in_the_repository_is_there() -> None:
    for path in ("pipelines/compiled", "kserve_manifests/overlays/gateway"):
        assert any(path.rpartition("/")[0] in script for _, script in SCRIPTS), path
        assert (ROOT / path).is_dir()
    (manifests,) = (file for file in FILES if file.path.stem == "checks")
    for overlay in manifests.document["jobs"]["manifests"]["strategy"]["matrix"]["overlay"]:
        assert (ROOT / "kserve_manifests/overlays" / overlay / "kustomization.yaml").is_file()


def test_every_variable_is_documented_and_every_documented_one_is_used() -> None:
    used = {name for file in FILES for name in VARIABLE.findall(file.text)}
    documented = set(re.findall(r"^ +\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert used == documented


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (GITHUB / "workflows" / target).exists(), target


def test_dependabot_looks_at_every_folder_with_pins() -> None:
    document = yaml.safe_load((GITHUB / "dependabot.yml").read_text(encoding="utf-8"))
    by_kind = {one["package-ecosystem"]: one for one in document["updates"]}
    assert all(one["cooldown"]["default-days"] >= 7 for one in by_kind.values())
    assert set(by_kind["github-actions"]["directories"]) == {"/", "/.github/actions/*"}
    for folder in by_kind["terraform"]["directories"]:
        assert (ROOT / folder.strip("/")).is_dir(), folder
