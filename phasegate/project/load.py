"""Load a project file: checked against the published schema, with defaults filled in."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.policy_section import monitoring_policy_of
from phasegate.project.agreement import check_agreement
from phasegate.project.explanation import explain
from phasegate.project.platform import Platform, platform_of, service_account
from phasegate.project.platform_agreement import check_platform
from phasegate.project.secret_values import refuse_secrets
from phasegate.release.policy import Policy
from phasegate.release.policy_section import policy_of

MAXIMUM_BYTES = 1 << 20
TRAINING = ("data", "validation", "features", "split", "training", "evaluation", "serving")
SECTIONS = (*TRAINING, "release", "monitoring", "kubernetes")


@dataclass(frozen=True)
class Project:
    """A valid project: each section with its defaults filled in.

    Attributes:
        name: name of the model.
        sections: by name, the plain value of each of `SECTIONS`.
        folder: folder of the project file; relative paths in it start there.
    """

    name: str
    sections: dict[str, dict[str, Any]]
    folder: Path

    def parameters(self) -> dict[str, str]:
        """The training pipeline's parameters: the name; as canonical JSON each of `TRAINING`, and
        `monitoring`, which is the policy that the section declares.

        Paths in it that are relative to the project file become absolute.
        """
        sections = {**self.sections}
        source = sections["data"]["source"]
        sources = [source] if isinstance(source, str) else source
        sections["data"] = {**sections["data"], "source": [self._absolute(one) for one in sources]}
        if schema := sections["validation"]["schema"]:
            sections["validation"] = {**sections["validation"], "schema": self._absolute(schema)}
        values = {name: sections[name] for name in TRAINING}
        values["monitoring"] = self.monitoring().to_json()
        texts = {name: canonical_json(value).decode() for name, value in values.items()}
        return {"name": self.name, **texts}

    def policy(self) -> Policy:
        """The rules of a release, with the address of its labels absolute.

        The release pipeline's parameter is the canonical JSON of its `to_json`.
        """
        policy = policy_of(self.sections, self.name)
        if not policy.labels.source:
            return policy
        labels = replace(policy.labels, source=self._absolute(policy.labels.source))
        return replace(policy, labels=labels)

    def monitoring(self) -> MonitoringPolicy:
        """The rules of monitoring, with the addresses of labels and raw events absolute.

        The pipelines' parameter is the canonical JSON of its `to_json`.
        """
        policy = monitoring_policy_of(self.sections)
        labels, skew = policy.labels, policy.skew
        if labels.source:
            labels = replace(labels, source=self._absolute(labels.source))
        if skew.events:
            skew = replace(skew, events=self._absolute(skew.events))
        return replace(policy, labels=labels, skew=skew)

    def platform(self, component: str) -> Platform:
        """What a cluster gives to the steps of a component, such as ``release_step``."""
        return platform_of(self.sections["kubernetes"], component)

    def service_account(self, components: Collection[str]) -> str:
        """ServiceAccount of the runs of a pipeline of these components; empty is KFP's own."""
        return service_account(self.sections["kubernetes"], components)

    def _absolute(self, address: str) -> str:
        if "://" in address:
            return address
        return os.path.normpath(self.folder / Path(address).expanduser())


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of the project file."""
    return json.loads(resources.files("phasegate.project").joinpath("schema.json").read_text())


def load_project(path: Path) -> Project:
    """Read and check a project file.

    Raises:
        BadInput: naming the file, the line, the key and what is allowed there.
    """
    document = _parse(path)
    refuse_secrets(path, document)
    errors = list(Draft202012Validator(schema()).iter_errors(document))
    if errors:
        raise explain(path, document, errors)
    filled = _with_defaults(schema(), json.loads(json.dumps(document)))
    project = Project(
        name=filled["name"],
        sections={name: filled[name] for name in SECTIONS},
        folder=path.resolve().parent,
    )
    check_agreement(project.sections, where=str(path))
    check_platform(path, document, project.sections["kubernetes"])
    return project


def _parse(path: Path) -> Any:
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise BadInput("is larger than a project file can be", where=str(path),
                           expected=f"at most {MAXIMUM_BYTES} bytes")  # fmt: skip
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            "there is no such project file",
            where=str(path),
            fix="phasegate init DATA writes one from a table",
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 at byte {error.start}", where=str(path)) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path)) from None
    yaml = YAML(typ="rt", pure=True)
    try:
        if any(event.anchor for event in YAML(pure=True).parse(text) if hasattr(event, "anchor")):
            raise BadInput("uses YAML anchors", where=str(path), fix="write each value in full")
        document = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"is not YAML: {error.problem}", where=f"{path}{line}") from None
    except YAMLError as error:
        raise BadInput(f"is not YAML: {error}", where=str(path)) from None
    if not isinstance(document, dict):
        raise BadInput(
            "is not a project",
            where=str(path),
            expected="keys such as version, name, data, features",
            fix="phasegate init DATA writes one from a table",
        )
    return document


def _with_defaults(node: dict[str, Any], value: Any) -> Any:
    """The value with every absent key that has a default filled in, at all depths."""
    if "$ref" in node:
        node = {**schema()["$defs"][node["$ref"].rpartition("/")[2]], **node}
    if isinstance(value, dict):
        branch = _branch(node, value)
        filled = {name: _with_defaults(branch.get(name, {}), item) for name, item in value.items()}
        for name, inner in branch.items():
            if name not in filled and "default" in inner:
                filled[name] = _with_defaults(inner, json.loads(json.dumps(inner["default"])))
        return filled
    if isinstance(value, list):
        return [_with_defaults(node.get("items", {}), item) for item in value]
    return value


def _branch(node: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    for option in [node, *node.get("oneOf", [])]:
        properties = option.get("properties", {})
        if properties and set(value) <= set(properties):
            return properties
    return {}
