"""Bounds that drift-free windows keep within, however they vary."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.monitoring.drift.calibration import calibrate, lengths
from phasegate.monitoring.drift.judge import judge
from phasegate.monitoring.drift.resampling import threshold
from phasegate.monitoring.policy import DriftRules
from tests.monitoring.drift.references import DAY, START, count, panes, profile, table

RULES = DriftRules()
FEATURES = 8


def days(first: int, number: int, rng, *, per_day=500, weekend=0.0, burst=0.0, shift=0.0):
    """Days of rows: features that move together, from day to day, at weekends, and in bursts."""
    level, parts, times = rng.normal(size=FEATURES), [], []
    common = 0.0
    for day in range(first, first + number):
        is_weekend = day % 7 >= 5
        n = rng.poisson(per_day * (0.5 if is_weekend else 1.0))
        common = 0.6 * common + rng.normal(0, 0.1)
        level = 0.6 * level + rng.normal(0, 0.1, FEATURES)
        rows = rng.normal(size=(n, FEATURES)) + rng.normal(size=(n, 1)) + common + level
        rows += weekend * is_weekend + shift
        if rng.random() < burst:
            rows[: n // 4, 0] = rng.normal(4, 0.1)
        parts.append(rows)
        times.append(np.sort(rng.random(n)) * 86_400e6 + (day - first) * 86_400e6)
    values = np.concatenate(parts)
    columns = {f"x{one}": values[:, one] for one in range(FEATURES)}
    scores = 1 / (1 + np.exp(-values.mean(axis=1)))
    return table(
        columns, scores, start=START + first * DAY, times=np.concatenate(times).astype(np.int64)
    )


def alerts(reference, stream, rules=RULES) -> np.ndarray:
    """Whether each day of a stream alerts."""
    mine = profile(reference)
    calibration = calibrate(mine, panes(mine, reference), rules, seed=1)
    since = stream["event_time"][0].as_py().replace(hour=0, minute=0, second=0, microsecond=0)
    hours = panes(mine, stream)
    found = []
    while since <= max(hours):
        parts = [one for start, one in hours.items() if since <= start < since + DAY]
        total = sum(parts[1:], parts[0])
        found.append(judge(mine, calibration, total, rules, since=since, until=since + DAY).alert)
        since += DAY
    return np.array(found)


@pytest.mark.parametrize(
    "kind", [{}, {"weekend": 0.6}, {"burst": 0.1}], ids=["autocorrelated", "weekends", "bursts"]
)
def test_false_alarms_stay_within_the_budget(kind):
    """Two references and four months each: at most one false alarm in 30 days on average."""
    rates = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        stream = days(0, 56 + 120, rng, **kind)
        at = stream["event_time"].cast("int64").to_numpy()
        cut = int((START + 56 * DAY).timestamp() * 1e6)
        rates.append(30 * alerts(stream.filter(at < cut), stream.filter(at >= cut)).mean())
    assert np.mean(rates) <= 1.0


def test_a_shift_that_matters_is_seen_at_once():
    rng = np.random.default_rng(2)
    stream = days(0, 56, rng, per_day=800)
    assert alerts(stream, days(56, 10, rng, shift=1.0, per_day=800)).all()


def test_few_windows_make_wide_bounds_and_that_is_said():
    rng = np.random.default_rng(4)
    reference = days(0, 8, rng)
    mine = profile(reference)
    found = calibrate(mine, panes(mine, reference), RULES, seed=1)
    day = found.of(DAY)
    assert day.extrapolated
    assert day.length == DAY
    window = count(mine, days(8, 1, rng))
    judgement = judge(mine, found, window, RULES, since=START, until=START + DAY)
    assert "extrapolated" in judgement.calibrated.reason


def test_a_reference_of_a_day_calibrates_nothing_longer_than_half_of_it():
    rng = np.random.default_rng(4)
    reference = days(0, 1, rng)
    mine = profile(reference)
    found = calibrate(mine, panes(mine, reference), RULES, seed=1)
    assert max(one.length for one in found.lengths) <= DAY / 2


def test_the_same_seed_gives_the_same_bytes_and_order_of_panes_does_not_matter():
    rng = np.random.default_rng(6)
    reference = days(0, 20, rng)
    mine = profile(reference)
    hours = panes(mine, reference)
    backwards = dict(reversed(hours.items()))
    first = calibrate(mine, hours, RULES, seed=3).content
    assert first == calibrate(mine, backwards, RULES, seed=3).content


def test_lengths_go_from_a_pane_to_a_window():
    hour = timedelta(hours=1)
    assert lengths(RULES) == (hour, 6 * hour, 24 * hour)
    assert lengths(replace(RULES, window=hour)) == (hour,)


@settings(max_examples=60)
@given(st.integers(40, 400), st.integers(0, 2**32 - 1))
def test_the_next_window_is_beyond_the_bound_as_often_as_allowed(number, seed):
    rng = np.random.default_rng(seed)
    worst = rng.exponential(size=(400, number)) + 3
    alpha = 1 / 30
    bounds = [threshold(one, number, alpha)[0] for one in worst]
    exceeded = np.mean(np.exp(-(np.array(bounds) - 3)))  # of an exponential, exactly
    assert exceeded <= alpha * 1.15


@given(st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_a_tail_that_is_not_seen_is_extrapolated_upwards(number, seed):
    worst = np.random.default_rng(seed).exponential(size=number) + 3
    bound, extrapolated = threshold(worst, number, 1 / 30)
    assert extrapolated
    assert bound >= worst.max()


def test_windows_that_are_like_no_others_are_false_alarms_of_the_reference():
    """Days on another level sets its own bounds, and would have alarmed without them."""
    rng = np.random.default_rng(5)
    parts = [days(0, 48, rng), days(48, 12, rng, shift=4.0)]
    reference = pa.concat_tables(parts)
    mine = profile(reference)
    day = calibrate(mine, panes(mine, reference), RULES, seed=1).of(DAY)
    assert day.calibrated * day.windows / 30 >= 8
    few = calibrate(mine, panes(mine, parts[0]), RULES, seed=1).of(DAY)
    assert few.calibrated * few.windows / 30 <= 2


def test_a_rate_of_few_windows_has_a_wide_bound():
    rng = np.random.default_rng(4)
    reference = days(0, 60, rng)
    mine = profile(reference)
    day = calibrate(mine, panes(mine, reference), RULES, seed=1).of(DAY)
    assert day.most(0.0) == pytest.approx(-np.log(0.05) / (day.windows / 30))
    assert day.most(1.0) > day.most(0.5) > day.most(0.0)


def test_no_budget_allows_nothing():
    assert threshold(np.ones(100), 100, 0.0) == (np.inf, True)
