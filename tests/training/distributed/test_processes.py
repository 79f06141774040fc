"""Several workers on loopback: the metrics of one process, the same bytes each time."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, f1_score, log_loss

from phasegate.errors import BadInput, Unavailable
from phasegate.training.distributed import processes
from phasegate.training.train import Training, train_model
from tests.training import examples
from tests.training.distributed import payments


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return payments.features(tmp_path_factory.mktemp("payments"))


@pytest.fixture(scope="module")
def by_two(table: pa.Table) -> Training:
    return train_model(table, payments.plan(workers=2))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go: nothing may be left of them."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    assert not list(folder.iterdir())


def quality(training: Training, table: pa.Table) -> dict[str, float]:
    """On the test rows, which no part of training saw."""
    test = table.take(pa.array(training.split.test))
    scores = training.model.score(training.model.matrix(test))
    labels = test.column("_label").to_numpy()
    return {
        "average precision": average_precision_score(labels, scores),
        "log loss": log_loss(labels, scores),
        "f1": f1_score(labels, training.model.decide(scores)),
    }


def test_two_workers_do_as_well_as_one_process(table: pa.Table, by_two: Training) -> None:
    alone = train_model(table, payments.plan())

    one, two = quality(alone, table), quality(by_two, table)

    assert one["average precision"] > 0.5
    assert two["average precision"] == pytest.approx(one["average precision"], abs=0.02)
    assert two["log loss"] == pytest.approx(one["log loss"], rel=0.05)
    assert two["f1"] == pytest.approx(one["f1"], abs=0.02)
    assert by_two.fit.best == pytest.approx(alone.fit.best, abs=0.02)
    rows = alone.split.sizes
    assert sum(shard.train for shard in by_two.shards) == rows["train"]
    assert sum(shard.validation for shard in by_two.shards) == rows["validation"]
    assert len(by_two.shards) == 2
    assert alone.shards == ()


@pytest.mark.usefixtures("temporary")
def test_the_same_workers_give_the_same_bytes(table: pa.Table, by_two: Training) -> None:
    again = train_model(table, payments.plan(workers=2, threads=2))

    assert again.model.digest == by_two.model.digest
    assert again.fit.history == by_two.fit.history


def test_one_worker_is_no_worker() -> None:
    asked = train_model(examples.features(), examples.plan(workers=1))

    assert asked.model.digest == train_model(examples.features(), examples.plan()).model.digest
    assert asked.shards == ()


def test_what_is_reported_of_the_validation_rows_is_what_the_model_does_on_all_of_them() -> None:
    table = examples.features()
    training = train_model(table, examples.plan(workers=3, calibration="none", imbalance="weight"))
    validation = table.take(pa.array(training.split.validation))

    scores = training.model.score(training.model.matrix(validation))

    labels, best = validation.column("_label").to_numpy(), training.fit.history
    assert log_loss(labels, scores) == pytest.approx(
        best[training.fit.rounds - 1]["logloss"], abs=1e-5
    )
    assert average_precision_score(labels, scores) == pytest.approx(training.fit.best, abs=0.01)


def test_workers_search_together_and_the_outcome_trains_the_same_model_again() -> None:
    plan = examples.plan(
        workers=2, search={"trials": 3, "seconds": 60, "space": {"max_depth": {"int": [1, 6]}}}
    )

    searched = train_model(examples.features(), plan)
    again = train_model(examples.features(), plan, parameters=searched.parameters)

    assert searched.parameters.keys() == {"max_depth", "learning_rate", "subsample"}
    assert again.model.digest == searched.model.digest


def test_progress_of_the_workers_is_told() -> None:
    told: list[tuple[float, str]] = []

    train_model(
        examples.features(),
        examples.plan(workers=2),
        progress=lambda share, message: told.append((share, message)),
    )

    assert any("round" in message for _, message in told)
    assert [share for share, _ in told] == sorted(share for share, _ in told)


@pytest.mark.usefixtures("temporary")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_worker_that_is_killed_ends_the_training_with_one_message_and_leaves_nothing(
    rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = examples.plan(workers=2, rounds=100_000, early_stopping=100_000)
    started = []
    start = processes._start

    def remember(*arguments):
        process = start(*arguments)
        started.append(process)
        return process

    monkeypatch.setattr(processes, "_start", remember)
    at_work = threading.Event()

    def kill() -> None:
        assert at_work.wait(60)
        os.kill(started[rank].pid, signal.SIGKILL)

    def progress(_share: float, message: str) -> None:
        if message.startswith("round"):
            at_work.set()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Unavailable) as caught:
        train_model(examples.features(), plan, progress=progress)
    killer.join()

    assert f"worker {rank} of 2 was killed by signal 9" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(process.poll() is not None for process in started)


@pytest.mark.usefixtures("temporary")
def test_what_xgboost_refuses_in_a_worker_is_said_once() -> None:
    # The least of the span is fine, so only a trial can find out.
    plan = examples.plan(
        workers=2,
        search={"trials": 5, "seconds": 60, "space": {"subsample": {"float": [0.9, 40.0]}}},
    )

    with pytest.raises(BadInput, match="XGBoost refuses them"):
        train_model(examples.features(), plan)


def test_more_workers_than_rows_is_bad_input() -> None:
    with pytest.raises(BadInput, match="rows for 900 workers"):
        train_model(examples.features(), examples.plan(workers=900))


def test_parameters_are_refused_before_a_worker_is_started(monkeypatch) -> None:
    monkeypatch.setattr(processes, "_start", None)

    with pytest.raises(BadInput, match='does not know "max_dept"'):
        train_model(examples.features(), examples.plan(workers=2, parameters={"max_dept": 3}))
