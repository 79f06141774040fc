"""What a window is said to be, whatever it holds."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.monitoring.counts import CategoryCounts, NumericCounts, WindowCounts
from phasegate.monitoring.drift.calibration import Calibration, calibrate
from phasegate.monitoring.drift.judge import judge
from phasegate.monitoring.drift.judgement import Channel, DriftJudgement
from phasegate.monitoring.policy import DriftRules
from tests.monitoring.drift.references import DAY, START, count, panes, profile, table

RULES = DriftRules()
RNG = np.random.default_rng(11)


def rows(n, rng=RNG, *, shift=0.0, scale=1.0, categories="abc", days=1, **columns):
    """Rows over some days, with what is otherwise named by column."""
    values = {
        "amount": rng.normal(shift, scale, n),
        "often": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
        "always": np.full(n, 3.0),
        "kind": rng.choice(list(categories), n).tolist(),
        "one": ["same"] * n,
    }
    return table(values | columns, rng.random(n), span=days * DAY)


REFERENCE_ROWS = rows(40_000, days=40)
PROFILE = profile(REFERENCE_ROWS)
CALIBRATION = calibrate(PROFILE, panes(PROFILE, REFERENCE_ROWS), RULES, seed=1)


def judged(window, rules=RULES, calibration=CALIBRATION, span=DAY) -> DriftJudgement:
    counts = window if isinstance(window, WindowCounts) else count(PROFILE, window)
    return judge(PROFILE, calibration, counts, rules, since=START, until=START + span)


def channels(judgement, feature=None):
    return {one.channel for one in judgement.alarms if feature in (None, one.feature)}


def test_a_window_like_the_reference_is_judged_and_raises_nothing():
    found = judged(rows(1_000))
    assert found.judged
    assert not found.alert
    assert found.alarms == ()
    assert {one.feature for one in found.features} == {one.name for one in PROFILE.features}


@pytest.mark.parametrize(
    ("window", "feature", "channel"),
    [
        (rows(1_000, shift=1.0), "amount", Channel.DISTRIBUTION),
        (rows(1_000, scale=2.0), "amount", Channel.DISTRIBUTION),
        (rows(1_000, categories="aaab"), "kind", Channel.DISTRIBUTION),
        (rows(1_000, categories="abcdddd"), "kind", Channel.UNSEEN),
        (rows(1_000, often=RNG.normal(size=1_000)), "often", Channel.MISSING),
        (rows(1_000, amount=np.where(RNG.random(1_000) < 0.2, np.nan, RNG.normal(size=1_000))),
         "amount", Channel.MISSING),
        (rows(1_000, amount=np.full(1_000, np.nan)), "amount", Channel.MISSING),
        (rows(1_000, amount=np.full(1_000, np.nan)), "amount", Channel.UNKNOWN),
        (rows(1_000, amount=np.full(1_000, 0.25)), "amount", Channel.CONSTANT),
        (rows(1_000, kind=["a"] * 1_000), "kind", Channel.CONSTANT),
        (rows(1_000, always=np.full(1_000, 4.0)), "always", Channel.VARYING),
        (rows(1_000, one=["same"] * 999 + ["other"]), "one", Channel.VARYING),
        (rows(1_000, amount=np.append(RNG.normal(size=999), np.inf)), "amount", Channel.INVALID),
        (rows(1_000, amount=["x"] * 1_000), "amount", Channel.INVALID),
        (rows(9_000), "", Channel.RATE),
        (rows(200), "", Channel.RATE),
    ],
)  # fmt: skip
def test_each_way_to_differ_has_its_channel(window, feature, channel):
    found = judged(window)
    assert channel in channels(found, feature)
    assert found.alert


def test_one_row_that_varies_is_enough_although_the_window_is_not_judged():
    found = judged(rows(5, always=np.array([3.0, 3, 3, 3, 3.5])))
    assert not found.judged
    assert channels(found, "always") == {Channel.VARYING}


def test_few_rows_of_one_value_are_not_newly_constant():
    rules = replace(RULES, channels=replace(RULES.channels, rate=0.0))
    rare = np.where(RNG.random(40_000) < 0.02, 1.0, 0.0)
    reference = rows(40_000, days=40, amount=rare)
    mine = profile(reference)
    window = count(mine, rows(100, amount=np.zeros(100)))
    found = judge(mine, None, window, rules, since=START, until=START + DAY)
    assert found.alarms == ()
    many = count(mine, rows(2_000, amount=np.zeros(2_000)))
    found = judge(mine, None, many, rules, since=START, until=START + DAY)
    assert Channel.CONSTANT in channels(found, "amount")


def test_predictions_have_a_channel():
    window = rows(1_000)
    scores = np.clip(RNG.normal(0.8, 0.05, 1_000), 0, 1)
    window = window.set_column(1, "score", [scores]).set_column(
        2, "decision", [(scores >= 0.5).astype(np.int8)]
    )
    assert channels(judged(window), "score") == {Channel.PREDICTION}
    positive = replace(count(PROFILE, rows(1_000)), positive=100)
    assert channels(judged(positive), "decision") == {Channel.PREDICTION}


def test_nothing_at_all_is_said_and_is_never_no_drift():
    found = judged(WindowCounts.none(PROFILE))
    assert not found.judged
    assert channels(found) == {Channel.RATE}
    assert "0 rows" in found.calibrated.reason


def test_too_few_rows_are_not_judged_and_that_is_said():
    rules = replace(RULES, channels=replace(RULES.channels, rate=0.0))
    found = judged(rows(120, shift=3.0), rules)
    assert not found.judged
    assert "120 rows, of at least 300" in found.calibrated.reason


def test_both_rules_are_reported_whichever_is_acted_on():
    window = rows(1_000, shift=0.15, often=np.where(RNG.random(1_000) < 0.3, np.nan,
                                                    RNG.normal(0.2, 1, 1_000)))  # fmt: skip
    calibrated = judged(window)
    literal = judged(window, replace(RULES, act_on="literal"))
    assert literal.literal == calibrated.literal
    assert literal.calibrated == calibrated.calibrated
    assert literal.literal.alert
    assert not literal.calibrated.alert
    assert literal.alert
    assert not calibrated.alert
    assert math.isfinite(literal.literal.false_alarms)
    assert math.isfinite(literal.calibrated.false_alarms)


def test_without_a_calibration_it_is_said_and_still_judged():
    found = judged(rows(1_000, shift=1.0), calibration=None)
    assert "not calibrated" in found.calibrated.reason
    assert math.isnan(found.calibrated.false_alarms)
    assert channels(found, "amount") == {Channel.DISTRIBUTION}


def test_traffic_of_all_models_is_what_the_row_rate_is_judged_by():
    window = count(PROFILE, rows(100))
    alone = judge(PROFILE, CALIBRATION, window, RULES, since=START, until=START + DAY)
    beside = judge(
        PROFILE, CALIBRATION, window, RULES, since=START, until=START + DAY, traffic=1_000
    )
    assert Channel.RATE in channels(alone)
    assert Channel.RATE not in channels(beside)


def test_counts_of_another_profile_are_refused():
    window = replace(count(PROFILE, rows(10)), profile="c" * 64)
    with pytest.raises(BadInput, match="another model"):
        judged(window)


def test_what_cannot_be_counted_is_unknown():
    window = count(PROFILE, rows(1_000))
    features = dict(window.features)
    del features["amount"]
    features["kind"] = features["always"]
    found = judged(replace(window, features=features))
    assert channels(found, "amount") == {Channel.UNKNOWN}
    assert channels(found, "kind") == {Channel.UNKNOWN}


def test_a_judgement_survives_its_file():
    for window in (rows(1_000), WindowCounts.none(PROFILE), rows(800, shift=2.0)):
        found = judged(window)
        assert DriftJudgement.from_json(found.to_json()).to_json() == found.to_json()


counts = st.one_of(st.integers(0, 5), st.integers(0, 10**12), st.integers(-3, -1))


@st.composite
def any_counts(draw):
    """Counts that may be anything, also what no window can have."""

    def column(reference):
        bins = np.array(draw(st.lists(counts, min_size=3, max_size=3)))
        if reference.kind == "numeric":
            full = np.zeros(len(reference.edges) + 1, np.int64)
            full[: min(3, len(full))] = bins[: len(full)]
            low, high = draw(st.floats()), draw(st.floats())
            return NumericCounts(full, draw(counts), draw(counts), draw(counts), low, high)
        full = np.zeros(len(reference.categories), np.int64)
        full[: min(3, len(full))] = bins[: len(full)]
        return CategoryCounts(full, draw(counts), draw(counts), draw(counts))

    features = {one.name: column(one) for one in PROFILE.features}
    return WindowCounts(
        PROFILE.digest, draw(counts), draw(counts), draw(counts), column(PROFILE.scores), features
    )


@settings(max_examples=150, deadline=None)
@given(any_counts(), st.booleans(), st.sampled_from(["literal", "calibrated"]))
def test_every_window_is_judged_and_nothing_broken_is_fine(window, is_calibrated, act_on):
    rules = replace(RULES, act_on=act_on)
    found = judged(window, rules, CALIBRATION if is_calibrated else None)
    broken = [
        name
        for name, one in {"score": window.scores, **window.features}.items()
        if one.rows != window.rows or min(one.rows, one.missing, *one.bins.tolist()) < 0
    ]
    assert set(broken) <= {one.feature for one in found.alarms if one.channel is Channel.UNKNOWN}
    assert found.alert or not found.alarms
    if not found.alert:
        unknown = [one for one in found.features if not math.isfinite(one.distance)]
        assert not unknown or not found.judged
    assert DriftJudgement.from_json(found.to_json()).to_json() == found.to_json()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(0, 1))
def test_the_verdict_does_not_depend_on_who_counted_what(seed, replicas, shift):
    rng = np.random.default_rng(seed)
    window = rows(600, rng, shift=shift)
    owner = rng.integers(0, replicas, 600)
    parts = [count(PROFILE, window.filter(owner == one)) for one in range(replicas)]
    rng.shuffle(parts)
    total = WindowCounts.none(PROFILE)
    for part in parts:
        total = part + total
    assert judged(total).digest == judged(window).digest


def test_a_calibration_survives_its_file_and_is_small():
    again = Calibration.from_bytes(CALIBRATION.content, "here")
    assert again.content == CALIBRATION.content
    assert len(CALIBRATION.content) < 16_384
    assert timedelta(hours=1) in {one.length for one in again.lengths}
