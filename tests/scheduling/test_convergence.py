"""Whatever was there, whoever else applies and wherever it is killed: one apply more converges."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from phasegate.scheduling.convergence import Observe
from phasegate.scheduling.declaration import Wanted, mark_of
from phasegate.scheduling.plan import Kind, plan
from tests.scheduling.declaring import DIGESTS, wanted
from tests.scheduling.simulated import Applier, Server, apply

_NAMES = ("nightly", "weekly")
_DECLARED = st.lists(
    st.builds(
        wanted,
        st.sampled_from(_NAMES),
        cron=st.sampled_from(["0 0 3 * * *", "0 0 4 * * *"]),
        version=st.sampled_from([*DIGESTS, "latest"]),
        enabled=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda one: one.schedule.name,
)
_WHO = st.sampled_from([0, 1])
_PICK = st.integers(0, 7)


class Convergence(RuleBasedStateMachine):
    """Two who apply the same file, people at the UI, and a clock that starts and ends runs."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.declared: list[Wanted] = []
        self.appliers: list[Applier] = []
        self.stale: Applier | None = None

    @initialize(declared=_DECLARED)
    def begin(self, declared: list[Wanted]) -> None:
        self.declared = declared
        self.appliers = [Applier(self.server, declared) for _ in (0, 1)]

    @rule(declared=_DECLARED)
    def declare(self, declared: list[Wanted]) -> None:
        """The file is edited, while somebody may still be at work with the old one."""
        self.stale = self.appliers[0]
        self.begin(declared)

    @rule(steps=st.integers(1, 4))
    def work_with_an_old_file(self, steps: int) -> None:
        for _ in range(steps):
            if self.stale:
                self.stale.step()

    @rule(who=_WHO, steps=st.integers(1, 6))
    def work(self, who: int, steps: int) -> None:
        for _ in range(steps):
            self.appliers[who].step()

    @rule(who=_WHO)
    def die(self, who: int) -> None:
        self.appliers[who] = Applier(self.server, self.declared)

    @rule()
    def time_passes(self) -> None:
        self.server.trigger()

    @rule(pick=_PICK)
    def run_ends(self, pick: int) -> None:
        running = [name for name, count in self.server.runs.items() if count]
        if running:
            self.server.runs[running[pick % len(running)]] -= 1

    @rule(pick=_PICK, on=st.booleans())
    def switched_by_hand(self, pick: int, on: bool) -> None:
        names = list(self.server.recurring)
        if names:
            self.server.switch(names[pick % len(names)], on=on)

    @rule(pick=_PICK)
    def cloned_by_hand(self, pick: int) -> None:
        if self.declared:
            self.server.create(self.declared[pick % len(self.declared)])

    @rule()
    def both_finish(self) -> None:
        """After two who applied at once, exactly one is switched on of each that should be."""
        appliers = [Applier(self.server, self.declared) for _ in (0, 1)]
        for turn in range(200):
            appliers[turn % 2].step()
        assert all(one.outcome for one in appliers)
        self.check()

    @rule()
    def one_finishes(self) -> None:
        assert apply(self.server, self.declared).converged
        self.check()

    def check(self) -> None:
        on = [mark_of(one.description) for one in self.server.recurring.values() if one.enabled]
        found = sorted((one.schedule, one.digest) for one in on if one)
        should = [one for one in self.declared if one.schedule.enabled]
        assert found == sorted((one.schedule.name, one.digest) for one in should)
        observed = self.server.carry_out(Observe())
        changes = plan(self.declared, observed, self.server.catalog)
        assert not [one for one in changes if one.kind.acts]
        waiting = {one.recurring.id for one in changes if one.kind is Kind.DRAINING}
        assert len(self.server.recurring) == len(self.declared) + len(waiting)
        again = apply(self.server, self.declared)
        assert again.done == ()

    @invariant()
    def no_run_was_killed(self) -> None:
        assert self.server.killed == 0


TestConvergence = Convergence.TestCase
TestConvergence.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_what_is_replaced_is_deleted_once_its_runs_have_ended() -> None:
    server = Server()
    apply(server, [wanted()])
    server.trigger()
    (old,) = server.recurring.values()
    outcome = apply(server, [wanted(cron="0 0 4 * * *")])
    assert [one.kind for one in outcome.done] == [Kind.REPLACE, Kind.RETIRE]
    assert [one.kind for one in outcome.left] == [Kind.UNCHANGED, Kind.DRAINING]
    assert not server.recurring[old.id].enabled
    server.runs[old.id] = 0
    outcome = apply(server, [wanted(cron="0 0 4 * * *")])
    assert [one.kind for one in outcome.done] == [Kind.DELETE]
    assert old.id not in server.recurring


def test_the_new_one_is_there_before_the_old_one_is_switched_off() -> None:
    server = Server()
    apply(server, [wanted()])
    applier = Applier(server, [wanted(version=DIGESTS[1])])
    while applier.outcome is None:
        applier.step()
        assert any(one.enabled for one in server.recurring.values())


def test_two_who_both_saw_nothing_end_with_one() -> None:
    server = Server()
    first, second = Applier(server, [wanted()]), Applier(server, [wanted()])
    for applier in (first, second):
        applier.step()  # both see nothing
    first.finish()
    second.finish()
    assert [one.enabled for one in server.recurring.values()] == [True]


def test_a_pause_by_hand_is_corrected_or_respected() -> None:
    server = Server()
    for respect, kinds, on in ((False, [Kind.RESUME], True), (True, [], False)):
        declared = [wanted(respect_pause=respect)]
        apply(server, declared)
        (one,) = server.recurring
        server.switch(one, on=False)
        outcome = apply(server, declared)
        assert [change.kind for change in outcome.done] == kinds
        assert server.recurring[one].enabled is on
    assert outcome.left[0].kind is Kind.HELD
    outcome = apply(server, [wanted(cron="0 0 5 * * *", respect_pause=True)])
    assert not any(one.enabled for one in server.recurring.values())


def test_going_back_while_the_old_one_drains_switches_it_on_again() -> None:
    server = Server()
    first, second = [wanted(respect_pause=True)], [wanted(cron="0 0 4 * * *", respect_pause=True)]
    apply(server, first)
    server.trigger()
    (old,) = server.recurring
    apply(server, second)
    apply(server, first)
    assert [one.id for one in server.recurring.values() if one.enabled] == [old]
    assert server.killed == 0
