"""What workers are given and what they give back, as files of a store."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phasegate.digests import canonical_json, digest_bytes, digest_file
from phasegate.errors import BadInput, Unavailable
from phasegate.models import Input
from phasegate.store import open_store
from phasegate.store.named import open_named
from phasegate.training.fit import METRICS, Fit, Rows

_PLACE = "training"  # in the store; all below it may be deleted once no training runs


@dataclass(frozen=True, slots=True)
class Shard:
    """A worker's rows: contiguous in the split's order.

    Attributes:
        digest: of the file that holds them.
        train: training rows.
        validation: validation rows.
    """

    digest: str
    train: int
    validation: int


@dataclass(frozen=True, slots=True)
class Job:
    """A training: the same job always gives the same result, unless it searches against the clock.

    Attributes:
        inputs: columns of the matrix.
        training: training section of the project.
        parameters: XGBoost's; None where they are to be searched for.
        weight: of a positive row.
        shards: one for each worker, by rank.
        made_by: versions that the result depends on.
    """

    inputs: tuple[Input, ...]
    training: Mapping[str, Any]
    parameters: Mapping[str, Any] | None
    weight: float
    shards: tuple[Shard, ...]
    made_by: Mapping[str, str]

    @property
    def validation_rows(self) -> int:
        """Of all workers."""
        return sum(shard.validation for shard in self.shards)

    def first_validation_row(self, rank: int) -> int:
        """Position of a worker's first validation row among all."""
        return sum(shard.validation for shard in self.shards[:rank])


class Jobs:
    """Jobs, shards and results in a store.

    Args:
        store: a folder or ``gs://bucket/prefix``.
        work: a folder for files on their way.
    """

    def __init__(self, store: str, work: Path) -> None:
        self._objects = open_store(f"{store.rstrip('/')}/{_PLACE}")
        self._results = open_named(self._objects.uri)
        self._work = work

    def put_shard(self, train: Rows, validation: Rows) -> Shard:
        """Store a worker's rows."""
        path = self._work / "shard.npz"
        np.savez(
            path,
            train=train.matrix,
            train_labels=train.labels,
            validation=validation.matrix,
            validation_labels=validation.labels,
        )
        digest = digest_file(path)
        self._objects.put_file(path, digest, move=True)
        return Shard(digest, len(train.labels), len(validation.labels))

    def shard(self, shard: Shard) -> tuple[Rows, Rows]:
        """A worker's training and validation rows.

        Raises:
            BadInput: they are missing or damaged.
            Unavailable: the store did not answer.
        """
        path = self._objects.local_path(shard.digest)
        path = path or self._objects.fetch(shard.digest, self._work)
        with np.load(path, allow_pickle=False) as arrays:
            return (
                Rows(arrays["train"], arrays["train_labels"]),
                Rows(arrays["validation"], arrays["validation_labels"]),
            )

    def put(self, job: Job) -> str:
        """Store a job; its digest is its name."""
        value = {
            "inputs": [[one.name, one.kind] for one in job.inputs],
            "training": dict(job.training),
            "parameters": None if job.parameters is None else dict(job.parameters),
            "weight": job.weight,
            "shards": [[one.digest, one.train, one.validation] for one in job.shards],
            "made_by": dict(job.made_by),
        }
        data = canonical_json(value)
        self._objects.put_file(self._file("job.json", data), digest_bytes(data), move=True)
        return digest_bytes(data)

    def get(self, digest: str) -> Job:
        """A job by its digest.

        Raises:
            BadInput: there is none in this store.
            Unavailable: the store did not answer.
        """
        path = self._objects.local_path(digest) or self._objects.fetch(digest, self._work)
        value = json.loads(path.read_bytes())
        return Job(
            inputs=tuple(Input(*one) for one in value["inputs"]),
            training=value["training"],
            parameters=value["parameters"],
            weight=value["weight"],
            shards=tuple(Shard(*one) for one in value["shards"]),
            made_by=value["made_by"],
        )

    def put_result(self, digest: str, fit: Fit, parameters: Mapping[str, Any]) -> None:
        """Store what came of a job: in one file, which is there whole or not at all."""
        data = canonical_json(
            {
                "booster": base64.b64encode(fit.booster).decode(),
                "sha256": digest_bytes(fit.booster),
                "rounds": fit.rounds,
                "history": [dict(entry) for entry in fit.history],
                "parameters": dict(parameters),
            }
        )
        self._results.create(_result(digest), self._file("result.json", data))

    def result(self, digest: str) -> tuple[Fit, dict[str, Any]] | None:
        """What came of a job, with the parameters that it was trained with; None before it ended.

        Raises:
            BadInput: its bytes are damaged.
            Unavailable: the store did not answer.
        """
        name = _result(digest)
        if name not in self._results.names(name):
            return None
        value = json.loads(self._results.fetch(name, self._work).read_bytes())
        booster = base64.b64decode(value["booster"])
        if digest_bytes(booster) != value["sha256"]:
            raise BadInput(
                "the booster's bytes are not those that were written",
                where=f"{self._results.uri}/{name}",
                fix="delete this file and train again",
            )
        history = tuple({name: entry[name] for name in METRICS} for entry in value["history"])
        return Fit(booster, value["rounds"], history), value["parameters"]

    def ended(self, digest: str) -> tuple[Fit, dict[str, Any]]:
        """As `result`, of a job whose workers have ended well.

        Raises:
            Unavailable: the result is not there all the same.
        """
        found = self.result(digest)
        if found is None:
            raise Unavailable(
                "the workers ended, and there is no result",
                where=f"{self._results.uri}/{_result(digest)}",
                fix="check that the workers may write to the store, and run train again",
            )
        return found

    def _file(self, name: str, data: bytes) -> Path:
        path = self._work / name
        path.write_bytes(data)
        return path


def _result(digest: str) -> str:
    return f"results/{digest}.json"
