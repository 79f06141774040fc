"""What a run did: parameters, metrics, inputs and files, kept by an MLflow server."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from phasegate.digests import canonical_json, digest_bytes
from phasegate.errors import BadInput
from phasegate.registry.server import connect, plain_errors

# Limits of MLflow's store and of one log_batch request.
_PARAMETER_LENGTH = 6000
_TAG_LENGTH = 8000
_DATASET_DIGEST_LENGTH = 36
_PARAMETERS_PER_BATCH = 100
_METRICS_PER_BATCH = 1000
_CHARACTERS_PER_BATCH = 100_000

# Who writes a run, to tell later whether it still does.
_HOST_TAG = "host"
_PROCESS_TAG = "process"

Item = TypeVar("Item")


class TrackedRun:
    """One MLflow run that is written to.

    Every method raises Unavailable when the server goes away, BadInput when it refuses us.
    """

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client = client
        self.run_id = run_id

    def params(self, values: Mapping[str, Any]) -> None:
        """Log all values. Nested mappings become dotted names; lists become JSON.

        A value longer than MLflow keeps is shortened, and ends with its full sha256.
        """
        texts = {_key(name): shorten(text, _PARAMETER_LENGTH) for name, text in _flat(values)}
        sized = ((Param(name, text), len(name) + len(text)) for name, text in texts.items())
        for batch in _batches(sized, _PARAMETERS_PER_BATCH):
            with plain_errors():
                self._client.log_batch(self.run_id, params=batch)

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Log numbers once, at a step (0 if none is given)."""
        self._log_metrics([(step or 0, values)])

    def metrics_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Log one row of numbers per step: boosting rounds, say. A row's position is its step."""
        self._log_metrics(enumerate(rows))

    def _log_metrics(self, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        now = int(time.time() * 1000)
        sized = (
            (Metric(_key(name), float(value), now, step), len(name))
            for step, row in rows
            for name, value in row.items()
        )
        for batch in _batches(sized, _METRICS_PER_BATCH):
            with plain_errors():
                self._client.log_batch(self.run_id, metrics=batch)

    def input(self, name: str, digest: str, uri: str) -> None:
        """Log data that the run read, named by our own sha256.

        MLflow's own digest collides and its column holds 36 characters: the column gets the
        first 36 of ours; the profile, and the input's tag ``sha256``, hold it whole.
        """
        dataset = Dataset(
            name=name,
            digest=digest[:_DATASET_DIGEST_LENGTH],
            source_type="phasegate",
            source=canonical_json({"uri": uri}).decode(),
            profile=canonical_json({"sha256": digest}).decode(),
        )
        tags = [InputTag("sha256", digest), InputTag("mlflow.data.context", "training")]
        with plain_errors():
            self._client.log_inputs(self.run_id, [DatasetInput(dataset, tags)])

    def artifact(self, path: Path, folder: str | None = None) -> None:
        """Upload one file to the run, under ``folder`` if given."""
        with plain_errors():
            self._client.log_artifact(self.run_id, str(path), folder)

    def artifacts(self, folder: Path, name: str) -> None:
        """Upload a folder's files to the run as folder ``name``."""
        with plain_errors():
            self._client.log_artifacts(self.run_id, str(folder), name)

    def tags(self, values: Mapping[str, Any]) -> None:
        """Set tags; a tag set twice keeps the last value."""
        sized = (
            (RunTag(_key(name), text := shorten(_text(value), _TAG_LENGTH)), len(text))
            for name, value in values.items()
        )
        for batch in _batches(sized, _PARAMETERS_PER_BATCH):
            with plain_errors():
                self._client.log_batch(self.run_id, tags=batch)

    def end(self, status: str) -> None:
        """Mark the run FINISHED, FAILED or KILLED."""
        with plain_errors():
            self._client.set_terminated(self.run_id, status)


@contextmanager
def tracked_run(experiment: str, run_name: str) -> Iterator[TrackedRun]:
    """A new run: FINISHED when the body ends, FAILED when it raises or is interrupted.

    A body that is killed can say nothing any more; the next run on the same machine marks its
    run KILLED.

    Raises:
        BadInput: when the server's address is missing, or the experiment was deleted.
        Unavailable: when the server does not answer.
    """
    client = connect()
    with plain_errors():
        experiment_id = _experiment_id(client, experiment)
        _end_orphans(client, experiment_id)
        tags = {_HOST_TAG: socket.gethostname(), _PROCESS_TAG: str(os.getpid())}
        created = client.create_run(experiment_id, tags=tags, run_name=run_name)
    run = TrackedRun(client, created.info.run_id)
    try:
        yield run
    except BaseException as error:
        _end_as_failed(run, error)
        raise
    run.end("FINISHED")


def resume_run(run_id: str) -> TrackedRun:
    """A run that exists, to add to; its status stays as it is.

    Raises:
        BadInput: when the server does not know the run.
    """
    client = connect()
    try:
        with plain_errors():
            client.get_run(run_id)
    except MlflowException as error:
        raise BadInput(
            f"run '{run_id}' is unknown ({error.message})",
            where="MLflow",
            fix="train again against this server, or point MLFLOW_TRACKING_URI at the one used",
        ) from error
    return TrackedRun(client, run_id)


def _end_as_failed(run: TrackedRun, error: BaseException) -> None:
    try:
        run.tags({"error": f"{type(error).__name__}: {error}"})
        run.end("FAILED")
    except Exception as second:
        error.add_note(f"the MLflow run {run.run_id} could not be marked as failed: {second}")


def _end_orphans(client: MlflowClient, experiment_id: str) -> None:
    """Mark KILLED the runs whose process was on this machine and is no more."""
    here = f"attributes.status = 'RUNNING' and tags.{_HOST_TAG} = '{socket.gethostname()}'"
    for run in client.search_runs([experiment_id], here):
        if not _is_alive(int(run.data.tags[_PROCESS_TAG])):
            client.set_terminated(run.info.run_id, "KILLED")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def _experiment_id(client: MlflowClient, name: str) -> str:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return client.create_experiment(name)
        except MlflowException as error:
            # Another run may have created it in between.
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise error
    if experiment.lifecycle_stage != "active":
        raise BadInput(
            f"experiment '{name}' was deleted",
            where="MLflow",
            fix="restore it in MLflow, or give the project another name",
        )
    return experiment.experiment_id


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()


def _key(name: str) -> str:
    """A name in the characters that MLflow allows."""
    return re.sub(r"[^\w\-. /]", "_", name)[:250]


def _batches(sized: Iterable[tuple[Item, int]], most: int) -> Iterator[list[Item]]:
    """Items in lists of at most ``most``, and of bounded total size (one item may exceed it)."""
    batch: list[Item] = []
    total = 0
    for item, size in sized:
        if batch and (len(batch) == most or total + size > _CHARACTERS_PER_BATCH):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size
    if batch:
        yield batch


def shorten(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters; if it was longer, its end is its full sha256."""
    if len(text) <= limit:
        return text
    ending = f"... ({len(text)} characters, sha256 {digest_bytes(text.encode())})"
    return text[: limit - len(ending)] + ending
