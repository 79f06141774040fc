"""Let kfp's own local orchestrator run container components without containers.

kfp offers no place to register a task handler, so names of it are swapped inside one context: the
handler class, which it looks up at call time, its cache class, and the function that tries a task
again and again, because of some failures trying is pointless, while exit tasks still have to run.
Its warnings about
conditions that it could not resolve, after which it silently skips steps, are collected as errors.
Held by tests against kfp 2.17.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from kfp import dsl, local
from kfp.local import cache as kfp_cache
from kfp.local import config, status, subprocess_task_handler, task_handler_interface
from kfp.local.orchestrator import task_executor

_UNRESOLVED = re.compile(r"Could not resolve|Condition evaluation failed|Unknown items type")


@dataclass(frozen=True)
class Task:
    """One step as kfp hands it over, placeholders resolved.

    Attributes:
        name: its name in the pipeline, such as ``train``.
        image: the container image.
        command: the whole command line.
        variables: the container's environment.
        executor_input: KFP's ExecutorInput.
    """

    name: str
    image: str
    command: list[str]
    variables: dict[str, str]
    executor_input: dict[str, Any]


class Hopeless(Exception):
    """A task failed in a way that trying again does not mend."""


@dataclass
class Session:
    """What happens while kfp runs a pipeline.

    Attributes:
        run: runs a task; True if it succeeded. `Hopeless` fails it without retries, any other
            exception ends the pipeline at once.
        reused: called with a component's name and its outputs when the cache answers.
        unresolved: kfp's warnings after which steps would be skipped in silence.
        hopeless: why tasks failed that were not tried again.
    """

    run: Callable[[Task], bool]
    reused: Callable[[str, dict[str, Any]], None]
    unresolved: list[str] = field(default_factory=list)
    hopeless: list[Hopeless] = field(default_factory=list)


@contextlib.contextmanager
def kfp_session(session: Session, root: Path, cache: Path | None, log: Path) -> Iterator[None]:
    """Within this context, calling a loaded pipeline runs its steps through the session.

    Args:
        session: what runs the steps.
        root: folder of the steps' outputs.
        cache: folder of the cache; None does not cache.
        log: file that gets what kfp itself prints.
    """
    handler, contents = _handler(session), _content_cache(session)
    collector = _collector(session)
    logger = logging.getLogger()
    previous = config.LocalExecutionConfig.instance
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=str(root),
        enable_caching=cache is not None,
        cache_root=str(cache) if cache else None,
    )
    logger.addFilter(collector)
    try:
        with (
            mock.patch.object(subprocess_task_handler, "SubprocessTaskHandler", handler),
            mock.patch.object(kfp_cache, "LocalCache", contents),
            mock.patch.object(task_executor, "execute_single_task", _tried(session)),
            log.open("a", encoding="utf-8") as file,
            contextlib.redirect_stdout(file),
            contextlib.redirect_stderr(_Discard()),
            warnings.catch_warnings(action="ignore"),
        ):
            yield
    finally:
        logger.removeFilter(collector)
        config.LocalExecutionConfig.instance = previous
        kfp_cache.reset_local_cache_singleton()


class _Discard(io.TextIOBase):
    """kfp repeats its log records on standard error when no handler is set."""

    def write(self, text: str) -> int:
        return len(text)


def _collector(session: Session) -> Callable[[logging.LogRecord], bool]:
    def collect(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.levelno >= logging.WARNING and _UNRESOLVED.search(message):
            session.unresolved.append(message)
        return True

    return collect


def _tried(session: Session) -> Callable[..., tuple[dict[str, Any], status.Status]]:
    """kfp's function that runs a task with retries, which a hopeless failure cuts short."""
    original = task_executor.execute_single_task

    def execute(**arguments: Any) -> tuple[dict[str, Any], status.Status]:
        try:
            return original(**arguments)
        except Hopeless as failure:
            session.hopeless.append(failure)
            return {}, status.Status.FAILURE

    return execute


def _handler(session: Session) -> type[task_handler_interface.ITaskHandler]:
    class Handler(task_handler_interface.ITaskHandler):
        def __init__(
            self,
            image: str,
            full_command: list[str],
            pipeline_root: str,  # noqa: ARG002  (kfp passes all five by name)
            runner: Any,  # noqa: ARG002
            env_vars: dict[str, str] | None = None,
        ) -> None:
            executor_input = json.loads(full_command[-1])
            name = Path(executor_input["outputs"]["outputFile"]).parent.name
            self.task = Task(name, image, full_command, dict(env_vars or {}), executor_input)

        def run(self) -> status.Status:
            succeeded = session.run(self.task)
            return status.Status.SUCCESS if succeeded else status.Status.FAILURE

    return Handler


def _content_cache(session: Session) -> type[kfp_cache.LocalCache]:
    original = kfp_cache.LocalCache

    class ContentCache(original):
        """kfp's cache with artifacts known by their digest instead of where they happen to lie.

        So a step that is run anew and makes the same bytes does not make later steps run again.
        """

        _component = ""

        @staticmethod
        def _serialize_value_for_key(value: Any) -> Any:
            if isinstance(value, dsl.Artifact) and "digest" in value.metadata:
                return {"metadata": value.metadata}
            return original._serialize_value_for_key(value)

        def compute_key(self, component_name: str, *args: Any, **kwargs: Any) -> str:
            self._component = component_name.removeprefix("comp-")
            return super().compute_key(component_name, *args, **kwargs)

        def get(self, key: str) -> dict[str, Any] | None:
            outputs = super().get(key)
            if outputs is not None:
                session.reused(self._component, outputs)
            return outputs

    return ContentCache
