"""What each worker does; all do the same, each with its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from phasegate.errors import BadInput
from phasegate.models.booster import import_xgboost
from phasegate.progress import Progress, between, no_progress
from phasegate.training.distributed.group import Place, joined
from phasegate.training.distributed.job import Job, Jobs
from phasegate.training.distributed.precision_recall import PooledPrecisionRecall
from phasegate.training.fit import Fit, Trainer
from phasegate.training.search import search_parameters


def work(jobs: Jobs, digest: str, place: Place, progress: Progress) -> None:
    """Fit on this worker's rows together with the others; rank 0 stores the result.

    Args:
        digest: of the job.
        progress: told by rank 0 only.

    Raises:
        BadInput: the job is not one for this place, or XGBoost refuses a parameter.
        Unavailable: the store or the other workers do not answer.
    """
    job = jobs.get(digest)
    if len(job.shards) != place.workers:
        raise BadInput(
            f"there are {place.workers} workers", where=digest, expected=f"{len(job.shards)}"
        )
    if (version := import_xgboost().__version__) != job.made_by["xgboost"]:
        raise BadInput(
            f"this worker has xgboost {version}",
            where=f"worker {place.rank}",
            expected=job.made_by["xgboost"],
            fix="run the workers in the image that train runs in",
        )
    told = progress if place.rank == 0 else no_progress
    with joined(place):
        fit, parameters = _fit(jobs, job, place, told)
    if place.rank == 0:
        jobs.put_result(digest, fit, parameters)


def _fit(jobs: Jobs, job: Job, place: Place, progress: Progress) -> tuple[Fit, Mapping[str, Any]]:
    train, validation = jobs.shard(job.shards[place.rank])
    measure = PooledPrecisionRecall(
        validation.labels, job.first_validation_row(place.rank), job.validation_rows
    )
    trainer = Trainer(
        train, validation, job.inputs, job.training, weight=job.weight, measure=measure
    )
    parameters, searched = job.parameters, 0.0
    if parameters is None:
        searched = 0.6
        parameters = search_parameters(
            trainer, job.training, between(progress, 0.0, searched), any_of=_any_worker
        )
    return trainer.fit(parameters, between(progress, searched, 1.0)), parameters


def _any_worker(own: bool) -> bool:
    """Whether it is so for any of the workers; all ask at the same point."""
    from xgboost import collective

    found = collective.allreduce(np.array([int(own)], dtype=np.int32), collective.Op.MAX)
    return bool(found[0])
