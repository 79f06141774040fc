"""XGBoost's C interface for a matrix, without 100 microseconds of Python around each call."""

from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING

import numpy as np

from phasegate.models.booster import import_xgboost

if TYPE_CHECKING:
    import xgboost

_OPTIONS = json.dumps(
    {
        "type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0,
        "missing": float("nan"), "strict_shape": False,
    }
).encode()  # fmt: skip


class DensePredictor:
    """What `Booster.inplace_predict` does with a NumPy matrix.

    Args:
        booster: of one binary logistic score.
    """

    def __init__(self, booster: xgboost.Booster) -> None:
        self._booster = booster
        self._predict = import_xgboost().core._LIB.XGBoosterPredictFromDense
        self._shape = ctypes.POINTER(ctypes.c_uint64)()
        self._dimensions = ctypes.c_uint64()
        self._result = ctypes.POINTER(ctypes.c_float)()

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities, float32 [rows], of a row-major float32 matrix [rows, inputs].

        Raises:
            RuntimeError: XGBoost refuses the matrix.
        """
        rows, width = matrix.shape
        array = (
            f'{{"data":[{matrix.ctypes.data},true],"shape":[{rows},{width}],'
            '"strides":null,"typestr":"<f4","version":3}'
        )
        failed = self._predict(
            self._booster.handle, array.encode(), _OPTIONS, None,
            ctypes.byref(self._shape), ctypes.byref(self._dimensions), ctypes.byref(self._result),
        )  # fmt: skip
        if failed:
            raise RuntimeError(f"XGBoost did not predict a matrix of shape {matrix.shape}")
        # A copy: the library reuses its buffer in the next call.
        return np.frombuffer(ctypes.string_at(self._result, 4 * rows), np.float32)
