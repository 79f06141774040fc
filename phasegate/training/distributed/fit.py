"""Fit by several workers: shards out, one result back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from phasegate import __version__
from phasegate.errors import BadInput
from phasegate.models import Input
from phasegate.models.booster import import_xgboost
from phasegate.progress import Progress
from phasegate.training.distributed.job import Job, Jobs, Shard
from phasegate.training.fit import Fit, Rows, check_parameters, positive_weight
from phasegate.training.search import check_search


class Launcher(Protocol):
    """Starts workers and waits for them.

    Attributes:
        image: that the workers run, by which their results are told apart; empty: this code.
    """

    image: str

    def store(self) -> AbstractContextManager[str]:
        """Address of a store that the workers can reach as well."""

    def run(self, store: str, job: str, workers: int, progress: Progress) -> None:
        """Return once all workers have ended well.

        Args:
            store: where the job is.
            job: its digest.

        Raises:
            BadInput: a worker refused its input.
            Unavailable: a worker died, or no worker could be started; none is left behind.
        """


@dataclass(frozen=True, eq=False)
class SharedFit:
    """What came of it.

    Attributes:
        fit: the booster and its history.
        parameters: XGBoost's, as searched or as given.
        shards: rows of each worker, by rank.
    """

    fit: Fit
    parameters: Mapping[str, Any]
    shards: tuple[Shard, ...]


def fit_on_workers(
    train: Rows,
    validation: Rows,
    inputs: Sequence[Input],
    training: Mapping[str, Any],
    parameters: Mapping[str, Any] | None,
    launcher: Launcher,
    progress: Progress,
) -> SharedFit:
    """Cut rows into one contiguous shard for each worker, and let them fit together.

    A job is named by the digest of all that it depends on. One that has ended before, such as that
    of a step that is tried again, is not done again.

    Args:
        training: training section of the project; `workers` of them.
        parameters: XGBoost's; None to search for them as the section says.

    Raises:
        BadInput: fewer rows than workers, or a parameter that XGBoost refuses.
        Unavailable: a worker died, or the store did not answer.
    """
    workers = training["workers"]
    for name, rows in (("train", train), ("validation", validation)):
        if len(rows.labels) < workers:
            raise BadInput(
                f"the {name} slice has {len(rows.labels)} rows for {workers} workers",
                where="training.workers",
                expected="at least one row for each",
            )
    if parameters is None:
        check_search(training)
    else:
        check_parameters(parameters)
    with (
        launcher.store() as store,
        tempfile.TemporaryDirectory(prefix="phasegate-shards-") as work,
    ):
        jobs = Jobs(store, Path(work))
        progress(0.0, f"giving rows to {workers} workers")
        shards = tuple(
            jobs.put_shard(_cut(train, part), _cut(validation, own))
            for part, own in zip(
                bounds(len(train.labels), workers),
                bounds(len(validation.labels), workers),
                strict=True,
            )
        )
        job = Job(
            inputs=tuple(inputs),
            training=training,
            parameters=parameters,
            weight=positive_weight(train.labels, training),
            shards=shards,
            made_by={
                "phasegate": __version__,
                "xgboost": import_xgboost().__version__,
                "image": launcher.image,
            },
        )
        digest = jobs.put(job)
        found = jobs.result(digest)
        if found is None:
            launcher.run(store, digest, workers, progress)
            found = jobs.ended(digest)
        return SharedFit(*found, shards)


def bounds(rows: int, workers: int) -> tuple[slice, ...]:
    """Contiguous and in order, together all rows; sizes differ by one at most."""
    cuts = [rows * rank // workers for rank in range(workers + 1)]
    return tuple(slice(first, last) for first, last in pairwise(cuts))


def _cut(rows: Rows, part: slice) -> Rows:
    return Rows(rows.matrix[part], rows.labels[part])
