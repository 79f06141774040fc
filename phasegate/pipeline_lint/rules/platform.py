"""What a platform adds to executors: kfp-kubernetes' part of the file."""

from __future__ import annotations

from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.pipeline_lint.pipeline import Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import ERROR, WARNING, Problems, rule


def _settings(pipeline: Pipeline) -> Iterator[tuple[str, Node]]:
    for platform in pipeline.platforms:
        for _, one in platform.entries("platforms"):
            yield from one.entries("deploymentSpec", "executors")


@rule(
    "PGP801",
    "settings-of-no-executor",
    ERROR,
    why="Secrets, volumes and node selectors of an executor that is not there reach no pod.",
    fix="Name an executor of deploymentSpec; compile both parts of the file together.",
)
def settings_of_no_executor(pipeline: Pipeline) -> Problems:
    """Platform settings are for an executor that is not in the file."""
    for label, node in _settings(pipeline):
        if label not in pipeline.executors:
            yield Problem(node, f"executor {label}", f"there is no executor {label}")


@rule(
    "PGP802",
    "too-much-privilege",
    WARNING,
    why="Code of the task, and of each package in its image, may do on the node what root may.",
    fix="Run as another user than 0, and neither privileged nor with allowPrivilegeEscalation.",
)
def too_much_privilege(pipeline: Pipeline) -> Problems:
    """A task runs as root or privileged, as its platform settings say."""
    for label, node in _settings(pipeline):
        for key, child in node.entries("securityContext"):
            root = key == "runAsUser" and child.value in (0, "0") and child.value is not False
            if root or (key in ("privileged", "allowPrivilegeEscalation") and child.value is True):
                yield Problem(child, f"executor {label}", f"{key} is {str(child.value).lower()}")


@rule(
    "PGP803",
    "secret-without-name",
    ERROR,
    why="The pod waits for a secret that nobody named, and the run hangs until it times out.",
    fix="Say which secret, and which of its keys becomes which variable.",
)
def secret_without_name(pipeline: Pipeline) -> Problems:
    """A secret is to be used, and it is not said which, or for what."""
    for label, node in _settings(pipeline):
        for key in ("secretAsEnv", "secretAsVolume"):
            for entry in node.items(key):
                named = entry.at("secretName") or entry.at("secretNameParameter")
                used = key == "secretAsVolume" or next(entry.items("keyToEnv"), None) is not None
                if named is None or named.value in (None, "") or not used:
                    missing = "which keys of it" if named is not None and named.value else "which"
                    yield Problem(entry, f"executor {label}", f"{key} does not say {missing}")
