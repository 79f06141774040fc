"""What holds of every decision, however strange the reports."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from phasegate.monitoring.drift.judgement import Channel, DriftJudgement
from phasegate.monitoring.performance.series import Confusion, Figure, Performance
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.decide import decide
from phasegate.monitoring.retraining.decision import Action, Change, ChangeKind
from phasegate.monitoring.retraining.inputs import BREAKING
from phasegate.monitoring.skew.report import SkewReport
from tests.monitoring.retraining import samples
from tests.monitoring.retraining.samples import DAY, MODEL, OTHER, PROFILE, WEEK

ends = st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
near = st.integers(-20, 200).map(lambda day: samples.START + DAY * day)
times = st.one_of(near, near, near, ends)
digests = st.sampled_from([MODEL, MODEL, MODEL, OTHER])
numbers = st.integers(-5, 2_000)
figures = st.one_of(
    st.none(),
    st.builds(Figure, st.floats(), st.floats(), st.floats(), st.floats(), numbers),
    st.builds(samples.figure, st.floats(0, 1), st.integers(1, 1_000)),
)
windows = st.one_of(
    st.builds(
        samples.window,
        st.integers(0, 25),
        st.floats(0, 1),
        of=st.integers(1, 1_000),
        model=digests,
        estimated=figures,
        unlabelled=numbers,
    ),
    st.builds(
        samples.PerformanceWindow, times, times, digests, numbers,
        st.builds(Confusion, numbers, numbers, numbers, numbers), numbers, numbers, numbers,
        figures, figures,
    ),
)  # fmt: skip
performances = st.builds(
    Performance,
    st.sampled_from(["precision"] * 5 + ["recall"]),
    st.floats(),
    times,
    st.lists(windows, max_size=16).map(tuple),
    st.just(()),
    st.floats(),
)
alarms = st.builds(samples.alarm, st.sampled_from(Channel), st.sampled_from(["a", "b"]))
judgements = st.builds(
    lambda since, found, rows, judged, model: samples.judgement(
        since, *found, rows=rows, judged=judged, model=model
    ),
    near, st.lists(alarms, max_size=2), numbers, st.booleans(), digests,
)  # fmt: skip
skews = st.one_of(st.none(), st.builds(samples.skewed, st.one_of(st.none(), near), near))
changes = st.builds(
    Change, st.sampled_from(ChangeKind), times, st.text(), st.text(), st.text(), st.booleans(),
    st.one_of(st.none(), times), digests,
)  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> MonitoringPolicy:
    """Policies that a project might have, and worse ones."""
    policy = MonitoringPolicy()
    return replace(
        policy,
        performance=replace(
            policy.performance, floor=draw(st.floats()), min_rows=draw(st.integers(-1, 100))
        ),
        retraining=replace(
            policy.retraining,
            near=timedelta(days=draw(st.integers(0, 30))),
            evidence=draw(st.floats(allow_nan=False)),
        ),
    )


@settings(deadline=None, max_examples=400)
@given(
    performances, st.lists(judgements, max_size=5), skews, st.lists(changes, max_size=4),
    st.one_of(st.just(MonitoringPolicy()), policies()), times, st.one_of(st.none(), times),
)  # fmt: skip
def test_a_decision_is_always_made_and_never_the_dangerous_one(
    performance: Performance,
    drift: list[DriftJudgement],
    skew: SkewReport | None,
    made: list[Change],
    policy: MonitoringPolicy,
    now: datetime,
    last: datetime | None,
) -> None:
    def again(order: list[DriftJudgement]) -> object:
        return decide(
            performance, order, skew, made, policy, model_digest=MODEL, profile_digest=PROFILE,
            since=now, until=now, now=now, last_training=last,
        )  # fmt: skip

    found = again(drift)
    assert found.reasons
    assert all(found.reasons)
    assert (found.action is Action.ROLL_BACK) == (found.change is not None)
    if found.change is not None:
        assert found.change in made
        assert not found.change.undone
        assert found.change.at <= now
    is_broken = any(alarm.channel in BREAKING for one in drift for alarm in one.alarms)
    is_broken = is_broken or (skew is not None and skew.alert)
    if is_broken and not any(change.undone for change in made):
        assert found.action in (Action.ROLL_BACK, Action.ASK)
    assert found.digest == type(found).from_json(found.to_json()).digest
    assert again(list(reversed(drift))).action is found.action


@settings(deadline=None, max_examples=150)
@given(
    st.lists(windows, max_size=10), st.floats(0, 0.799), st.integers(30, 5_000),
    st.lists(judgements, max_size=4), skews, st.lists(changes, max_size=3),
)  # fmt: skip
@example([], 0.5, 1_000, [], None, [])
def test_what_is_surely_below_the_floor_is_never_left_alone(
    before: list[samples.PerformanceWindow],
    value: float,
    of: int,
    drift: list[DriftJudgement],
    skew: SkewReport | None,
    made: list[Change],
) -> None:
    newest = samples.window(30, value, of=of)
    low = newest.measured is not None and newest.measured.upper < 0.8
    known = replace(samples.performance([*before, newest]), now=newest.until)
    now = newest.until
    spoiled = any(change.undone and change.undone_at for change in made)
    found = decide(
        known, drift, skew, made, MonitoringPolicy(), model_digest=MODEL, profile_digest=PROFILE,
        since=now - WEEK, until=now, now=now, last_training=None,
    )  # fmt: skip
    later = any(one.measured and one.since > newest.since for one in before)
    if low and not spoiled and not later:
        silent = bool(drift) and all(one.rows <= 0 for one in drift)
        new = any(change.model_digest == MODEL and change.at > now - WEEK for change in made)
        assert found.action is not Action.NOTHING or (silent and new)
    assert not math.isnan(len(found.reasons))
