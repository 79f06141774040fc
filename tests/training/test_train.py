from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from phasegate.errors import BadInput
from phasegate.training.fit import check_parameters
from phasegate.training.train import read_features, train_model

from .examples import CATEGORIES, features, plan, sections

TRAIN_AND_PRINT = """
import sys
from tests.training.examples import features, plan
from phasegate.training.train import train_model
print(train_model(features(), plan(threads=int(sys.argv[1]))).model.digest)
"""


def test_processes_and_thread_counts_give_the_same_bytes() -> None:
    here = train_model(features(), plan()).model.digest
    root = str(Path(__file__).parents[2])

    for threads in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", TRAIN_AND_PRINT, threads],
            env={"PYTHONPATH": root, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here


def test_it_learns_what_there_is_to_learn() -> None:
    table = features()
    training = train_model(table, plan())
    test = table.take(pa.array(training.split.test))

    scores = training.model.score(training.model.matrix(test))

    label = test.column("_label").to_numpy()
    assert scores[label == 1].mean() > 2 * scores[label == 0].mean()
    assert training.threshold.value == training.model.threshold


def test_the_booster_is_cut_off_at_its_best_round() -> None:
    training = train_model(features(), plan(rounds=200, early_stopping=3))

    history = [entry["aucpr"] for entry in training.fit.history]
    assert training.fit.rounds == int(np.argmax(history)) + 1
    assert len(history) == training.fit.rounds + 3


def test_test_rows_leave_no_trace_in_the_model() -> None:
    table = features()
    split = train_model(table, plan()).split
    label = table.column("_label").to_numpy().copy()
    label[split.test] = 1 - label[split.test]
    turned = table.set_column(2, "_label", pa.array(label))

    assert train_model(turned, plan()).model.digest == train_model(table, plan()).model.digest


def test_a_category_of_later_rows_only_is_not_learned() -> None:
    table = features()
    kinds = np.array(table.column("category").to_pylist(), dtype=object)
    kinds[-100:] = "space"
    place = table.column_names.index("category")

    model = train_model(table.set_column(place, "category", pa.array(kinds)), plan()).model

    assert model.encoding["category"] == tuple(sorted(CATEGORIES))


@pytest.mark.parametrize("column", ["amount", "category"])
def test_a_column_without_any_value_can_be_trained_on(column: str) -> None:
    table = features()
    place = table.column_names.index(column)
    empty = pa.nulls(len(table), table.schema.field(place).type)

    model = train_model(table.set_column(place, column, empty), plan()).model

    assert np.isfinite(model.score(model.matrix(table))).all()


@pytest.mark.parametrize("calibration", ["none", "sigmoid", "isotonic"])
@pytest.mark.parametrize("imbalance", ["none", "weight"])
def test_probabilities_mean_what_they_say_unless_they_are_left_raw(
    calibration: str, imbalance: str
) -> None:
    table = features(20_000)
    training = train_model(table, plan(calibration=calibration, imbalance=imbalance))
    test = table.take(pa.array(training.split.test))

    scores = training.model.score(training.model.matrix(test))

    gap = abs(scores.mean() - test.column("_label").to_numpy().mean())
    assert (gap < 0.02) == (calibration != "none" or imbalance == "none")


def test_a_search_is_seeded_and_its_choice_trains_the_same_model_without_it() -> None:
    searching = plan(search={"trials": 4, "seconds": 60, "space": {"max_depth": {"int": [1, 6]}}})

    first, second = (train_model(features(), searching) for _ in range(2))
    again = train_model(features(), searching, parameters=first.parameters)

    assert first.parameters == second.parameters
    assert first.parameters.keys() == {"max_depth", "learning_rate", "subsample"}
    assert again.model.digest == first.model.digest


def test_a_threshold_may_maximize_the_project_s_value() -> None:
    training = train_model(features(), plan(threshold={"maximize": "value", "subject_to": {}}))

    # A hit is worth five false alarms, so deciding 1 pays from about one in six.
    assert training.threshold.value == pytest.approx(1 / 6, abs=0.1)


def test_progress_is_told_and_never_falls() -> None:
    told: list[float] = []

    train_model(features(), plan(), progress=lambda share, _: told.append(share))

    assert len(told) > 3
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_dept": 3}, 'does not know "max_dept"'),
        ({"max_depth": "deep"}, "max_depth"),
        ({"subsample": 7}, "subsample"),
        ({"seed": 3}, "training.seed sets it"),
        ({"tree_method": "exact"}, "'tree_method' cannot be set here"),
    ],
)
def test_parameters_that_cannot_be_used_are_named_before_training(parameters, message) -> None:
    with pytest.raises(BadInput, match=message):
        check_parameters(parameters)


def test_a_file_without_a_feature_of_the_plan_is_bad_input(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(features(10).drop_columns(["amount"]), tmp_path / "features.parquet")

    with pytest.raises(BadInput, match="missing columns: amount"):
        read_features(tmp_path / "features.parquet", plan(), threads=1)


def test_sections_survive_the_plan() -> None:
    assert plan().sections == sections()
