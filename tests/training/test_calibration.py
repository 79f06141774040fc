from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from phasegate.models import Calibration
from phasegate.training.calibration import fit_calibration

KINDS = ("none", "sigmoid", "isotonic")


@st.composite
def scored(draw) -> tuple[np.ndarray, np.ndarray]:
    rows = draw(st.integers(2, 60))
    raw = draw(arrays.arrays(np.float32, rows, elements=st.floats(0, 1, width=32)))
    labels = draw(arrays.arrays(np.int8, rows, elements=st.integers(0, 1)))
    labels[0], labels[1] = 0, 1
    return raw, labels


@given(rows=scored(), kind=st.sampled_from(KINDS))
def test_a_higher_score_is_never_a_lower_probability(rows, kind: str) -> None:
    calibrated = fit_calibration(kind, *rows).apply(np.linspace(0, 1, 101))

    assert (np.diff(calibrated) >= 0).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()


@given(rows=scored(), kind=st.sampled_from(KINDS))
def test_it_survives_its_file_to_the_last_bit(rows, kind: str) -> None:
    import json

    fitted = fit_calibration(kind, *rows)
    read = Calibration.from_json(json.loads(json.dumps(fitted.to_json())))

    assert read == fitted
    assert (read.apply(rows[0]) == fitted.apply(rows[0])).all()


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_it_mends_scores_that_are_too_sure(kind: str) -> None:
    random = np.random.default_rng(0)
    truth = random.beta(2, 5, 20_000)
    odds = 3 * np.log(truth / (1 - truth)) + 1
    raw = 1 / (1 + np.exp(-odds))
    labels = (random.random(len(truth)) < truth).astype(np.int8)

    calibrated = fit_calibration(kind, raw[:10_000], labels[:10_000]).apply(raw[10_000:])

    assert np.abs(raw[10_000:] - truth[10_000:]).mean() > 0.1
    assert np.abs(calibrated - truth[10_000:]).mean() < 0.02


def test_sigmoid_is_platt_s_maximum_likelihood() -> None:
    from scipy.optimize import minimize

    random = np.random.default_rng(3)
    raw = random.random(500)
    labels = (random.random(500) < raw).astype(np.int8)
    z = np.log(raw) - np.log1p(-raw)
    high, low = (labels.sum() + 1) / (labels.sum() + 2), 1 / (500 - labels.sum() + 2)
    target = np.where(labels == 1, high, low)

    def loss(line):
        margin = line[0] * z + line[1]
        return (np.logaddexp(0, margin) - target * margin).sum()

    expected = minimize(loss, [0.0, 0.0]).x
    fitted = fit_calibration("sigmoid", raw, labels)

    assert [fitted.slope, fitted.intercept] == pytest.approx(expected.tolist(), abs=1e-3)


def test_isotonic_gives_each_pooled_block_its_share_at_its_mean_score() -> None:
    raw = np.array([0.1, 0.2, 0.3, 0.6, 0.8])
    labels = np.array([0, 1, 0, 1, 1])

    fitted = fit_calibration("isotonic", raw, labels)

    assert fitted.x == pytest.approx((0.1, 0.25, 0.7))
    assert fitted.y == pytest.approx((0.0, 0.5, 1.0))


def test_a_ranking_that_is_upside_down_is_made_flat_and_not_turned_around() -> None:
    raw, labels = np.array([0.1, 0.2, 0.8, 0.9]), np.array([1, 1, 0, 0])

    for kind in ("sigmoid", "isotonic"):
        assert np.ptp(fit_calibration(kind, raw, labels).apply(raw)) == pytest.approx(0)
