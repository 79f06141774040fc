"""Workflows and actions of this repository as data, and the commands that their steps run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
_WORDS = {"!", "do", "else", "if", "then", "until", "while", "{", "}"}
_SEPARATORS = {"|", "||", "&&", "&", ";", "(", ")", ">", ">>", "<", "<<<", ">&"}


@dataclass(frozen=True)
class Job:
    """A job of a workflow.

    Attributes:
        workflow: name of its file, without the ending.
        name: its key.
        fields: what the file says of it.
    """

    workflow: str
    name: str
    fields: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.workflow}.{self.name}"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Its steps; none where it calls a workflow."""
        return self.fields.get("steps", [])


@dataclass(frozen=True)
class File:
    """A workflow, or the action of a folder.

    Attributes:
        path: of the file.
    """

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(GITHUB).as_posix()

    @cached_property
    def text(self) -> str:
        """As it is written."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def document(self) -> dict[str, Any]:
        """As data; YAML takes the key `on` for a truth."""
        loaded = yaml.safe_load(self.text)
        return {"on" if key is True else key: value for key, value in loaded.items()}

    @property
    def jobs(self) -> list[Job]:
        """Its jobs; those of an action are none."""
        jobs = self.document.get("jobs", {})
        return [Job(self.path.stem, name, fields) for name, fields in jobs.items()]

    @property
    def steps(self) -> Iterator[dict[str, Any]]:
        """All steps."""
        yield from self.document.get("runs", {}).get("steps", [])
        for job in self.jobs:
            yield from job.steps


WORKFLOWS = [File(path) for path in sorted((GITHUB / "workflows").glob("*.yaml"))]
ACTIONS = [File(path) for path in sorted((GITHUB / "actions").glob("*/action.yaml"))]
FILES = WORKFLOWS + ACTIONS
JOBS = [job for file in WORKFLOWS for job in file.jobs]


def scripts() -> Iterator[tuple[str, str]]:
    """Where a shell script is, and its text: of steps, and in files beside actions."""
    for file in FILES:
        for step in file.steps:
            if "run" in step:
                yield f"{file}: {step.get('name', step['run'])}", step["run"]
    for path in sorted((GITHUB / "actions").glob("*/*.sh")):
        yield path.relative_to(GITHUB).as_posix(), path.read_text(encoding="utf-8")


def commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script, as words; assignments before them are left out."""
    text = re.sub(r'"\$\(([^()"]*)\)(/[^"\s]*)"', r"$(\1) \2", script)
    text = text.replace('"$(', "$(").replace(')"', ")")
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        try:
            for word in lexer:
                if word in _SEPARATORS:
                    yield from _command(words)
                    words = []
                else:
                    words.append(word)
        except ValueError:  # a quote that another line ends: no command that is looked for
            continue
        yield from _command(words)


def _command(words: list[str]) -> Iterator[list[str]]:
    while words and (words[0] in _WORDS or re.match(r"[A-Za-z_]+=", words[0])):
        words = words[1:]
    if words:
        yield words
