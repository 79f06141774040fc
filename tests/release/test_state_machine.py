"""Releases under random events, crashes and races: what must never be, and what must be at last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from phasegate.contracts.verdict import Outcome
from phasegate.errors import BadInput
from phasegate.release.audit import verify
from phasegate.release.drivers.guard import Guard
from phasegate.release.drivers.manual import advance, freeze, resume, rollback
from phasegate.release.drivers.settling import follows
from phasegate.release.drivers.starting import start
from phasegate.release.drivers.step import step
from phasegate.release.evidence import Evidence
from phasegate.release.record import ReleaseRecord, Status, desired
from phasegate.traffic.plan import WHOLE
from tests.release import samples
from tests.release.samples import DAY, START
from tests.release.world import MODEL, Crash, InMemory, Memory, backend

WHY = "it was decided by a test"
HOUR = timedelta(hours=1)
SLOW = samples.policy()
QUICK = replace(
    SLOW,
    phases=tuple(replace(p, minimum=replace(p.minimum, duration=HOUR)) for p in SLOW.phases),
    unreachable=2 * DAY,
)
KINDS = (
    "good",
    "good",
    "few",
    "unclear",
    "unclear",
    "harm",
    "crooked",
    "none",
    "empty",
    "foreign",
    "stale",
)
crashes = st.none() | st.integers(2, 60)


def view(kind: str) -> Any:
    """What evidence of a kind is made of a record."""

    def see(record: ReleaseRecord, now: Any) -> Evidence:
        good = samples.evidence(record, now)
        phase = record.current
        match kind:
            case "few":
                pairs = samples.pairs(40) if phase.mirror else None
                split = samples.cohorts(phase.weight, 500) if phase.weight else None
                return replace(good, pairs=pairs, cohorts=split)
            case "unclear":
                pairs = samples.pairs(gain=-0.2) if phase.mirror else None
                failing = 0.02 if phase.weight == WHOLE else 0.0
                split = samples.cohorts(phase.weight, failing=failing, gain=-0.5)
                return replace(good, pairs=pairs, cohorts=split if phase.weight else None)
            case "harm":
                pairs = samples.pairs(failing=0.1) if phase.mirror else None
                split = samples.cohorts(phase.weight, failing=0.1) if phase.weight else None
                return replace(good, pairs=pairs, cohorts=split)
            case "crooked":
                split = samples.cohorts(min(phase.weight + 1_000, 10_000)) if phase.weight else None
                return replace(good, cohorts=split)
            case "none":
                return replace(good, pairs=None, cohorts=None, log_read=False, problems=("gone",))
            case "empty":
                return replace(good, pairs=None, cohorts=None)
            case "foreign":
                return replace(good, release="another")
            case "stale":
                return samples.evidence(record, now - 3 * DAY)
        return good

    return see


def assert_whole(memory: Memory) -> None:
    """The audit log has every entry, and tells of nothing impossible."""
    log = [memory.log[number] for number in sorted(memory.log)]
    chain = verify(log, memory.head, lambda digest: "" if digest in memory.kept else "absent")
    assert not chain.flaws


class Releases(RuleBasedStateMachine):
    """Drivers of one model, in any order, dying anywhere, and what they leave."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        self.ports = InMemory(self.memory)
        self.now = START
        self.checked = (0, 0)

    def drive(self, act: Any, crash: int | None = None, intruder: Any = None, at: int = 1) -> None:
        """A driver's process, from its start to its end or death."""
        ports = InMemory(self.memory)
        ports.crash_at = crash
        if intruder is not None:
            ports.intrude_at, ports.intruder = at, lambda: self.drive(intruder)
        with suppress(Crash, BadInput):
            act(ports)

    def step(self, ports: InMemory) -> None:
        step(ports.world("pipeline"), self.now)

    def guard(self, ports: InMemory) -> None:
        Guard(ports.world("guard"), lambda _: None).look(self.now)

    @initialize()
    def begin(self) -> None:
        self.drive(self.start)

    def start(self, ports: InMemory) -> None:
        names = (f"{MODEL}/1", f"{MODEL}/2")
        start(ports.world("ann"), *names, QUICK, self.now, WHY)

    @rule(crash=crashes)
    def the_pipeline_looks_at_a_good_challenger(self, crash: int | None) -> None:
        self.memory.see = view("good")
        self.now += 2 * HOUR
        self.drive(self.step, crash)

    @rule(looks=st.integers(1, 4))
    def the_pipeline_runs_undisturbed(self, looks: int) -> None:
        for _ in range(looks):
            self.the_pipeline_looks_at_a_good_challenger(None)

    @rule(kind=st.sampled_from(KINDS), hours=st.integers(0, 60), crash=crashes)
    def time_passes_and_the_pipeline_looks(self, kind: str, hours: int, crash: int | None) -> None:
        self.memory.see = view(kind)
        self.now += timedelta(hours=hours)
        self.drive(self.step, crash)

    @rule(kind=st.sampled_from(KINDS), crash=crashes)
    def the_guard_looks(self, kind: str, crash: int | None) -> None:
        self.memory.see = view(kind)
        self.now += timedelta(seconds=5)
        self.drive(self.guard, crash)

    @rule(at=st.integers(1, 30), guard=st.booleans(), crash=crashes)
    def two_drivers_race(self, at: int, guard: bool, crash: int | None) -> None:
        self.drive(self.step, crash, intruder=self.guard if guard else self.step, at=at)

    @rule(act=st.sampled_from([advance, advance, freeze, resume, rollback]), crash=crashes)
    def a_person_acts(self, act: Any, crash: int | None) -> None:
        self.drive(lambda ports: act(ports.world("ann"), self.now, WHY), crash)

    @rule(crash=crashes)
    def a_person_starts_another(self, crash: int | None) -> None:
        self.drive(self.start, crash)

    @rule(hours=st.integers(1, 5))
    def the_clock_goes_back(self, hours: int) -> None:
        self.now = max(START, self.now - timedelta(hours=hours))

    @rule(answers=st.booleans())
    def the_store_comes_or_goes(self, answers: bool) -> None:
        self.memory.store_answers = answers

    @rule(answers=st.booleans())
    def the_proxy_comes_or_goes(self, answers: bool) -> None:
        self.memory.proxy_answers = answers

    @rule(weight=st.integers(0, 10_000))
    @precondition(lambda self: self.memory.plan.challenger is not None)
    def somebody_changes_traffic_by_hand(self, weight: int) -> None:
        self.memory.plan = replace(self.memory.plan, weight=weight)

    @rule()
    def the_kill_switch_is_pulled_and_the_guard_looks(self) -> None:
        self.memory.switch = True
        self.memory.proxy_answers = True
        self.drive(self.guard)
        head = self.memory.head
        if head is not None and not (head.record.is_over and head.record.settled):
            state = self.ports._state()
            assert state.challenger is None or state.challenger.share == 0
        if self.memory.store_answers and head is not None:
            assert head.record.is_over

    @rule()
    def everything_is_well_again(self) -> None:
        self.memory.switch = False
        self.memory.killed = False
        self.memory.store_answers = self.memory.proxy_answers = True

    @invariant()
    def the_audit_log_is_whole_and_nothing_impossible_is_in_it(self) -> None:
        state = len(self.memory.served), len(self.memory.log)
        if state == self.checked:
            return
        self.checked = state
        assert_whole(self.memory)

    @invariant()
    def nothing_is_promoted_without_a_pass(self) -> None:
        for entry in self.memory.served:
            if entry.record.status is Status.PROMOTED and entry.action == "finish":
                gates = [one for one in entry.decision.findings if not one.guardrail]
                assert gates
                assert all(one.outcome is Outcome.PASS for one in gates)

    @invariant()
    def the_champion_keeps_its_alias_until_a_promotion(self) -> None:
        if self.memory.aliases["champion"] == 2:
            assert any(one.record.status is Status.PROMOTED for one in self.memory.served)

    def teardown(self) -> None:
        """However it was left, undisturbed drivers bring the world to what the record says."""
        self.everything_is_well_again()
        self.memory.see = view("few")
        for _ in range(3):
            self.drive(self.guard)
            self.drive(self.step)
        head = self.memory.head
        if head is None:
            return
        assert self.memory.log[head.sequence] == head
        assert follows(head.record, self.ports._state())
        assert self.memory.plan.champion == backend(desired(head.record).champion)
        if head.record.is_over:
            assert head.record.settled
            wanted = 2 if head.record.status is Status.PROMOTED else 1
            assert self.memory.aliases["champion"] == wanted


TestReleases = Releases.TestCase
TestReleases.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def journey(memory: Memory, crash: tuple[int, int] | None = None) -> int:
    """Start a release and look until it is over; one process dies at a call. Calls of that one."""
    now, calls = START, 0
    for number in range(16):
        ports = InMemory(memory)
        if crash is not None and number == crash[0]:
            ports.crash_at = crash[1]
        with suppress(Crash, BadInput):
            if memory.head is None:
                names = (f"{MODEL}/1", f"{MODEL}/2")
                start(ports.world("ann"), *names, QUICK, now, WHY)
            else:
                step(ports.world("pipeline"), now)
        if crash is not None and number == crash[0]:
            calls = ports.calls
        now += 2 * HOUR
    return calls


@pytest.mark.parametrize("look", range(9))
def test_dying_between_any_two_effects_changes_nothing_but_the_time(look: int) -> None:
    last = 2 * journey(Memory(), (look, -1)) + 1
    assert last > 2
    for crash in range(2, last + 1):
        memory = Memory()
        journey(memory, (look, crash))
        assert memory.head is not None
        assert memory.head.record.status is Status.PROMOTED
        assert memory.head.record.settled
        assert memory.aliases == {"champion": 2}
        assert memory.plan.champion == backend(samples.CHALLENGER)
        weights = [one.record.current.weight for one in memory.served if one.action == "apply"]
        assert weights == [0, 1_000, 5_000, 10_000]
        assert_whole(memory)


def test_an_undisturbed_release_is_promoted() -> None:
    """The machine's world can get that far: its rules are not kept by never moving."""
    memory = Memory()
    journey(memory)
    assert memory.head is not None
    assert memory.head.record.status is Status.PROMOTED
