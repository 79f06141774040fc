"""A booster as ONNX Runtime computes it."""

from __future__ import annotations

import numpy as np
import onnxruntime

from phasegate.serving.libm import expf
from phasegate.serving.trees import INPUT, OUTPUT, onnx_graph

_EXP_BOUND = np.float32(88.7)  # XGBoost's own, against overflow


class CompiledTrees:
    """Raw probabilities of a booster, by ONNX Runtime on one thread.

    Args:
        booster: JSON of a booster, as ``save_raw("json")`` gives it.

    Raises:
        UnknownTrees: see `onnx_graph`.
    """

    def __init__(self, booster: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            onnx_graph(booster), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities, float32 [rows], of a float32 matrix [rows, inputs]; NaN is missing."""
        margins = self._session.run([OUTPUT], {INPUT: matrix})[0].ravel()
        # XGBoost's logistic function, in its precision and by the C function that it calls.
        bounded = np.minimum(-margins, _EXP_BOUND).tolist()
        powers = np.array([expf(value) for value in bounded], np.float32)
        return np.float32(1) / (powers + np.float32(1))
