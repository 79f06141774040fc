"""The compiled engine gives XGBoost's own bits, or is not used."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.models import Calibration, Input, Model
from phasegate.models.booster import import_xgboost
from phasegate.serving.rows import Batch
from phasegate.serving.scoring import Scorer
from phasegate.serving.trees import UnknownTrees, onnx_graph
from tests.serving.conftest import small_model

CATEGORIES = tuple(f"c{number:02}" for number in range(30))


def trained(seed: int, depth: int, trees: int, **parameters: object) -> Model:
    """A model of two numbers, a category of three and one of thirty, with gaps in all."""
    xgboost = import_xgboost()
    random = np.random.default_rng(seed)
    matrix = np.column_stack(
        [
            random.normal(size=800),
            random.gamma(1, 1000, 800).round(2),
            random.integers(0, 3, 800),
            random.integers(0, 30, 800),
        ]
    ).astype(np.float32)
    effect = random.normal(size=30)
    margin = np.log1p(matrix[:, 1]) / 3 + effect[matrix[:, 3].astype(int)] + (matrix[:, 2] == 1)
    label = (margin + random.normal(size=800) > 2.5) * 1
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    booster = xgboost.train(
        {
            "objective": "binary:logistic", "max_depth": depth, "seed": seed, "nthread": 1,
            **parameters,
        },
        xgboost.DMatrix(
            matrix, label=label, feature_types=["q", "q", "c", "c"], enable_categorical=True
        ),
        num_boost_round=trees,
    )  # fmt: skip
    return dataclasses.replace(
        small_model(),
        inputs=(
            Input("x", "numeric"),
            Input("amount", "numeric"),
            Input("kind", "categorical"),
            Input("shop", "categorical"),
        ),
        encoding={"kind": ("a", "b", "c"), "shop": CATEGORIES},
        calibration=Calibration(),
        booster=bytes(booster.save_raw("ubj")),
    )


def drawn(seed: int, rows: int) -> Batch:
    random = np.random.default_rng(seed)
    numeric = np.column_stack([random.normal(size=rows), random.gamma(1, 1000, rows)])
    numeric[random.random(numeric.shape) < 0.1] = np.nan
    return Batch(
        numeric,
        [
            random.choice(["a", "b", "c", "never seen", None], rows).tolist(),
            random.choice([*CATEGORIES, "never seen", None], rows).tolist(),
        ],
        rows,
    )


def by_xgboost(model: Model, batch: Batch) -> np.ndarray:
    columns = dict(zip(["x", "amount"], batch.numeric.T, strict=True))
    texts = dict(zip(["kind", "shop"], batch.text, strict=True))
    return model.score(model.matrix({**columns, **texts}))


@settings(max_examples=12)
@given(
    st.integers(0, 10_000),
    st.integers(1, 8),
    st.integers(1, 60),
    st.sampled_from([{}, {"max_cat_to_onehot": 100}, {"num_parallel_tree": 3, "subsample": 0.5}]),
)
def test_scores_have_the_bits_of_xgboost(
    seed: int, depth: int, trees: int, parameters: dict[str, object]
) -> None:
    model = trained(seed, depth, trees, **parameters)
    scorer = Scorer(model)
    assert scorer.reason == ""
    batch = drawn(seed + 1, 400)
    expected = by_xgboost(model, batch)
    for size in (1, 3, 50, 400):
        scorer.compiled_rows = size  # whatever is the faster one on this machine
        found = [
            scorer.score(
                Batch(
                    batch.numeric[at : at + size],
                    [one[at : at + size] for one in batch.text],
                    len(batch.numeric[at : at + size]),
                )
            )
            for at in range(0, 400, size)
        ]
        assert np.array_equal(np.concatenate(found), expected)


def test_trees_of_another_kind_are_left_to_xgboost() -> None:
    model = trained(1, 3, 5, booster="dart", rate_drop=0.5)
    scorer = Scorer(model)
    assert "dart" in scorer.reason
    assert scorer.compiled_rows == 0
    batch = drawn(2, 10)
    assert np.array_equal(scorer.score(batch), by_xgboost(model, batch))


def test_an_engine_that_differs_in_one_bit_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = onnx_graph

    def biased(booster: bytes) -> bytes:
        document = json.loads(booster)
        parameters = document["learner"]["learner_model_param"]
        (score,) = json.loads(parameters["base_score"])
        parameters["base_score"] = f"[{np.nextafter(np.float32(score), np.float32(1))}]"
        return honest(json.dumps(document))

    monkeypatch.setattr("phasegate.serving.compiled.onnx_graph", biased)
    scorer = Scorer(trained(3, 4, 10))
    assert "differ from XGBoost" in scorer.reason
    assert scorer.compiled_rows == 0


def test_no_rows_have_no_scores() -> None:
    scorer = Scorer(small_model())
    assert scorer.score(Batch(np.empty((0, 2)), [[]], 0)).tolist() == []


def test_a_regression_is_not_translated() -> None:
    text = _json_of(small_model()).replace(b"binary:logistic", b"reg:squarederror")
    with pytest.raises(UnknownTrees, match="reg:squarederror"):
        onnx_graph(text)


def _json_of(model: Model) -> bytes:
    booster = import_xgboost().Booster()
    booster.load_model(bytearray(model.booster))
    return bytes(booster.save_raw("json"))
