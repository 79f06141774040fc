"""Scores of a batch: a compiled engine for few rows, XGBoost for many, the same bits from both."""

from __future__ import annotations

import math

import numpy as np

from phasegate.models import CATEGORICAL, Model
from phasegate.models.booster import import_xgboost
from phasegate.serving.compiled import CompiledTrees
from phasegate.serving.dense import DensePredictor
from phasegate.serving.probes import PROBES, Engine, differing, probe_rows, seconds
from phasegate.serving.rows import Batch
from phasegate.serving.trees import UnknownTrees

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Scorer:
    """Scores batches of one model exactly as `Model.score` does.

    ONNX Runtime needs a thirtieth of XGBoost's time for one row, and more than XGBoost for a
    hundred. When the model is loaded, every engine is asked the same probe rows; one that differs
    from `Booster.inplace_predict` in a single bit is not used, and the others share the batches by
    what was measured.

    Attributes:
        compiled_rows: batches of up to so many rows go to the compiled engine; 0 is none.
        reason: why there is no compiled engine; empty when there is.

    Raises:
        BadInput: when the booster cannot be read.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        kinds = np.array([one.kind == CATEGORICAL for one in model.inputs], bool)
        self._numeric, self._text = np.flatnonzero(~kinds), np.flatnonzero(kinds)
        self._codes = [
            {name: float(code) for code, name in enumerate(model.encoding[one.name])}
            for one in model.inputs
            if one.kind == CATEGORICAL
        ]
        model.score(np.full((1, len(model.inputs)), np.nan, np.float32))  # or refuses the booster
        booster = import_xgboost().Booster({"nthread": model.threads})
        booster.load_model(bytearray(model.booster))
        self._few: Engine | None = None
        self._many: Engine = booster.inplace_predict
        self.compiled_rows, self.reason = 0, ""
        text = bytes(booster.save_raw("json"))
        try:
            compiled = CompiledTrees(text)
        except UnknownTrees as unknown:
            self.reason = f"trees of another kind: {unknown}"
            return
        rows = probe_rows(text, model)
        dense = DensePredictor(booster)
        if not differing(dense, booster.inplace_predict, rows):
            self._many = dense
        if wrong := differing(compiled, booster.inplace_predict, rows):
            self.reason = f"{wrong} of {PROBES} probe rows differ from XGBoost"
            return
        self._few = compiled
        self.compiled_rows = _largest_batch(compiled, self._many, rows)

    def score(self, batch: Batch) -> np.ndarray:
        """Calibrated probabilities, float64 [rows]."""
        if not batch.rows:
            return np.empty(0)
        matrix = self._matrix(batch)
        engine = self._few if self._few and batch.rows <= self.compiled_rows else self._many
        return self._model.calibration.apply(engine(matrix))

    def _matrix(self, batch: Batch) -> np.ndarray:
        """What the trees read, float32 [rows, inputs]; unseen categories are missing."""
        if not self._codes:
            return batch.numeric.astype(np.float32)
        matrix = np.empty((batch.rows, len(self._model.inputs)), np.float32)
        matrix[:, self._numeric] = batch.numeric
        for column, codes, values in zip(self._text, self._codes, batch.text, strict=True):
            matrix[:, column] = [codes.get(value, math.nan) for value in values]
        return matrix


def _largest_batch(few: Engine, many: Engine, rows: np.ndarray) -> int:
    """The largest size up to which the compiled engine is the faster one here."""
    largest = 0
    for size in _SIZES:
        if seconds(few, rows, size) > seconds(many, rows, size):
            break
        largest = size
    return largest
