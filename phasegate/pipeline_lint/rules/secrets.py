"""Secrets that stand in the file, which KFP keeps and shows to everyone who may see a run."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.pipeline_lint.pipeline import Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import ERROR, Problems, rule
from phasegate.pipeline_lint.values import PLACEHOLDER

_NAME = re.compile(
    r"(?:^|[_.-])(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?)$",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      (?:AKIA|ASIA)[0-9A-Z]{16}
    | AIza[0-9A-Za-z_-]{35}
    | gh[opsur]_[0-9A-Za-z]{36,}
    | github_pat_[0-9A-Za-z_]{22,}
    | glpat-[0-9A-Za-z_-]{20,}
    | hf_[0-9A-Za-z]{30,}
    | sk-[0-9A-Za-z_-]{32,}
    | xox[abprs]-[0-9A-Za-z-]{10,}
    | eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}
    )|-----BEGIN\ (?:[A-Z]+\ )?PRIVATE\ KEY-----
    |[a-z][a-z0-9+]{1,15}://[^/\s:@{}$]{1,64}:[^/\s:@{}$]{3,256}@""",
    re.VERBOSE,
)
_FLAG = re.compile(r"--?([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?", re.DOTALL)
# What is called a secret may be the name of one in Kubernetes, such as judge-secret.
_REFERENCE = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+")
_PLACES = ("/", "gs://", "s3://", "$", "projects/")
_LONGEST = 20_000


def _is_secret(name: str, value: object) -> str | None:
    """What says that a value is a secret, or None. Never the value itself: reports are public."""
    if not isinstance(value, str) or not value.strip():
        return None
    if _has_form(value[:_LONGEST]):
        return "its value has the form of a secret"
    literal = PLACEHOLDER not in value and not value.startswith(_PLACES)
    named = _NAME.search(_snake(name))
    if not literal or not named:
        return None
    refers = named[0].lower().endswith("secret") and _REFERENCE.fullmatch(value[:_LONGEST])
    return None if refers else "its name says that it is one"


@functools.lru_cache(maxsize=256)
def _has_form(text: str) -> bool:
    """Whether something in a text looks like a secret; many tasks have the same script."""
    return _VALUE.search(text) is not None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


@rule(
    "PGP704",
    "secret-in-environment",
    ERROR,
    why="The pipeline's file, KFP's database and every pod's description show it in plain text.",
    fix="Use kfp.kubernetes.use_secret_as_env, and change the secret: it is known now.",
)
def secret_in_environment(pipeline: Pipeline) -> Problems:
    """An environment variable holds a secret in plain text."""
    for executor, container in pipeline.containers:
        for entry in container.items("env"):
            value, name = entry.at("value"), entry.text("name") or ""
            said = _is_secret(name, value.value) if value is not None else None
            if value is not None and said:
                yield Problem(value, str(executor), f"variable {name} holds a secret: {said}")


@rule(
    "PGP705",
    "secret-in-command",
    ERROR,
    why="The pipeline's file, KFP's UI and the node's list of processes show it in plain text.",
    fix="Take it from a Kubernetes secret in the environment, and change it: it is known now.",
)
def secret_in_command(pipeline: Pipeline) -> Problems:
    """A command or an argument holds a secret in plain text."""
    for executor, _ in pipeline.containers:
        before = ""
        for node in executor.words:
            text = node.value if isinstance(node.value, str) else ""
            flag = _FLAG.fullmatch(text[:_LONGEST])
            name, value = (flag[1], flag[2]) if flag else (before, text)
            said = _is_secret(name, value or (text if flag else ""))
            if flag and not flag[2] and said != "its value has the form of a secret":
                said = None
            if said:
                yield Problem(node, str(executor), f"an argument is a secret: {said}")
            before = flag[1] if flag and flag[2] is None else ""


@rule(
    "PGP706",
    "secret-in-parameter",
    ERROR,
    why="KFP keeps parameters with every run and shows them in its UI.",
    fix="Pass the name of a Kubernetes secret instead, and change the secret: it is known now.",
)
def secret_in_parameter(pipeline: Pipeline) -> Problems:
    """A parameter's default, or a constant that is passed, is a secret in plain text."""
    for subject, name, node in _parameters(pipeline):
        said = _is_secret(name, node.value)
        if said:
            yield Problem(node, subject, f"parameter {name} is a secret: {said}")


def _parameters(pipeline: Pipeline) -> Iterator[tuple[str, str, Node]]:
    for component in (pipeline.root, *pipeline.components.values()):
        for name, parameter in component.inputs("parameters").items():
            default = parameter.at("defaultValue")
            if default is not None:
                yield str(component), name, default
    for task in pipeline.tasks:
        for name, source in task.sources("parameters"):
            constant = source.at("runtimeValue", "constant")
            if constant is not None:
                yield str(task), name, constant
