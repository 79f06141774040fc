"""A plan as canaryTrafficPercent: no user meets a model that the plan does not name."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.kserve.serverless.deploying import deployment
from phasegate.traffic.kserve.serverless.keeping import Kept
from phasegate.traffic.kserve.serverless.percent import percent_of
from phasegate.traffic.kserve.serverless.standing import Revision, Standing
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.traffic.serverless.knative import Simulation

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def backend(digest: str) -> Backend:
    return Backend(digest[:12], "127.0.0.1:80", "card-fraud")


def plan(champion: str, challenger: str | None = None, **more: object) -> TrafficPlan:
    rival = backend(challenger) if challenger else None
    return TrafficPlan(backend(champion), rival, **more)  # type: ignore[arg-type]


class Asked:
    """What `deployment` needs of a model."""

    def __init__(self, digest: str) -> None:
        self.digest, self.version = digest, "card-fraud/1"
        self.storage_uri = f"gs://models/{digest}"


def deploy(world: Simulation, digest: str, kept: Kept) -> None:
    patch = deployment(Asked(digest), world.standing(), kept)  # type: ignore[arg-type]
    if patch is not None:
        world.digest = digest
        world.percent = patch["spec"]["predictor"]["canaryTrafficPercent"]


def served(*digests: str) -> Simulation:
    """Models that were rolled out one after the other."""
    world = Simulation()
    for digest in digests:
        deploy(world, digest, Kept())
        world.settle()
        world.become_ready()
        world.settle()
        world.percent = None
        world.settle()
    return world


def with_newest(digest: str, *digests: str) -> Simulation:
    """Such models, and a new one that is ready and has no traffic."""
    world = served(*digests)
    deploy(world, digest, Kept(plan(digests[-1])))
    world.settle()
    world.become_ready()
    world.settle()
    return world


def test_the_first_model_answers_everything_once_it_is_ready() -> None:
    world = served(A)

    assert world.shares() == {A: 100}
    assert percent_of(plan(A), world.standing()) is None


def test_a_new_model_gets_no_traffic() -> None:
    world = served(A)
    deploy(world, B, Kept(plan(A)))
    for _ in range(5):
        world.settle()
        assert world.shares() == {A: 100}
        world.become_ready()


@pytest.mark.parametrize("weight", [0, 500, 2500, 5000, 9900, 10_000])
def test_the_challenger_gets_its_weight(weight: int) -> None:
    world = with_newest(B, A)

    world.percent = percent_of(plan(A, B, weight=weight), world.standing())
    world.settle()

    wanted = {A: 100 - weight // 100, B: weight // 100}
    assert world.shares() == {digest: share for digest, share in wanted.items() if share}


@pytest.mark.parametrize("before", [1000, 5000, 10_000])
def test_a_rollback_is_one_value_from_every_weight(before: int) -> None:
    world = with_newest(B, A)
    world.percent = percent_of(plan(A, B, weight=before), world.standing())
    world.settle()

    world.percent = percent_of(plan(A), world.standing())
    assert world.percent == 0
    world.settle()

    assert world.shares() == {A: 100}
    assert percent_of(plan(A), world.standing()) == 0, "it stays as it is"


def test_a_promotion_removes_the_field_and_can_be_rolled_back() -> None:
    world = with_newest(B, A)
    world.percent = percent_of(plan(A, B, weight=5000), world.standing())
    world.settle()

    world.percent = percent_of(plan(B), world.standing())
    assert world.percent is None
    world.settle()
    assert world.shares() == {B: 100}

    world.percent = percent_of(plan(A), world.standing())
    world.settle()
    assert world.shares() == {A: 100}


def test_zero_is_never_said_of_a_champion_that_is_the_latest() -> None:
    # KServe would take it for a rollback, and go back to the model before.
    world = served(A, B)

    assert percent_of(plan(B), world.standing()) is None
    assert percent_of(plan(B).kill(), world.standing()) is None


def test_a_kill_is_a_rollback_that_keeps_the_shares_of_the_plan() -> None:
    world = with_newest(B, A)

    killed = plan(A, B, weight=5000, mirror=10_000).kill()

    assert percent_of(killed, world.standing()) == 0


def test_the_champion_deployed_again_takes_over_once_it_is_ready() -> None:
    world = with_newest(B, A)
    deploy(world, A, Kept(plan(A)))
    world.settle()
    assert percent_of(plan(A), world.standing()) == 0, "the old revision of it goes on"

    world.become_ready()
    world.settle()
    world.percent = percent_of(plan(A), world.standing())
    world.settle()

    assert world.percent is None
    assert world.shares() == {A: 100}


def test_an_old_model_comes_back_by_being_deployed() -> None:
    world = with_newest(C, A, B)
    world.percent = percent_of(plan(C), world.standing())
    world.settle()
    with pytest.raises(BadInput, match=f"{A[:12]} is to answer, and KServe goes back to {B[:12]}"):
        percent_of(plan(A), world.standing())

    deploy(world, A, Kept(plan(C)))
    world.settle()
    with pytest.raises(Unavailable, match="is not ready"):
        percent_of(plan(A), world.standing())
    world.become_ready()
    world.settle()
    world.percent = percent_of(plan(A), world.standing())
    world.settle()

    assert world.shares() == {A: 100}


def test_weights_are_whole_per_cent() -> None:
    world = with_newest(B, A)

    with pytest.raises(BadInput, match=r"weight 50 is 0\.5 %.*whole per cent"):
        percent_of(plan(A, B, weight=50), world.standing())


def test_a_challenger_that_is_not_the_newest_model_gets_nothing() -> None:
    world = with_newest(B, A)

    for shares in ({"weight": 100}, {"mirror": 100}):
        with pytest.raises(BadInput, match=f"{C[:12]} is to get a share.*{B[:12]}"):
            percent_of(plan(A, C, **shares), world.standing())


def test_no_weight_before_the_new_revision_is_ready() -> None:
    world = with_newest(B, A)
    world.percent = percent_of(plan(A), world.standing())
    world.settle()
    deploy(world, C, Kept(plan(A)))  # after a rollback of B, which is ready and the latest
    world.settle()

    with pytest.raises(Unavailable, match="is not ready"):
        percent_of(plan(A, C, weight=1000), world.standing())
    assert percent_of(plan(A, C, mirror=1000), world.standing()) == 0


def test_another_image_of_the_champion_is_left_to_roll_out() -> None:
    standing = Standing(
        "card-fraud", A, "gs://models/a", None,
        created=Revision("r2", A, ready=False), ready=Revision("r1", A),
        rolled_out=Revision("r1", A), previous=None, traffic={"r1": 100},
    )  # fmt: skip

    assert percent_of(plan(A), standing) is None


def test_a_running_challenger_is_not_replaced() -> None:
    world = with_newest(B, A)

    with pytest.raises(BadInput, match=f"{B[:12]} is the challenger of a release"):
        deploy(world, C, Kept(plan(A, B, mirror=1000)))
    deploy(world, C, Kept(plan(A, B)))
    assert world.digest == C


def test_where_kserve_went_back_too_far_only_the_champion_can_be_deployed() -> None:
    """KServe sees the split of a deployment before the new revision, and takes it for a rollback.

    It compares the newest and the latest revision for that, and Knative's Service may tell of the
    route first.
    """
    world = served(A, B)
    deploy(world, C, Kept(plan(B)))
    world.kserve()
    world.route()
    world.service()  # before the configuration has made the revision
    world.kserve()
    world.settle()
    assert world.shares() == {A: 100}, "the trap is there; it is KServe's"

    with pytest.raises(BadInput, match=f"KServe goes back to {A[:12]}.*Deploy {B[:12]} again"):
        percent_of(plan(B), world.standing())
    world.become_ready()
    world.settle()
    deploy(world, B, Kept(plan(B)))
    world.settle()
    world.become_ready()
    world.settle()
    world.percent = percent_of(plan(B), world.standing())
    world.settle()

    assert world.shares() == {B: 100}


def test_one_deployment_waits_until_kserve_has_seen_the_one_before() -> None:
    world = served(B, A)
    deploy(world, B, Kept(plan(A)))
    world.kserve()
    world.configuration()
    world.become_ready()
    with pytest.raises(Unavailable, match="has not seen yet"):
        deploy(world, A, Kept(plan(A)))

    assert world.digest == B
    assert world.shares() == {A: 100}


@given(
    percent=st.none() | st.integers(0, 100),
    slots=st.lists(st.sampled_from([A, B, C]), min_size=4, max_size=4),
    ready=st.booleans(),
    weight=st.integers(0, 10_000),
    mirror=st.sampled_from([0, 10_000]),
    killed=st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_any_state_gives_a_whole_percentage_or_a_reason(
    percent: int | None, slots: list[str], ready: bool, weight: int, mirror: int, killed: bool
) -> None:
    names = [f"r{number}-{digest[:1]}" for number, digest in enumerate(slots)]
    created, latest, rolled_out, previous = (
        Revision(name, digest, ready=ready) for name, digest in zip(names, slots, strict=True)
    )
    standing = Standing(
        "card-fraud", slots[0], "gs://m", percent, created, latest, rolled_out, previous, {}
    )
    asked = replace(plan(A, B, weight=weight, mirror=mirror), killed=killed)
    try:
        found = percent_of(asked, standing)
    except BadInput as error:
        assert str(error)
        return
    assert found is None or 0 <= found <= 100
    if found:
        assert (created.digest, found * 100) == (B, weight)
        assert not killed


class Releases(RuleBasedStateMachine):
    """An operator who deploys, shifts, promotes and rolls back while controllers take their time.

    Controllers step in any order but one: the configuration goes before the Service's status (see
    the test of KServe's trap above).
    """

    def __init__(self) -> None:
        super().__init__()
        self.world, self.plan = served(B, A), plan(A)
        self.allowed = {A}

    @initialize()
    def start(self) -> None:
        self.world.settle()

    @rule(digest=st.sampled_from([A, B, C]))
    def deploy(self, digest: str) -> None:
        try:
            deploy(self.world, digest, Kept(self.plan))
        except BadInput:
            return

    @rule(weight=st.sampled_from([0, 100, 1000, 5000, 10_000]), mirror=st.sampled_from([0, 10_000]))
    def shift(self, weight: int, mirror: int) -> None:
        newest = self.world.digest
        if newest != self.champion:
            self.carry_out(plan(self.champion, newest, weight=weight, mirror=mirror))

    @rule()
    def roll_back(self) -> None:
        self.carry_out(plan(self.champion))

    @rule()
    def promote(self) -> None:
        if self.plan.challenger is not None:
            self.carry_out(plan(self.digest_of(self.plan.challenger)))

    @rule()
    def kill(self) -> None:
        self.carry_out(self.plan.kill())

    @rule()
    def step(self) -> None:
        self.world.kserve()
        self.world.configuration()
        self.world.route()
        self.world.service()

    @rule()
    def only_kserve(self) -> None:
        self.world.kserve()

    @rule()
    def only_the_configuration(self) -> None:
        self.world.configuration()

    @precondition(lambda self: self.world.config_created == f"r{self.world.generation}")
    @rule()
    def only_the_route(self) -> None:
        self.world.route()
        self.world.service()

    @rule()
    def pods_come_up(self) -> None:
        self.world.become_ready()

    @invariant()
    def users_meet_models_of_the_plan(self) -> None:
        assert set(self.world.shares()) <= self.allowed

    @invariant()
    def what_is_settled_is_as_planned(self) -> None:
        settled = deepcopy(self.world)
        settled.settle()
        assert set(settled.shares()) <= self.allowed

    @property
    def champion(self) -> str:
        return self.digest_of(self.plan.champion)

    @staticmethod
    def digest_of(backend: Backend) -> str:
        return backend.name[:1] * 64

    def carry_out(self, wanted: TrafficPlan) -> None:
        """As the target does: refused, or one PATCH; then it waits until all of it is so."""
        try:
            self.world.percent = percent_of(wanted, self.world.standing())
        except BadInput:
            return
        before, self.plan = self.plan, wanted
        self.allowed = {self.digest_of(one) for one in (before.champion, wanted.champion)}
        for one in (before, wanted):
            if one.challenger is not None and one.weight:
                self.allowed.add(self.digest_of(one.challenger))
        self.world.settle()
        self.allowed = {self.champion}
        if wanted.challenger is not None and wanted.weight and not wanted.killed:
            self.allowed.add(self.digest_of(wanted.challenger))
        shares = self.world.shares()
        weight = 0 if wanted.killed or wanted.challenger is None else wanted.weight // 100
        assert shares.get(self.champion, 0) == 100 - weight


TestReleases = Releases.TestCase
TestReleases.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
