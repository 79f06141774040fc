"""Which tasks change the world, and so must run whenever they are asked to."""

from __future__ import annotations

import itertools
import re

from phasegate.pipeline_lint.pipeline import Executor, Task

_OURS = "components."
# Of our own components, those whose outputs are made from their inputs alone.
CACHEABLE = frozenset({"featurize", "profile", "train", "validate"})
_WORDS = frozenset(
    {"alert", "cleanup", "delete", "deploy", "email", "notify", "promote", "publish", "push"}
    | {"register", "release", "rollback", "rollout", "send", "submit", "trigger", "undeploy"}
    | {"unregister", "upload"}
)
_PAIRS = frozenset({("clean", "up"), ("roll", "back"), ("roll", "out")})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def effect_of(task: Task, executor: Executor) -> str | None:
    """What says that a task changes the world, or None where nothing does.

    Our own components are known exactly; of others, names of the task, its component and its
    function say it.
    """
    ours = _our_component(executor)
    if ours is not None:
        return None if ours in CACHEABLE else f"component {ours}"
    component = task.component.name.removeprefix("comp-") if task.component is not None else ""
    for name in (task.name, task.title, component, _function(executor)):
        word = _effect(name)
        if word:
            return f"its name says {word}"
    return None


def _our_component(executor: Executor) -> str | None:
    words = [str(node.value) for node in executor.words]
    for flag, module in itertools.pairwise(words):
        if flag == "-m" and module.startswith(_OURS):
            return module.removeprefix(_OURS)
    return None


def _function(executor: Executor) -> str:
    words = [str(node.value) for node in executor.words]
    named = itertools.pairwise(words)
    return next((name for flag, name in named if flag == "--function_to_execute"), "")


def _effect(name: str) -> str | None:
    words = [word.lower() for word in _WORD.findall(name)]
    for pair in itertools.pairwise(words):
        if pair in _PAIRS:
            return " ".join(pair)
    return next((word for word in words if word in _WORDS), None)
