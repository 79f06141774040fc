"""One execution of a component: KFP's ExecutorInput in, ExecutorOutput out.

KFP hands a container one JSON document that names its inputs and where to put its outputs. The
document is the same on a cluster and locally; only the addresses differ: locally an artifact's uri
is a path, on a cluster it has a ``customPath`` or is mounted under ``/gcs``, ``/minio`` or ``/s3``.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from phasegate.contracts.artifact import Artifact, ContractViolation
from phasegate.contracts.verdict import Judgement, Verdict
from phasegate.errors import BadInput, ExitCode

A = TypeVar("A", bound=Artifact)

PROGRESS_PREFIX = "::progress "
ERROR_PREFIX = "::error "

_DISK_FULL = os.strerror(errno.ENOSPC)

_MOUNTS = {"gs://": "/gcs/", "minio://": "/minio/", "s3://": "/s3/"}


def local_path(artifact: dict[str, Any]) -> Path:
    """Where a runtime artifact lies on this machine.

    Args:
        artifact: KFP's RuntimeArtifact, as JSON.
    """
    if custom := artifact.get("customPath"):
        return Path(custom)
    uri = artifact["uri"]
    for scheme, mount in _MOUNTS.items():
        if uri.startswith(scheme):
            return Path(mount + uri.removeprefix(scheme))
    return Path(uri)


class Execution:
    """What a component reads and writes while it runs; see `execution`."""

    def __init__(self, component: str, executor_input: dict[str, Any]) -> None:
        inputs = executor_input.get("inputs", {})
        outputs = executor_input.get("outputs", {})
        self.component = component
        self._parameters: dict[str, Any] = inputs.get("parameterValues", {})
        self._inputs = {key: _first(value) for key, value in inputs.get("artifacts", {}).items()}
        self._outputs = {key: _first(value) for key, value in outputs.get("artifacts", {}).items()}
        self._results: dict[str, Any] = outputs.get("parameters", {})
        self._output_file = Path(outputs["outputFile"])
        self._written: dict[str, dict[str, Any]] = {}
        self._values: dict[str, str | int | float] = {}

    def parameter(self, name: str, default: str | None = None) -> str:
        """A string parameter.

        Raises:
            BadInput: when it was not given and has no default.
        """
        value = self._parameters.get(name, default)
        if value is None:
            raise BadInput(f"parameter {name} was not given", where=self.component)
        return value

    def json(self, name: str) -> dict[str, Any]:
        """A parameter that holds a JSON object: one section of the project file.

        Raises:
            BadInput: when it is absent or not a JSON object.
        """
        text = self.parameter(name)
        try:
            value = json.loads(text)
        except ValueError as error:
            raise BadInput(f"parameter {name} is not JSON: {error}", where=self.component) from None
        if not isinstance(value, dict):
            raise BadInput(f"parameter {name} is not a JSON object", where=self.component)
        return value

    def read(self, name: str, kind: type[A]) -> A:
        """An input artifact, with metadata, files and digest checked.

        Raises:
            ContractViolation: naming the component, the artifact and the field.
        """
        artifact = self.read_optional(name, kind)
        if artifact is None:
            raise ContractViolation("the input is not connected", where=f"{self.component}: {name}")
        return artifact

    def read_optional(self, name: str, kind: type[A]) -> A | None:
        """Like `read`, with None for an input that is not connected."""
        if name not in self._inputs:
            return None
        artifact = self._inputs[name]
        where = f"{self.component}: input {name} ({kind.__name__})"
        return kind.from_metadata(artifact.get("metadata", {}), local_path(artifact), where)

    def path(self, name: str) -> Path:
        """Folder of an output artifact, made if need be."""
        path = local_path(self._outputs[name])
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, artifact: A) -> A:
        """Declare an output complete; returns it with its digest.

        Raises:
            ContractViolation: naming the component, the artifact and the field.
        """
        where = f"{self.component}: output {name} ({type(artifact).__name__})"
        stored = artifact.stored_at(self.path(name), where)
        self._written[name] = stored.metadata
        return stored

    def write_verdict(self, name: str, judgement: Judgement) -> None:
        """Write a judgement as a Verdict artifact."""
        (self.path(name) / "verdict.json").write_bytes(judgement.to_json())
        verdict = Verdict(
            gate=judgement.gate,
            outcome=judgement.outcome.value,
            subject_digest=judgement.subject_digest,
            data_digest=judgement.data_digest,
        )
        self.write(name, verdict)

    def document(self, name: str, text: str) -> None:
        """Write an output of KFP's own HTML or Markdown type, which is a single file."""
        path = local_path(self._outputs[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self._written.setdefault(name, {})

    def metrics(self, name: str, values: dict[str, Any]) -> None:
        """Set the metadata of an output of KFP's own Metrics or ClassificationMetrics type."""
        self._written[name] = values

    def result(self, name: str, value: str | int | float) -> None:
        """Set an output parameter."""
        if name not in self._results:
            raise ContractViolation(f"no output parameter {name}", where=self.component)
        self._values[name] = value

    def progress(self, fraction: float, message: str) -> None:
        """Say how far the step is, from 0 to 1, and what it does."""
        print(f"{PROGRESS_PREFIX}{fraction:.3f} {message}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Write ExecutorOutput: what was completed, also when a later step failed."""
        artifacts = {
            name: {"artifacts": [{**self._outputs[name], "metadata": metadata}]}
            for name, metadata in self._written.items()
        }
        for value in artifacts.values():
            value["artifacts"][0].pop("type", None)
        document = {"artifacts": artifacts, "parameterValues": self._values}
        self._output_file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._output_file.with_name(f"{self._output_file.name}.{os.getpid()}")
        temporary.write_text(json.dumps(document), encoding="utf-8")
        temporary.replace(self._output_file)

    def require_all_outputs(self) -> None:
        """Refuse to end with an output that was promised and not written.

        Raises:
            ContractViolation: naming the outputs.
        """
        absent = sorted(
            (set(self._outputs) - set(self._written)) | (set(self._results) - set(self._values))
        )
        if absent:
            raise ContractViolation(
                f"ended without writing {', '.join(absent)}", where=self.component
            )


@contextmanager
def execution(component: str, arguments: Sequence[str] | None = None) -> Iterator[Execution]:
    """Run the body of a component's entrypoint.

    Bad input and violated contracts become one readable line and exit code 2; anything unforeseen
    keeps its traceback and exits with 3. ExecutorOutput is written in every case.

    Args:
        component: name of the component, for messages.
        arguments: the command line; by default that of the process.
    """
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        step = Execution(component, _executor_input(arguments))
        try:
            yield step
            step.require_all_outputs()
        finally:
            step.close()
    except BadInput as error:
        _end(ExitCode.BAD_INPUT, str(error))
    except Exception as error:
        if _DISK_FULL in str(error):  # libraries have errors of their own for it
            _end(ExitCode.BAD_INPUT, f"{component}: {error}; free space, then run again.")
        traceback.print_exc()
        message = f"{component} failed unexpectedly: {type(error).__name__}: {error}"
        _end(ExitCode.INTERNAL, message)


def _end(code: int, message: str) -> NoReturn:
    """Exit with a message on one line, however many it had."""
    print(f"{ERROR_PREFIX}{' '.join(message.split())}", file=sys.stderr, flush=True)
    sys.exit(code)


def _executor_input(arguments: Sequence[str] | None) -> dict[str, Any]:
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 2 or arguments[0] != "--executor-input":
        raise BadInput(
            f"unexpected arguments {' '.join(arguments)!r}",
            expected="--executor-input JSON, as Kubeflow Pipelines passes it",
        )
    try:
        value = json.loads(arguments[1])
        if "outputFile" not in value["outputs"]:
            raise KeyError("outputs.outputFile")
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"the executor input is not KFP's ExecutorInput: {error}") from None
    return value


def _first(artifacts: dict[str, Any]) -> dict[str, Any]:
    """KFP wraps each artifact in a list, for ParallelFor's sake."""
    return artifacts["artifacts"][0]
