import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.evaluation import Ranking
from phasegate.evaluation.curves import (
    POINTS,
    calibration_curve,
    pr_curve,
    roc_curve,
    score_histogram,
    thin,
    threshold_curve,
    wilson,
)
from phasegate.evaluation.metrics import roc_auc


@pytest.fixture(scope="module")
def tally():
    generator = np.random.default_rng(0)
    labels = (generator.random(20_000) < 0.02).astype(np.int8)
    scores = 1 / (1 + np.exp(4 - 2 * labels - generator.normal(size=20_000)))
    return Ranking(labels, scores).whole


def test_curves_are_thinned_to_what_a_chart_can_show(tally):
    for curve in (roc_curve(tally), pr_curve(tally), threshold_curve(tally)):
        assert all(10 < len(values) <= POINTS for values in curve.values())
        assert all(np.isfinite(values).all() for values in curve.values())


def test_the_thinned_roc_curve_keeps_its_ends_and_its_area(tally):
    curve = roc_curve(tally)
    x, y = curve["false_positive_rate"], curve["true_positive_rate"]
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(y, x) == pytest.approx(roc_auc(tally), abs=0.005)


def test_the_first_alarms_of_a_rare_class_are_kept(tally):
    recall = pr_curve(tally)["recall"]
    assert np.diff(recall).max() < 0.05


def test_thresholds_ascend(tally):
    assert (np.diff(threshold_curve(tally)["threshold"]) > 0).all()


def test_calibration_bins_hold_all_rows_about_equally(tally):
    bins = calibration_curve(tally)
    assert sum(one["rows"] for one in bins) == 20_000
    assert max(one["rows"] for one in bins) <= 1.01 * min(one["rows"] for one in bins)
    assert all(one["lower"] <= one["observed"] <= one["upper"] for one in bins)


def test_histograms_are_shares_of_each_class(tally):
    found = score_histogram(tally)
    assert found["positive"].sum() == pytest.approx(1)
    assert found["negative"].sum() == pytest.approx(1)


def test_wilsons_interval_of_a_known_example():
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 10)[0] == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=300))
def test_thinning_keeps_both_ends_and_the_order(points):
    x, y = np.array(points).T
    kept = thin(x, y, 50)
    assert len(kept) <= max(50, 1) or len(points) <= 50
    assert (np.diff(kept) > 0).all()
    assert (x[kept[0]], y[kept[0]]) == points[0]
    assert (x[kept[-1]], y[kept[-1]]) == points[-1]
