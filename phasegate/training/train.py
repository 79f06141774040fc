"""Make a model of a feature table: a function of its arguments, whatever the machine's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.models import Calibration, Input, Model, encode
from phasegate.models.booster import import_xgboost
from phasegate.progress import Progress, between, no_progress
from phasegate.training.calibration import fit_calibration
from phasegate.training.distributed.fit import Launcher, fit_on_workers
from phasegate.training.distributed.job import Shard
from phasegate.training.distributed.processes import Processes
from phasegate.training.encoding import fit_categories
from phasegate.training.fit import Fit, Rows, Trainer
from phasegate.training.plan import Plan
from phasegate.training.search import search_parameters
from phasegate.training.split import Split, split_features
from phasegate.training.threshold import Threshold, choose_threshold


@dataclass(frozen=True, eq=False)
class Training:
    """A trained model and how it came to be.

    Attributes:
        fit: rounds and validation metrics.
        parameters: XGBoost's, as searched or as given; they train the same model again.
        shards: rows of each worker, by rank; empty where there was one only.
    """

    model: Model
    split: Split
    fit: Fit
    threshold: Threshold
    parameters: Mapping[str, Any]
    shards: tuple[Shard, ...] = ()


def train_model(
    features: pa.Table,
    plan: Plan,
    *,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
    launcher: Launcher | None = None,
) -> Training:
    """Split, search if asked to, fit, calibrate, set the threshold.

    The booster learns from the training slice and stops by the validation slice; calibration and
    threshold are fitted on the calibration slice; the test slice is left alone. The same
    features, plan and parameters give the same bytes, with any number of threads.

    Args:
        features: `_row`, `_time`, `_label` and one column for each feature of the plan.
        parameters: resolved ones of an earlier training; there is then no search.
        launcher: of workers, where the plan asks for more than one; None: processes here. Which
            it is changes no byte; how many workers there are does.

    Raises:
        Unavailable: when a worker dies.
        BadInput: when a feature is absent, a slice is empty or has one class, or XGBoost refuses
            a parameter.
    """
    inputs = tuple(Input(column.name, column.kind) for column in plan.definitions.columns)
    split = split_features(features, plan.split, plan.data)
    progress(0.0, "encoding features")
    is_searching = parameters is None and plan.training["search"]["trials"] > 0
    searched = 0.6 if is_searching else 0.1
    categories = fit_categories(features, inputs, split.train)
    matrix, labels = encode(features, inputs, categories), features.column("_label").to_numpy()
    learning, tuning, held_out = (
        Rows(_take(matrix, positions), labels[positions])
        for positions in (split.train, split.validation, split.calibration)
    )

    shards: tuple[Shard, ...] = ()
    if plan.workers > 1:
        given = None if is_searching else _given(plan, parameters)
        by_all = between(progress, 0.1, 0.9)
        shared = fit_on_workers(
            learning, tuning, inputs, plan.training, given, launcher or Processes(), by_all
        )
        fit, parameters, shards = shared.fit, shared.parameters, shared.shards
    else:
        trainer = Trainer(learning, tuning, inputs, plan.training)
        if parameters is None:
            parameters = _resolve(trainer, plan.training, between(progress, 0.1, searched))
        fit = trainer.fit(parameters, between(progress, searched, 0.9))

    progress(0.9, "calibrating and choosing the threshold")
    uncalibrated = Model(
        name=plan.name,
        inputs=inputs,
        encoding=categories,
        calibration=Calibration(),
        threshold=0.5,
        label={name: plan.data["label"][name] for name in ("column", "positive")},
        definitions=plan.definitions.document,
        definitions_digest=plan.definitions.digest,
        libraries={"xgboost": import_xgboost().__version__},
        booster=fit.booster,
        threads=plan.training["threads"],
    )
    model, threshold = _decide(uncalibrated, held_out, plan)
    return Training(model, split, fit, threshold, dict(parameters), shards)


def _given(plan: Plan, parameters: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return plan.training["parameters"] if parameters is None else parameters


def _resolve(
    trainer: Trainer, training: Mapping[str, Any], progress: Progress
) -> Mapping[str, Any]:
    if training["search"]["trials"]:
        return search_parameters(trainer, training, progress)
    return training["parameters"]


def _decide(uncalibrated: Model, held_out: Rows, plan: Plan) -> tuple[Model, Threshold]:
    """Calibrate a model and set its threshold, both on rows that its booster never saw."""
    raw = uncalibrated.score(held_out.matrix)
    calibration = fit_calibration(plan.training["calibration"], raw, held_out.labels)
    threshold = choose_threshold(
        calibration.apply(raw), held_out.labels, plan.training["threshold"], plan.value
    )
    return replace(uncalibrated, calibration=calibration, threshold=threshold.value), threshold


def read_features(path: Path, plan: Plan, *, threads: int) -> pa.Table:
    """The columns of a feature set's file that training reads.

    Raises:
        BadInput: when the file lacks one of them.
    """
    import pyarrow.parquet as pq

    names = ["_row", "_time", "_label", *(column.name for column in plan.definitions.columns)]
    pa.set_cpu_count(threads)
    with pq.ParquetFile(path) as file:
        if absent := sorted(set(names) - set(file.schema_arrow.names)):
            raise BadInput(
                f"missing columns: {', '.join(absent)}",
                where=str(path),
                fix="compute the features again, with this project file",
            )
        return file.read(columns=names)


def _take(matrix: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Rows at positions: a view where they are contiguous, as they are in a sorted table."""
    first = int(positions[0])
    if np.array_equal(positions, np.arange(first, first + len(positions))):
        return matrix[first : first + len(positions)]
    return matrix[positions]
