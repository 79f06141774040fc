"""Which rows go to which worker, and what is kept in the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from phasegate.errors import BadInput
from phasegate.models import Input
from phasegate.training.distributed.fit import bounds
from phasegate.training.distributed.group import Place
from phasegate.training.distributed.job import Job, Jobs
from phasegate.training.fit import Fit, Rows


@pytest.mark.parametrize(("rows", "workers"), [(10, 1), (10, 3), (7, 7), (1_000_003, 8)])
def test_shards_are_contiguous_and_of_equal_size(rows: int, workers: int) -> None:
    order = np.arange(rows)

    parts = [order[part] for part in bounds(rows, workers)]

    assert np.array_equal(np.concatenate(parts), order)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def some_rows(rows: int) -> Rows:
    matrix = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    return Rows(matrix, (np.arange(rows) % 2).astype(np.int8))


def a_job(jobs: Jobs) -> Job:
    shards = tuple(jobs.put_shard(some_rows(size), some_rows(size - 2)) for size in (5, 4))
    inputs = (Input("a", "numeric"), Input("b", "categorical"))
    return Job(inputs, {"seed": 7}, None, 2.0, shards, {"xgboost": "3.2.0"})


def test_jobs_and_shards_are_named_by_their_content_and_come_back(tmp_path: Path) -> None:
    jobs = Jobs(str(tmp_path / "store"), tmp_path)
    job = a_job(jobs)

    digest = jobs.put(job)

    assert digest == jobs.put(a_job(jobs))
    assert jobs.get(digest) == job
    train, validation = jobs.shard(job.shards[0])
    assert np.array_equal(train.matrix, some_rows(5).matrix)
    assert np.array_equal(validation.labels, some_rows(3).labels)
    assert (job.validation_rows, job.first_validation_row(1)) == (5, 3)


def test_a_result_is_there_whole_or_not_at_all_and_does_not_change(tmp_path: Path) -> None:
    jobs = Jobs(str(tmp_path / "store"), tmp_path)
    digest = jobs.put(a_job(jobs))
    assert jobs.result(digest) is None

    for booster in (b"first", b"second"):
        fit = Fit(booster, 1, ({"logloss": 0.3, "aucpr": 0.7},))
        jobs.put_result(digest, fit, {"max_depth": 2})

    found = jobs.ended(digest)
    assert (found[0].booster, found[1]) == (b"first", {"max_depth": 2})
    assert list(found[0].history[0]) == ["logloss", "aucpr"]


VARIABLES = {
    "DMLC_TRACKER_URI": "job-node-0-0.job",
    "DMLC_TRACKER_PORT": "29500",
    "DMLC_TASK_ID": "1",
    "DMLC_NUM_WORKER": "2",
}


def test_a_place_is_read_from_the_variables_of_kubeflow_trainer() -> None:
    assert Place.of(VARIABLES) == Place("job-node-0-0.job", 29500, 1, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DMLC_TASK_ID": "2"}, "DMLC_TASK_ID: 2; expected 0 to 1"),
        ({"DMLC_TASK_ID": "first"}, "DMLC_TASK_ID"),
        ({"DMLC_NUM_WORKER": None}, "DMLC_NUM_WORKER is not set"),
    ],
)
def test_a_place_that_makes_no_sense_is_bad_input(changes, message) -> None:
    changed = {key: value for key, value in {**VARIABLES, **changes}.items() if value is not None}

    with pytest.raises(BadInput, match=message):
        Place.of(changed)
