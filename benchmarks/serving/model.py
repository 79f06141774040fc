"""The model that is served: 300 trees of depth 6 over 30 numeric features, from seeded data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

from phasegate.models import Calibration, Input, Model
from phasegate.models.booster import import_xgboost

NAME = "benchmark"
FEATURES, TREES, DEPTH = 30, 300, 6
TRAINING_ROWS = 20_000


def rows(count: int, seed: int) -> np.ndarray:
    """Feature values, float64 [count, 30], with four decimals as tables have them."""
    return np.round(np.random.default_rng(seed).normal(size=(count, FEATURES)), 4)


def benchmark_model(seed: int = 7) -> Model:
    """Train it; no calibration, so that its score is what XGBoost answers."""
    xgboost = import_xgboost()
    matrix = rows(TRAINING_ROWS, seed)
    noise = np.random.default_rng(seed + 1).normal(size=TRAINING_ROWS)
    signal = matrix[:, 0] * matrix[:, 1] + np.sin(2 * matrix[:, 2]) + matrix[:, 3:].mean(axis=1)
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.1, "seed": seed},
        xgboost.DMatrix(matrix, label=signal + noise > 0),
        num_boost_round=TREES,
    )
    return Model(
        name=NAME,
        inputs=tuple(Input(f"feature_{number:02}", "numeric") for number in range(FEATURES)),
        encoding={},
        calibration=Calibration(),
        threshold=0.5,
        label={"column": "label", "positive": 1},
        definitions={},
        definitions_digest="0" * 64,
        libraries={"xgboost": xgboost.__version__},
        booster=bytes(booster.save_raw("ubj")),
    )


def saved_model(folder: Path, seed: int = 7) -> Model:
    """Train it and write its folder."""
    model = benchmark_model(seed)
    model.save(folder)
    return model


def one_tensor(matrix: np.ndarray) -> bytes:
    """A request of the Open Inference Protocol with all features in one tensor."""
    return _request(
        [
            {
                "name": "features",
                "shape": list(matrix.shape),
                "datatype": "FP32",
                "data": matrix.ravel().tolist(),
            }
        ]
    )


def named_tensors(matrix: np.ndarray) -> bytes:
    """The same with one named tensor for each feature."""
    return _request(
        [
            {
                "name": f"feature_{number:02}",
                "shape": [len(matrix)],
                "datatype": "FP64",
                "data": matrix[:, number].tolist(),
            }
            for number in range(FEATURES)
        ]
    )


def _request(inputs: Sequence[dict[str, object]]) -> bytes:
    return orjson.dumps({"inputs": inputs})
