"""One example of each rule: what is decided, and what the decision says."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from phasegate.monitoring.drift.judgement import Channel
from phasegate.monitoring.retraining.decision import Action
from phasegate.monitoring.retraining.inputs import BREAKING
from phasegate.release.policy import Labels
from tests.monitoring.retraining.samples import (
    DAY,
    MODEL,
    OTHER,
    POLICY,
    WEEK,
    alarm,
    at,
    days,
    decided,
    figure,
    judgement,
    performance,
    pipeline,
    release,
    skewed,
    window,
)

WELL = [window(week, 0.93 + 0.005 * (week % 3)) for week in range(12)]
NOW = at(12)


def test_a_model_that_is_well_is_left_alone() -> None:
    found = decided(performance(WELL))
    assert (found.action, found.change, found.shape.kind) == (Action.NOTHING, None, "constant")


def test_a_gradual_decline_with_labels_is_retrained_for() -> None:
    windows = [window(week, 0.94 - 0.008 * week) for week in range(14)]
    found = decided(performance(windows))
    assert found.action is Action.RETRAIN
    assert found.shape.kind == "slope"
    assert "little by little" in found.reasons[1]


def test_a_decline_without_new_labels_since_the_last_training_is_asked_about() -> None:
    windows = [window(week, 0.94 - 0.008 * week) for week in range(14)]
    found = decided(performance(windows), last_training=at(14))
    assert found.action is Action.ASK
    assert "too few labels" in found.reasons[0]
    # The same labels became known only after that training.
    policy = replace(POLICY, labels=Labels(delay=timedelta(days=30)))
    assert decided(performance(windows), policy=policy, last_training=at(14)).action is (
        Action.RETRAIN
    )


def test_a_drop_at_a_pipeline_change_takes_that_change_back() -> None:
    windows = [*WELL, window(12, 0.75), window(13, 0.76)]
    changes = [pipeline(at(2), what="harmless"), pipeline(at(12) + DAY)]
    found = decided(performance(windows), changes=changes)
    assert (found.action, found.change) == (Action.ROLL_BACK, changes[1])
    assert found.shape.at == at(12)


def test_a_drop_is_not_blamed_on_a_change_that_is_not_near_or_was_taken_back() -> None:
    windows = [*WELL, window(12, 0.85), window(13, 0.86)]
    for change in (pipeline(at(4)), pipeline(at(12), undone=True)):
        found = decided(performance(windows), changes=[change])
        assert found.action is Action.ASK, found.reasons
        assert "no change was announced" in found.reasons[0]


def test_a_release_that_is_worse_than_the_model_before_is_taken_back() -> None:
    windows = [*(replace(one, model_digest=OTHER) for one in WELL), window(12, 0.82)]
    bad = release(at(12))
    found = decided(performance(windows), changes=[release(at(0), OTHER), bad])
    assert (found.action, found.change) == (Action.ROLL_BACK, bad)


def test_a_release_that_is_as_good_stays() -> None:
    windows = [*(replace(one, model_digest=OTHER) for one in WELL), window(12, 0.93)]
    assert decided(performance(windows), changes=[release(at(12))]).action is Action.NOTHING


@pytest.mark.parametrize("channel", sorted(BREAKING))
def test_broken_inputs_take_back_the_change_they_came_with_before_any_label(
    channel: Channel,
) -> None:
    since = NOW - 2 * DAY
    drift = days(NOW, alarm(channel), since=since)
    change = pipeline(since)
    found = decided(performance([window(11, None)]), drift, changes=[change])
    assert (found.action, found.change) == (Action.ROLL_BACK, change)
    assert decided(performance([window(11, None)]), drift).action is Action.ASK


def test_skew_takes_back_the_change_that_came_before_it_and_no_later_one() -> None:
    since = NOW - 2 * DAY
    skew = skewed(since, NOW)
    change = pipeline(since - timedelta(hours=2))
    later = pipeline(since + timedelta(hours=2))
    found = decided(performance(WELL), skew=skew, changes=[change, later])
    assert (found.action, found.change) == (Action.ROLL_BACK, change)
    assert decided(performance(WELL), skew=skew, changes=[later]).action is Action.ASK


def test_below_the_floor_is_retrained_for_at_once_unless_inputs_are_broken() -> None:
    windows = [*WELL, window(12, 0.6)]
    assert decided(performance(windows)).action is Action.RETRAIN
    drift = days(at(13), alarm(Channel.MISSING), since=at(12))
    assert decided(performance(windows), drift).action is Action.ASK


def test_one_window_little_below_the_floor_waits_and_two_do_not() -> None:
    level = [window(week, 0.83, of=60) for week in range(8)]
    once = decided(performance([*level, window(8, 0.78, of=60)]))
    assert once.action is Action.NOTHING
    assert any("not enough evidence" in reason for reason in once.reasons)
    twice = [*level, window(8, 0.78, of=60), window(9, 0.78, of=60)]
    assert decided(performance(twice)).action is Action.RETRAIN
    drift = days(at(9), alarm(Channel.DISTRIBUTION), since=at(8))
    drifting = decided(performance([*level, window(8, 0.78, of=60)]), drift)
    assert drifting.action is Action.RETRAIN


def test_near_the_floor_is_retrained_for_where_headroom_is_asked_for() -> None:
    level = [window(week, 0.84, of=60) for week in range(10)]
    policy = replace(POLICY, performance=replace(POLICY.performance, headroom=0.05))
    found = decided(performance(level), policy=policy)
    assert found.action is Action.RETRAIN
    assert "less than 5.0% above the floor" in found.reasons[0]
    assert any("the floor is 80.0%" in reason for reason in found.reasons)
    assert decided(performance(level)).action is Action.NOTHING
    once = [*(window(week, 0.89, of=60) for week in range(9)), window(9, 0.83, of=60)]
    assert decided(performance(once), policy=policy).action is Action.NOTHING
    drift = days(at(10), alarm(Channel.DISTRIBUTION), since=at(9))
    assert decided(performance(once), drift, policy=policy).action is Action.RETRAIN


def test_headroom_does_not_hide_a_sudden_drop_that_nobody_can_explain() -> None:
    policy = replace(POLICY, performance=replace(POLICY.performance, headroom=0.1))
    windows = [*WELL, window(12, 0.85), window(13, 0.86)]
    found = decided(performance(windows), policy=policy)
    assert found.action is Action.ASK
    assert "dropped suddenly" in found.reasons[0]


def test_a_metric_that_is_no_number_is_below_the_floor() -> None:
    nothing = replace(WELL[-1].measured, value=math.nan, lower=math.nan, upper=math.nan)
    windows = [*WELL[:-1], replace(WELL[-1], measured=nothing)]
    assert decided(performance(windows)).action is not Action.NOTHING


@pytest.mark.parametrize("changed", [{"unlabelled": 2_000}, {"contradictory": 200}])
def test_labels_that_are_missing_or_contradict_are_asked_about(changed: dict[str, int]) -> None:
    windows = [*WELL[:-1], window(11, 0.93, **changed)]
    found = decided(performance(windows))
    assert found.action is Action.ASK
    assert "Labels" in found.reasons[0]


def test_labels_that_are_not_due_yet_are_not_missing() -> None:
    assert decided(performance([*WELL, window(12, None)])).action is Action.NOTHING


def test_drift_alone_retrains_nothing_where_performance_stands() -> None:
    drift = days(NOW, alarm(Channel.DISTRIBUTION), since=NOW - 2 * DAY)
    found = decided(performance(WELL), drift)
    assert found.action is Action.NOTHING
    assert "Drift alerts" in found.reasons[0]


def test_drift_is_asked_about_where_nothing_is_known_of_performance() -> None:
    drift = days(NOW, alarm(Channel.DISTRIBUTION), since=NOW - 2 * DAY)
    assert decided(performance([window(11, None)]), drift).action is Action.ASK


def test_drift_with_an_estimate_below_the_floor_is_retrained_for() -> None:
    drift = days(NOW + WEEK, alarm(Channel.DISTRIBUTION), since=NOW + 2 * DAY)
    low = window(12, None, estimated=figure(0.79))
    assert decided(performance([*WELL, low]), drift).action is Action.RETRAIN
    # Without drift its interval reaches the floor; and estimates that failed are not believed.
    assert decided(performance([*WELL, low])).action is Action.NOTHING
    failed = performance([*WELL, low], coverage=0.4)
    assert decided(failed, drift).action is Action.NOTHING
    # Labels do not tell yet what a change did.
    change = pipeline(at(12) - DAY)
    assert decided(performance([*WELL, low]), drift, changes=[change]).action is Action.ASK


def test_drift_that_came_with_a_change_and_stayed_is_asked_about() -> None:
    since = NOW - 4 * DAY
    drift = days(NOW, alarm(Channel.DISTRIBUTION), since=since)
    assert decided(performance(WELL), drift, changes=[pipeline(since)]).action is Action.ASK
    once = [*drift[:4], *days(NOW)[4:]]
    assert decided(performance(WELL), once, changes=[pipeline(since)]).action is Action.NOTHING


def test_what_a_change_did_until_it_was_taken_back_is_no_evidence() -> None:
    windows = [*WELL, window(12, 0.6), window(13, 0.93)]
    drift = days(at(14), alarm(Channel.MISSING), since=at(13))[:3] + days(at(14))[3:]
    undone = pipeline(at(12) + DAY, undone=True, undone_at=at(13) + 2 * DAY)
    spoiled = [*windows[:-1], replace(windows[-1], measured=figure(0.7))]
    found = decided(performance(spoiled), drift[:2] + days(at(14))[2:], changes=[undone])
    assert found.action is Action.NOTHING, found.reasons


def test_a_season_is_not_taken_for_a_decline() -> None:
    windows = [
        window(week, 0.90 + 0.05 * math.cos(2 * math.pi * week / 6)) for week in range(16)
    ]  # ends on its way down
    found = decided(performance(windows))
    assert found.action is Action.NOTHING
    assert found.shape.kind in ("season", "constant")


def test_a_sure_fall_that_is_too_small_to_matter_is_nothing() -> None:
    windows = [window(week, 0.95 if week < 8 else 0.94, of=100_000) for week in range(16)]
    found = decided(performance(windows))
    assert found.action is Action.NOTHING
    assert found.shape.kind == "step"


def test_a_fall_is_believed_from_the_evidence_that_is_asked_for() -> None:
    windows = [window(week, 0.93 - 0.003 * week) for week in range(16)]
    found = decided(performance(windows))
    assert found.action is Action.RETRAIN
    evidence = found.shape.bic["constant"] - found.shape.bic["slope"]
    for asked, action in ((evidence - 0.1, Action.RETRAIN), (evidence + 0.1, Action.NOTHING)):
        policy = replace(POLICY, retraining=replace(POLICY.retraining, evidence=asked))
        assert decided(performance(windows), policy=policy).action is action


def test_a_drop_that_is_over_is_nothing() -> None:
    windows = [*WELL, *(window(week, 0.84) for week in range(12, 18))]
    change = pipeline(at(12))
    assert decided(performance(windows), changes=[change]).action is Action.ROLL_BACK
    windows.append(window(18, 0.94))
    assert decided(performance(windows), changes=[change]).action is Action.NOTHING


def test_an_empty_log_is_asked_about() -> None:
    silent = [replace(one, rows=0, judged=False) for one in days(NOW)]
    for windows in ([], WELL):
        found = decided(performance(windows, now=NOW), silent)
        assert found.action is Action.ASK
        assert "no answers" in found.reasons[0]
    assert decided(performance([], now=NOW), []).action is Action.ASK


def test_too_few_rows_are_asked_about_unless_the_model_is_new() -> None:
    few = [judgement(day.since, rows=20, judged=False) for day in days(NOW)]
    assert decided(performance([], now=NOW), few).action is Action.ASK
    new = decided(performance([], now=NOW), few, changes=[release(NOW - DAY)])
    assert new.action is Action.NOTHING
    assert decided(performance(WELL), few).action is Action.NOTHING


def test_reports_of_something_else_are_asked_about() -> None:
    assert decided(performance(WELL, metric="recall")).action is Action.ASK
    foreign = [judgement(day.since, model=OTHER) for day in days(NOW)]
    assert decided(performance(WELL), foreign).action is Action.ASK
    skew = replace(skewed(None, NOW), model_digest=OTHER)
    assert decided(performance(WELL), skew=skew).action is Action.ASK


def test_skew_that_could_not_be_looked_for_is_asked_about() -> None:
    skew = replace(skewed(None, NOW), features=(), problems=("no raw events",), alert=True)
    found = decided(performance(WELL), skew=skew)
    assert found.action is Action.ASK
    assert "no raw events" in found.reasons


def test_a_decision_comes_back_from_json_as_it_was() -> None:
    found = decided(performance([window(11, None)]))
    again = type(found).from_json(found.to_json())
    assert again.digest == found.digest
    assert again.model_digest == MODEL
