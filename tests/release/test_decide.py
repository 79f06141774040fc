"""Decisions: forwards only with everything seen and passed, back at once when harm is shown."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.contracts.verdict import Outcome
from phasegate.release.decide import decide
from phasegate.release.decision import Action
from phasegate.release.evidence import Cohort, Evidence, Pairs, Proportion
from phasegate.release.policy import Gate
from phasegate.release.record import Status
from phasegate.statistics.clusters import Clusters
from tests.release import samples
from tests.release.samples import DAY, START

FORWARDS = (Action.ADVANCE, Action.FINISH)
PHASES = range(len(samples.policy().phases))


def action(record: Any, evidence: Evidence | None, now: Any, **options: Any) -> Action:
    return decide(record.policy, record, evidence, now, **options).action


@pytest.mark.parametrize("phase", PHASES)
def test_good_evidence_for_long_enough_goes_one_phase_on(phase: int) -> None:
    record = samples.running(phase).record
    now = START + 8 * DAY
    expected = Action.FINISH if phase == PHASES[-1] else Action.ADVANCE
    assert action(record, samples.evidence(record, now), now) is expected


@pytest.mark.parametrize("phase", PHASES)
def test_good_evidence_holds_until_the_minimum_duration(phase: int) -> None:
    record = samples.running(phase).record
    now = START + record.current.minimum.duration - timedelta(microseconds=1)
    found = decide(record.policy, record, samples.evidence(record, now), now)
    assert found.action is Action.HOLD
    assert "days seen" in found.reasons[0]


def test_a_person_may_waive_the_minimum_but_not_a_gate() -> None:
    record = samples.running().record
    now = START + DAY
    good = samples.evidence(record, now)
    assert action(record, good, now, waived=True) is Action.ADVANCE
    uncovered = replace(good, pairs=replace(samples.pairs(), absent=500, requests=20_500))
    assert action(record, uncovered, now, waived=True) is Action.HOLD


@pytest.mark.parametrize(
    ("phase", "harm"),
    [
        (0, {"pairs": samples.pairs(failing=0.05)}),
        (0, {"pairs": samples.pairs(disagreeing=0.2)}),
        (0, {"pairs": samples.pairs(gain=-1.0)}),
        (1, {"cohorts": samples.cohorts(1_000, failing=0.1)}),
        (1, {"cohorts": samples.cohorts(1_000, gain=-2.0)}),
        (3, {"cohorts": samples.cohorts(10_000, failing=0.1)}),
    ],
)
def test_shown_harm_rolls_back_at_once(phase: int, harm: dict[str, Any]) -> None:
    record = samples.running(phase).record
    now = START + timedelta(hours=1)
    found = decide(record.policy, record, samples.evidence(record, now, **harm), now)
    assert found.action is Action.ROLL_BACK
    assert any(one.outcome is Outcome.BLOCK for one in found.findings)


@pytest.mark.parametrize("phase", PHASES)
def test_the_guard_s_evidence_rolls_back_by_itself(phase: int) -> None:
    """The proxy's counters alone, without the log, are enough for harm and for nothing else."""
    record = samples.running(phase).record
    now = START + timedelta(minutes=5)
    alone = samples.evidence(record, now, pairs=None, cohorts=None, log_read=False)
    assert action(record, alone, now) is Action.HOLD
    lost = replace(samples.traffic(record, failing=0.2), copies_lost=Proportion(2_000, 20_000))
    assert action(record, replace(alone, traffic=lost), now) is Action.ROLL_BACK


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FROZEN])
@pytest.mark.parametrize("phase", PHASES)
def test_kill_wins_over_everything(phase: int, status: Status) -> None:
    record = replace(samples.running(phase).record, status=status)
    for now in (START - DAY, START + 8 * DAY):
        good = samples.evidence(record, START + 8 * DAY)
        assert action(record, replace(good, kill=True), now) is Action.ROLL_BACK
        pulled = replace(good, traffic=samples.traffic(record, killed=True))
        assert action(record, pulled, now) is Action.ROLL_BACK
        foreign = replace(good, kill=True, release="another")
        assert action(record, foreign, now) is Action.ROLL_BACK


def test_cohorts_that_are_not_split_as_planned_freeze() -> None:
    record = samples.running(1).record
    now = START + 8 * DAY
    crooked = samples.cohorts(1_500)
    assert action(record, samples.evidence(record, now, cohorts=crooked), now) is Action.FREEZE
    frozen = replace(record, status=Status.FROZEN)
    assert action(frozen, samples.evidence(frozen, now, cohorts=crooked), now) is Action.HOLD


def test_a_frozen_release_does_not_move_but_is_still_guarded() -> None:
    record = replace(samples.running(1).record, status=Status.FROZEN)
    now = START + 8 * DAY
    assert action(record, samples.evidence(record, now), now) is Action.HOLD
    harm = samples.evidence(record, now, cohorts=samples.cohorts(1_000, failing=0.1))
    assert action(record, harm, now) is Action.ROLL_BACK


@pytest.mark.parametrize(
    "lack",
    [
        {"log_read": False, "pairs": None},
        {"problems": ("the store did not answer",)},
        {"traffic": None},
        {"kill": None},
        {"release": "another"},
        {"champion": "c" * 64},
        {"challenger": "c" * 64},
        {"phase": "ramp"},
        {"since": START - DAY},
    ],
)
def test_what_is_missing_holds_and_after_patience_rolls_back(lack: dict[str, Any]) -> None:
    soon, late = START + 8 * DAY, START + 8 * DAY + timedelta(hours=7)
    record = replace(samples.running().record, seen=soon)
    assert action(record, samples.evidence(record, soon, **lack), soon) is Action.HOLD
    assert action(record, samples.evidence(record, late, **lack), late) is Action.ROLL_BACK
    assert action(record, None, soon) is Action.HOLD
    assert action(record, None, late) is Action.ROLL_BACK


@pytest.mark.parametrize("phase", PHASES)
def test_a_challenger_that_is_not_well_goes_nowhere_and_in_the_end_back(phase: int) -> None:
    """Its users are answered by the champion, so that nothing else need look wrong."""
    soon, late = START + 8 * DAY, START + 8 * DAY + timedelta(hours=7)
    record = replace(samples.running(phase).record, seen=soon)
    ill = replace(samples.traffic(record), challenger_healthy=False)
    assert action(record, samples.evidence(record, soon, traffic=ill), soon) is Action.HOLD
    assert action(record, samples.evidence(record, late, traffic=ill), late) is Action.ROLL_BACK


@pytest.mark.parametrize("change", [{"weight": 2_000}, {"mirror": 1}, {"challenger": "c" * 12}])
def test_traffic_that_is_not_the_record_s_holds(change: dict[str, Any]) -> None:
    record = replace(samples.running(1).record, seen=START + 8 * DAY)
    now = START + 8 * DAY
    other = replace(samples.traffic(record), **change)
    assert action(record, samples.evidence(record, now, traffic=other), now) is Action.HOLD


def test_traffic_that_does_not_follow_yet_holds() -> None:
    record = replace(samples.running(follows=False).record, seen=START + 8 * DAY)
    now = START + 8 * DAY
    assert action(record, samples.evidence(record, now), now) is Action.HOLD


def test_a_clock_that_went_back_holds() -> None:
    record = replace(samples.running().record, seen=START + 9 * DAY)
    now = START + 8 * DAY
    found = decide(record.policy, record, samples.evidence(record, now), now)
    assert found.action is Action.HOLD
    assert "clock" in found.reasons[0]


def test_another_policy_than_the_release_s_holds() -> None:
    record = replace(samples.running().record, seen=START + 8 * DAY)
    now = START + 8 * DAY
    other = replace(record.policy, false_promotion=0.5)
    assert decide(other, record, samples.evidence(record, now), now).action is Action.HOLD


@pytest.mark.parametrize(("phase", "expected"), [(0, Action.END_INCONCLUSIVE), (2, Action.FREEZE)])
def test_the_end_of_patience_never_promotes(phase: int, expected: Action) -> None:
    record = samples.running(phase).record
    now = START + 15 * DAY
    few = {"pairs": samples.pairs(100)} if phase == 0 else {"cohorts": samples.cohorts(5_000, 100)}
    assert action(record, samples.evidence(record, now, **few), now) is expected


def test_a_phase_without_gates_never_passes() -> None:
    rules = samples.policy()
    bare = replace(rules.phases[-1], gates=())
    record = samples.running(3, replace(rules, phases=(*rules.phases[:-1], bare))).record
    now = START + 8 * DAY
    assert action(record, samples.evidence(record, now), now) is Action.HOLD


@pytest.mark.parametrize("status", [Status.PROMOTED, Status.ROLLED_BACK, Status.ENDED])
def test_a_release_that_is_over_stays_over(status: Status) -> None:
    record = replace(samples.running().record, status=status)
    now = START + 80 * DAY
    assert action(record, samples.evidence(record, now, kill=True), now) is Action.HOLD


def test_without_a_release_nothing_happens() -> None:
    assert decide(samples.policy(), None, None, START).action is Action.HOLD


# Any evidence at all

counts = st.integers(0, 10**9)
numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10, 10)
proportions = st.builds(Proportion, counts, counts)
cluster_values = st.builds(Clusters, counts, counts, numbers, numbers, numbers, numbers)
histograms = st.lists(counts, max_size=300).map(tuple) | st.just(samples.pairs().champion_latency)
some_pairs = st.none() | st.just(samples.pairs()) | st.builds(
    Pairs, counts, counts, counts, counts, counts, counts, counts, proportions,
    st.just({}), histograms, histograms, histograms, histograms,
    st.none() | cluster_values, st.none() | cluster_values, st.none(),
)  # fmt: skip
some_cohort = st.builds(
    Cohort, counts, counts, counts, histograms, cluster_values, st.none() | cluster_values,
    st.none(),
)  # fmt: skip


@st.composite
def anything(draw: st.DrawFn) -> tuple[Any, Evidence, Any]:
    phase = draw(st.sampled_from(PHASES))
    record = samples.running(phase, follows=draw(st.booleans())).record
    record = replace(record, status=draw(st.sampled_from(list(Status))))
    now = START + draw(st.timedeltas(timedelta(days=-3), timedelta(days=40)))
    until = draw(st.sampled_from([now, START, START + 8 * DAY]))
    good = samples.evidence(record, until)
    changed: dict[str, Any] = {"pairs": draw(some_pairs)}
    if draw(st.booleans()):
        sides = replace(
            samples.cohorts(1_000), champion=draw(some_cohort), challenger=draw(some_cohort)
        )
        changed["cohorts"] = draw(st.sampled_from([None, sides]))
    if draw(st.booleans()):
        changed["traffic"] = draw(
            st.none()
            | st.builds(
                replace,
                st.just(good.traffic),
                challenger_errors=proportions,
                copies_lost=proportions,
            )
        )
    changed["kill"] = draw(st.sampled_from([False, False, True, None]))
    return record, replace(good, **changed), now


@given(anything())
def test_it_decides_something_about_anything_and_moves_on_only_with_a_pass(case: Any) -> None:
    record, evidence, now = case
    found = decide(record.policy, record, evidence, now)
    assert found.reasons
    assert all(found.reasons)
    if found.action in FORWARDS:
        gates = [one for one in found.findings if not one.guardrail]
        assert len(gates) >= len(record.current.gates)
        assert all(one.outcome is Outcome.PASS for one in gates)
        assert evidence.is_complete
        assert evidence.kill is False
        assert record.status is Status.RUNNING
        assert not evidence.problems
    if (evidence.kill or (evidence.traffic and evidence.traffic.killed)) and not record.is_over:
        assert found.action is Action.ROLL_BACK


@given(st.sampled_from(PHASES), st.sampled_from([0, 1, 2]))
def test_nothing_but_missing_numbers_never_passes(phase: int, kind: int) -> None:
    record = samples.running(phase).record
    now = START + 8 * DAY
    nothing = Clusters(*[(0, 0, 0, 0.0, 0.0, 0.0), (9, 90, 900, *[math.nan] * 3)][kind % 2])
    empty = replace(
        samples.pairs(),
        **{f.name: 0 for f in fields(Pairs) if f.type == "int"},
        disagreements=Proportion(0, 0),
        champion_scores=(), challenger_scores=(), champion_latency=(), challenger_latency=(),
        difference=nothing, champion_value=nothing,
    )  # fmt: skip
    none = replace(
        samples.cohort(0), requests=0, failed=0, entities=0, latency=(), decisions=nothing,
        value=nothing,
    )  # fmt: skip
    bare = samples.evidence(
        record, now, pairs=empty if record.current.mirror else None,
        cohorts=replace(samples.cohorts(1_000), champion=none, challenger=none),
    )  # fmt: skip
    if kind == 2:
        bare = replace(bare, pairs=None, cohorts=None)
    assert action(record, bare, now) not in FORWARDS
    assert action(record, bare, now, waived=True) not in FORWARDS


def test_alpha_of_all_gates_adds_up_to_the_budget() -> None:
    rules = samples.policy()
    every = [g for p in rules.phases for g in (*p.gates, *p.guardrails)]
    assert math.isclose(sum(map(rules.alpha_of, every)), rules.false_rollback)
    assert rules.alpha_of(Gate("psi", 1.0, weight=0.0)) == 0.0
