"""A small real model, and a real KServe process that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phasegate.models import Calibration, Input, Model
from phasegate.models.booster import import_xgboost
from phasegate.serving.client import ModelClient
from phasegate.serving.process import ModelServerProcess

NAME = "fraud"


def small_model(seed: int = 7) -> Model:
    """Two numeric inputs and a categorical one, isotonic calibration; 20 trees."""
    xgboost = import_xgboost()
    random = np.random.default_rng(seed)
    matrix = np.column_stack(
        [random.normal(size=600), random.gamma(2, 30, 600), random.integers(0, 3, 600)]
    ).astype(np.float32)
    matrix[::11, 0] = np.nan
    label = (np.nan_to_num(matrix[:, 0]) + matrix[:, 2] + random.normal(size=600) > 1.5) * 1
    booster = xgboost.train(
        {"objective": "binary:logistic", "seed": seed, "nthread": 1, "max_depth": 4},
        xgboost.DMatrix(matrix, label=label),
        num_boost_round=20,
    )
    return Model(
        name=NAME,
        inputs=(
            Input("amount", "numeric"),
            Input("mean_7d", "numeric"),
            Input("category", "categorical"),
        ),
        encoding={"category": ("food", "fuel", "travel")},
        calibration=Calibration("isotonic", x=(0.1, 0.3, 0.8), y=(1 / 30, 1 / 3, 0.9)),
        threshold=0.4,
        label={"column": "is_fraud", "positive": 1},
        definitions={},
        definitions_digest="0" * 64,
        libraries={"xgboost": xgboost.__version__},
        booster=bytes(booster.save_raw("ubj")),
    )


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    small_model().save(folder)
    return folder


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    return Model.load(model_folder)


@pytest.fixture(scope="session")
def server(
    model_folder: Path, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelServerProcess]:
    log = tmp_path_factory.mktemp("server") / "server.log"
    with ModelServerProcess(model_folder, model.digest, NAME, log=log) as process:
        yield process


@pytest.fixture
def client(server: ModelServerProcess) -> Iterator[ModelClient]:
    with server.client() as client:
        yield client
