"""PR-AUC of pooled scores is XGBoost's own number of one process."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost

from phasegate.training.distributed.precision_recall import area_under_precision_recall


def own(scores: np.ndarray, positive: np.ndarray) -> float:
    """XGBoost's `aucpr` of given scores: a model without trees gives each row its margin."""
    rows = xgboost.DMatrix(np.zeros((len(scores), 1)), positive, nthread=1)
    rows.set_base_margin(scores)
    booster = xgboost.train(
        {
            "eval_metric": "aucpr",
            "objective": "binary:logitraw",
            "learning_rate": 0.0,
            "nthread": 1,
        },
        rows,
        1,
    )
    return float(booster.eval(rows).rpartition(":")[2])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_it_is_what_xgboost_says(seed: int, decimals: int) -> None:
    random = np.random.default_rng(seed)
    positive = random.random(700) < 0.2
    scores = np.round(random.normal(size=700) + positive, decimals).astype(np.float32)

    assert area_under_precision_recall(scores, positive) == pytest.approx(
        own(scores, positive), abs=1e-5
    )


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.9, 0.8, 0.2, 0.1], [True, True, False, False], 1.0),
        ([0.5, 0.5, 0.5, 0.5], [True, False, False, False], 0.25),
    ],
)
def test_perfect_and_blind_scores(scores, positive, area) -> None:
    found = area_under_precision_recall(np.array(scores, np.float32), np.array(positive))

    assert found == pytest.approx(area)
