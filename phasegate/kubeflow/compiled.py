"""A compiled pipeline as it lies in a file: what it is called, what it takes, what it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phasegate.digests import digest_json
from phasegate.errors import BadInput

MAXIMUM_BYTES = 32 << 20  # the backend takes no more
DIGITS = 12
_NUMBER = re.compile(r"-\d+$")
_ATTEMPT = re.compile(r"\(\d+\)$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that a pipeline takes.

    Attributes:
        name: of the parameter.
        kind: STRING, NUMBER_INTEGER, NUMBER_DOUBLE, BOOLEAN, LIST, STRUCT or TASK_FINAL_STATUS.
        required: whether it has to be given.
    """

    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A container task.

    Attributes:
        key: name of the task.
        title: as people are shown it.
    """

    key: str
    title: str

    @property
    def component(self) -> str:
        """Name of the component: the key without the number of a task that is not the first."""
        return _NUMBER.sub("", self.key)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled pipeline.

    Attributes:
        path: its file.
        name: of the pipeline.
        content: of the file.
        digest: hex sha256 of what it says, however the file is written.
        parameters: by name.
        steps: by key.
    """

    path: Path
    name: str
    content: bytes = field(repr=False)
    digest: str
    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]

    @property
    def version_name(self) -> str:
        """Name of the version that this is, the same wherever it is uploaded from."""
        return f"{self.name}-{self.digest[:DIGITS]}"

    def step(self, shown: str) -> Step | None:
        """The step that a backend's task is; None for drivers and groups of tasks."""
        name = _ATTEMPT.sub("", shown)
        if found := self.steps.get(name):
            return found
        titled = [one for one in self.steps.values() if one.title == name]
        return titled[0] if len(titled) == 1 else None


def load_compiled(path: Path) -> Compiled:
    """Read a compiled pipeline.

    Raises:
        BadInput: it cannot be read, or is none.
    """
    import yaml

    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise BadInput("is larger than the backend takes", where=str(path))
        content = path.read_bytes()
        documents = list(yaml.load_all(content, Loader=yaml.CSafeLoader))
    except FileNotFoundError:
        raise BadInput(
            "there is no such file", where=str(path), fix="phasegate compile writes the pipelines"
        ) from None
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=str(path)) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadInput("is not YAML", where=f"{path}{line}") from None
    try:
        spec = documents[0]
        parameters = spec["root"].get("inputDefinitions", {}).get("parameters", {})
        return Compiled(
            path,
            spec["pipelineInfo"]["name"],
            content,
            digest_json(documents),
            {name: _parameter(name, one) for name, one in parameters.items()},
            {one.key: one for one in _steps(spec, spec["root"]["dag"])},
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise BadInput(
            "is no compiled pipeline",
            where=str(path),
            expected="YAML of KFP v2, with pipelineInfo, components and root",
            fix="compile it with kfp 2, or by phasegate compile",
        ) from None


def _parameter(name: str, value: Mapping[str, Any]) -> Parameter:
    required = not value.get("isOptional") and "defaultValue" not in value
    return Parameter(name, value.get("parameterType", "STRING"), required)


def _steps(spec: Mapping[str, Any], dag: Mapping[str, Any]) -> Iterator[Step]:
    for key, task in dag["tasks"].items():
        component = spec["components"][task["componentRef"]["name"]]
        if "dag" in component:
            yield from _steps(spec, component["dag"])
        else:
            yield Step(key, task.get("taskInfo", {}).get("name", key))
