"""Scores of a batch: a compiled engine for few rows, XGBoost for many, the same bits from both."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable

import numpy as np

from phasegate.models import CATEGORICAL, Model
from phasegate.models.booster import import_xgboost
from phasegate.serving.libm import expf
from phasegate.serving.rows import Batch

_SIZES = (1, 4, 16, 64, 256)
_PROBES = 512
_REPEATS = 5
_EXP_BOUND = np.float32(88.7)  # XGBoost's own, against overflow

Margins = Callable[[np.ndarray], np.ndarray]


class Scorer:
    """Scores batches of one model exactly as `Model.score` does.

    ONNX Runtime needs a thirtieth of XGBoost's time for one row and more for many. Its answers on
    probe rows are compared with XGBoost's, bit by bit, when the model is loaded; unless all are
    equal it is not used.

    Attributes:
        compiled_rows: batches of up to so many rows go to the compiled engine; 0 is none.
        reason: why there is no compiled engine; empty when there is.

    Raises:
        BadInput: when the booster cannot be read.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        kinds = [one.kind == CATEGORICAL for one in model.inputs]
        self._numeric = np.flatnonzero(~np.array(kinds, bool))
        self._text = np.flatnonzero(kinds)
        self._codes = [
            {name: float(code) for code, name in enumerate(model.encoding[one.name])}
            for one in model.inputs
            if one.kind == CATEGORICAL
        ]
        model.score(np.full((1, len(model.inputs)), np.nan, np.float32))  # loads the booster
        self._compiled, self.reason = _compile(model)
        self.compiled_rows = 0
        if self._compiled:
            self.compiled_rows = _largest_batch(self._compiled, model)

    def score(self, batch: Batch) -> np.ndarray:
        """Calibrated probabilities, float64 [rows]."""
        matrix = self.matrix(batch)
        if self._compiled and 0 < batch.rows <= self.compiled_rows:
            return self._model.calibration.apply(_probability(self._compiled(matrix)))
        return self._model.score(matrix)

    def matrix(self, batch: Batch) -> np.ndarray:
        """What the trees read, float32 [rows, inputs]; unseen categories are missing."""
        if not self._codes:
            return batch.numeric.astype(np.float32)
        matrix = np.empty((batch.rows, len(self._model.inputs)), np.float32)
        matrix[:, self._numeric] = batch.numeric
        for column, codes, values in zip(self._text, self._codes, batch.text, strict=True):
            matrix[:, column] = [codes.get(value, math.nan) for value in values]
        return matrix


def _compile(model: Model) -> tuple[Margins | None, str]:
    """Margins of a matrix by ONNX Runtime; or None, and why not."""
    import onnxruntime

    from phasegate.serving.trees import INPUT, OUTPUT, UnknownTrees, onnx_graph

    booster = import_xgboost().Booster()
    booster.load_model(bytearray(model.booster))
    text = bytes(booster.save_raw("json"))
    try:
        graph = onnx_graph(text)
    except UnknownTrees as unknown:
        return None, f"trees of another kind: {unknown}"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def margins(matrix: np.ndarray) -> np.ndarray:
        return session.run([OUTPUT], {INPUT: matrix})[0].ravel()

    probes = _probes(text, model)
    expected = model.score(probes)
    for size in (1, 7, _PROBES):
        parts = [margins(probes[start : start + size]) for start in range(0, _PROBES, size)]
        found = model.calibration.apply(_probability(np.concatenate(parts)))
        if not np.array_equal(found, expected):
            differing = np.count_nonzero(found != expected)
            return None, f"{differing} of {_PROBES} probe rows differ from XGBoost"
    return margins, ""


def _probes(booster: bytes, model: Model) -> np.ndarray:
    """Rows of categories, of numbers that trees split at and their lower neighbours, of gaps."""
    random = np.random.default_rng(0)
    splits: list[list[float]] = [[0.0] for _ in model.inputs]
    for tree in json.loads(booster)["learner"]["gradient_booster"]["model"]["trees"]:
        for left, feature, value in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], strict=True
        ):
            if left != -1:
                splits[feature].append(value)
    columns = []
    for one, values in zip(model.inputs, splits, strict=True):
        if one.kind == CATEGORICAL:
            drawn = random.integers(0, max(1, len(model.encoding[one.name])), _PROBES)
        else:
            drawn = random.choice(np.array(values, np.float32), _PROBES)
            below = np.nextafter(drawn, np.float32(-np.inf))
            drawn = np.where(random.random(_PROBES) < 0.5, drawn, below)
        columns.append(np.where(random.random(_PROBES) < 0.1, np.nan, drawn))
    return np.ascontiguousarray(np.stack(columns, axis=1), np.float32)


def _largest_batch(compiled: Margins, model: Model) -> int:
    """The largest size for which the compiled engine is the faster one here."""
    largest = 0
    for size in _SIZES:
        matrix = np.zeros((size, len(model.inputs)), np.float32)
        if _seconds(lambda: _probability(compiled(matrix))) > _seconds(lambda: model.score(matrix)):  # noqa: B023
            break
        largest = size
    return largest


def _seconds(call: Callable[[], object]) -> float:
    best = math.inf
    for _ in range(_REPEATS):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best


def _probability(margins: np.ndarray) -> np.ndarray:
    """XGBoost's logistic function, float32."""
    bounded = np.minimum(-margins, _EXP_BOUND).tolist()
    powers = np.array([expf(value) for value in bounded], np.float32)
    return np.float32(1) / (powers + np.float32(1))
