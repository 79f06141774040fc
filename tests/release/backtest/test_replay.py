"""A replay is nothing but production's decisions, look by look."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.clock import microseconds
from phasegate.release.backtest.hindsight import Ledger, look_back
from phasegate.release.backtest.replay import Contest, Stretch, replay, stretches
from phasegate.release.decide import decide
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Policy
from phasegate.release.record import ReleaseRecord, Status, desired
from phasegate.release.report.history import judged_in
from phasegate.traffic.plan import WHOLE
from tests.release import samples
from tests.release.backtest.streams import CHALLENGER, CHAMPION, DAY, START


@settings(max_examples=40)
@given(
    days=st.integers(1, 60),
    hours=st.sampled_from([6, 24, 48]),
    failing_from=st.integers(5, 90),
    losing_from=st.integers(5, 90),
    scarce_until=st.sampled_from([0, 0, 9, 20]),
)
def test_decisions_are_those_of_stepping_decide_by_hand(
    days: int, hours: int, failing_from: int, losing_from: int, scarce_until: int
) -> None:
    contest = Contest(
        "fraud", CHAMPION, CHALLENGER, START, START + days * DAY, timedelta(hours=hours)
    )
    rules = samples.policy()

    def gather(record: ReleaseRecord, now: datetime) -> Evidence:
        day = (now - START) // DAY
        good = {
            "failing": 0.1 if day >= failing_from else 0.0,
            "gain": -2.0 if day >= losing_from else 0.1,
        }
        changes: dict[str, object] = {}
        if record.current.mirror:
            changes["pairs"] = samples.pairs(100 if day < scarce_until else 2_000, **good)
        if record.current.weight:
            changes["cohorts"] = samples.cohorts(record.current.weight, **good)
        return samples.evidence(record, now, **changes)

    entries = replay(contest, rules, gather)
    by_hand = _by_hand(contest, rules, gather, entries[0].record)
    judged = [(entries[at].at, entries[at].decision) for at, _ in judged_in(entries)]
    assert judged == by_hand
    _assert_traffic_follows(contest, entries)


def _by_hand(contest: Contest, rules: Policy, gather, record: ReleaseRecord) -> list:
    """Looks without the transitions: what a person would write down beside `decide`."""
    record = replace(record, phase_applied=contest.since)
    made, now = [], contest.since
    while (now := now + contest.every) <= contest.until:
        decision = decide(rules, record, gather(record, now), now)
        made.append((now, decision))
        match decision.action.value:
            case "advance":
                record = replace(
                    record, phase=record.phase + 1, phase_started=now, phase_applied=now, seen=now
                )
            case "freeze":
                record = replace(record, status=Status.FROZEN, seen=now, reason=decision.reasons[0])
            case "hold":
                record = replace(record, seen=now)
            case _:
                break
    return made


def _assert_traffic_follows(contest: Contest, entries: tuple[Entry, ...]) -> None:
    """Stretches cover the past without gaps, each with what the record wanted then."""
    parts = list(stretches(contest, entries))
    assert (parts[0].since, parts[-1].until) == (contest.since, contest.until)
    assert all(one.until == other.since for one, other in pairwise(parts))
    for part in parts:
        last = [one for one in entries if one.at <= part.since][-1].record
        promoted = last.status is Status.PROMOTED
        assert part.weight == (WHOLE if promoted else desired(last).weight)
        assert part.running is not last.is_over


@settings(max_examples=50)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 9),
            st.integers(0, WHOLE - 1),
            st.integers(0, 4),
            st.sampled_from([None, -1.0, 0.0, 2.0]),
            st.sampled_from([-1.0, 0.0, 3.0]),
        ),
        max_size=30,
    ),
    weights=st.lists(st.sampled_from([0, 500, 5_000, WHOLE]), min_size=1, max_size=5),
    over_after=st.integers(0, 5),
)
def test_hindsight_equals_going_through_the_rows_one_by_one(rows, weights, over_after) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    parts = [
        Stretch(START + 2 * at * DAY, START + 2 * (at + 1) * DAY, weight, 0, at < over_after)
        for at, weight in enumerate(weights)
    ]
    ledger = Ledger(
        time=np.array([microseconds(START + day * DAY) for day, *_ in rows], np.int64),
        draw=np.array([draw for _, draw, *_ in rows], np.uint16),
        key=np.array([key for _, _, key, *_ in rows], np.int64),
        first=np.ones(len(rows), bool),
        champion=np.array([np.nan if one is None else one for *_, one, _ in rows], float),
        challenger=np.array([other for *_, other in rows], float),
    )
    gained = whole = 0.0
    met = []
    for day, draw, key, one, other in rows:
        gain = 0.0 if one is None else other - one
        whole += gain
        part = parts[day // 2] if day // 2 < len(parts) else None
        if part and draw < part.weight:
            gained += gain
            met += [key] * part.running
    found = look_back(ledger, parts, [START, START + 10 * DAY])
    assert (found.requests, found.entities) == (len(met), len(set(met)))
    assert found.against_champion == gained
    assert found.against_challenger == gained - whole
    assert found.regret == max(whole, 0.0) - gained
    assert found.path == (0.0, gained)


def test_a_release_moves_with_its_evidence_and_stays_without() -> None:
    # What the property above holds for is worth little if nothing ever happens.
    contest = Contest("fraud", CHAMPION, CHALLENGER, START, START + 40 * DAY, DAY)
    entries = replay(contest, samples.policy(), samples.evidence)
    assert entries[-1].record.status is Status.PROMOTED
    stuck = replay(
        contest, samples.policy(), lambda record, now: samples.evidence(record, now, cohorts=None)
    )
    assert stuck[-1].record.phase == 1
