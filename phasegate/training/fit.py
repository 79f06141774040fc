"""Grow the trees: XGBoost `hist`, stopped early, the same bytes for the same rows and seed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, Input
from phasegate.models.booster import import_xgboost
from phasegate.progress import Progress, no_progress

if TYPE_CHECKING:
    import xgboost

STOPPING_METRIC = "aucpr"
METRICS = ("logloss", STOPPING_METRIC)  # XGBoost stops early by the last
RESERVED = {
    "objective": "the label is binary",
    "tree_method": "hist is the reproducible one",
    "booster": "trees are the reproducible one",
    "device": "processors are the reproducible one",
    "eval_metric": f"training stops by {STOPPING_METRIC}",
    "seed": "training.seed sets it",
    "random_state": "training.seed sets it",
    "nthread": "training.threads sets it",
    "n_jobs": "training.threads sets it",
    "scale_pos_weight": "training.imbalance sets it",
    "max_bin": "rows are binned once, before training",
}
_FIXED = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "eval_metric": list(METRICS),
}
_REPORTS = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to learn from or to be tuned on: matrix float32 [rows, inputs], labels int8 [rows]."""

    matrix: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Fit:
    """A booster cut off after its best round.

    Attributes:
        booster: UBJSON.
        rounds: trees that were kept; the best round, counted from 1.
        history: validation metrics of each round that was tried.
    """

    booster: bytes
    rounds: int
    history: tuple[dict[str, float], ...]

    @property
    def best(self) -> float:
        """Validation PR-AUC of the best round."""
        return self.history[self.rounds - 1][STOPPING_METRIC]


class Trainer:
    """Binned training and validation rows, to fit on once or many times.

    Args:
        training: training section of the project; its `threads` change no byte of a model.
        weight: of a positive row; None: as the training rows have it.
        measure: PR-AUC from scores of the validation rows; None: XGBoost's own. Given where
            other workers have rows too.
    """

    def __init__(
        self,
        train: Rows,
        validation: Rows,
        inputs: Sequence[Input],
        training: Mapping[str, Any],
        *,
        weight: float | None = None,
        measure: Callable[[np.ndarray], float] | None = None,
    ) -> None:
        self._xgboost = import_xgboost()
        self._training, self._measure = training, measure
        kinds = ["c" if one.kind == CATEGORICAL else "float" for one in inputs]
        self._weight = positive_weight(train.labels, training) if weight is None else weight

        def binned(rows: Rows, ref: xgboost.DMatrix | None) -> xgboost.QuantileDMatrix:
            return self._xgboost.QuantileDMatrix(
                rows.matrix,
                rows.labels,
                ref=ref,
                feature_types=kinds,
                nthread=training["threads"],
            )

        self._train = binned(train, None)
        self._validation = binned(validation, self._train)

    def fit(self, parameters: Mapping[str, Any], progress: Progress = no_progress) -> Fit:
        """Grow trees until the validation metric has not improved for `early_stopping` rounds.

        Args:
            parameters: XGBoost's own, such as max_depth.

        Raises:
            BadInput: on a parameter that XGBoost does not know, a value that it refuses, or a
                name that another key of the project sets.
        """
        check_parameters(parameters)
        training, history = self._training, {}
        measured = {} if self._measure is None else {"eval_metric": list(METRICS[:-1])}
        booster = self._xgboost.train(
            {
                **parameters,
                **_FIXED,
                **measured,
                "scale_pos_weight": self._weight,
                "seed": training["seed"],
                "nthread": training["threads"],
            },
            self._train,
            training["rounds"],
            evals=[(self._validation, "validation")],
            evals_result=history,
            early_stopping_rounds=training["early_stopping"],
            callbacks=[*self._measuring(), self._report(progress)],
            verbose_eval=False,
        )
        kept = booster.best_iteration + 1
        rounds = zip(*(history["validation"][name] for name in METRICS), strict=True)
        return Fit(
            booster=bytes(_without_attributes(booster[:kept]).save_raw("ubj")),
            rounds=kept,
            history=tuple(dict(zip(METRICS, values, strict=True)) for values in rounds),
        )

    def _measuring(self) -> list[xgboost.callback.TrainingCallback]:
        """Adds our own measure to XGBoost's; before it is reported and training stops by it."""
        measure, validation = self._measure, self._validation
        if measure is None:
            return []

        class Measure(self._xgboost.callback.TrainingCallback):
            def after_iteration(self, model: Any, _epoch: int, evals_log: Any) -> bool:
                values = evals_log["validation"].setdefault(STOPPING_METRIC, [])
                values.append(measure(model.predict(validation)))
                return False

        return [Measure()]

    def _report(self, progress: Progress) -> xgboost.callback.TrainingCallback:
        rounds = self._training["rounds"]
        every = max(rounds // _REPORTS, 1)

        class Report(self._xgboost.callback.TrainingCallback):
            def after_iteration(self, _model: Any, epoch: int, evals_log: Any) -> bool:
                if epoch % every == 0:
                    score = evals_log["validation"][STOPPING_METRIC][-1]
                    progress(
                        epoch / rounds,
                        f"round {epoch + 1} of at most {rounds}, PR-AUC {score:.4f}",
                    )
                return False

        return Report()


def positive_weight(labels: np.ndarray, training: Mapping[str, Any]) -> float:
    """Weight of a positive row, as the project's `training.imbalance` says.

    Args:
        labels: 0 or 1 of all training rows.
    """
    if training["imbalance"] != "weight":
        return 1.0
    positive = int(labels.sum())
    return (len(labels) - positive) / positive


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that cannot be used, by training on two rows with them.

    Raises:
        BadInput: on one that XGBoost does not know, whose value it refuses, or that would make a
            model irreproducible or contradict another key of the project.
    """
    where = "training.parameters"
    for name in sorted(RESERVED.keys() & parameters.keys()):
        raise BadInput(f"'{name}' cannot be set here: {RESERVED[name]}", where=where)
    xgboost = import_xgboost()
    rows = xgboost.DMatrix(np.array([[0.0], [1.0]]), np.array([0, 1]), nthread=1)
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            xgboost.train({**parameters, **_FIXED, "nthread": 1}, rows, 1)
        except (xgboost.core.XGBoostError, ValueError) as error:
            first = next(line for line in str(error).splitlines() if line.strip())
            reason = first.partition("] ")[2] or first
            raise BadInput(f"XGBoost refuses them: {reason}", where=where) from None
    unknown = [
        found.group(1)
        for complaint in complaints
        if (found := re.search(r"Parameters: \{(.+)\} are not used", str(complaint.message)))
    ]
    if unknown:
        raise BadInput(
            f"XGBoost does not know{unknown[0].rstrip()}",
            where=where,
            expected="parameters of XGBoost's tree booster",
        )


def _without_attributes(booster: xgboost.Booster) -> xgboost.Booster:
    """Attributes record how the search for the best round went, which is no part of the model."""
    booster.set_attr(**dict.fromkeys(booster.attributes()))
    return booster
