"""What goes wrong on a cluster while a release runs: held, told in one line, recorded truly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta

import pytest

from phasegate.errors import BadInput
from phasegate.release.drivers.guard import Guard, watch
from phasegate.release.drivers.manual import rollback
from phasegate.release.drivers.starting import start
from phasegate.release.drivers.step import step
from phasegate.release.record import Status
from tests.kubernetes.fake import builtin_crds
from tests.release.cluster.conftest import Site
from tests.release.drivers.test_guard import WHY, guarding
from tests.release.samples import DAY, START
from tests.traffic.kserve.overlay import MODEL, NAMESPACE
from tests.waiting import until

CANARY = START + 8 * DAY
SOON = CANARY + timedelta(minutes=5)
SERVICES = f"{MODEL}-a-predictor", f"{MODEL}-b-predictor"


@pytest.fixture
def canary(site: Site) -> Site:
    """A release that gives the challenger 10 %."""
    step(site.world(), START)
    step(site.world(), CANARY)
    assert site.record().current.name == "canary"
    assert site.weights() == dict(zip(SERVICES, (9_000, 1_000), strict=True))
    return site


def test_a_whole_release_with_one_write_to_the_route_for_each_phase(site: Site) -> None:
    before = site.place.writes("httproutes")
    now = START
    shares = []
    while not (step(site.world(), now).entry.record.is_over):
        shares.append(site.weights().get(SERVICES[1], 0))
        now += 8 * DAY
    assert shares == [0, 1_000, 5_000, 10_000]
    assert site.weights() == {SERVICES[1]: 10_000}
    assert site.place.writes("httproutes") - before == 5  # one for each phase, one for the end
    assert site.aliases == {"champion": site.versions[1].version}

    before, pods = site.place.writes("httproutes"), site.place.writes("inferenceservices")
    rollback(site.world(), now, WHY)
    assert site.place.writes("httproutes") - before == 1
    assert site.place.writes("inferenceservices") == pods
    assert SERVICES[1] not in site.weights()
    assert site.record().status is Status.ROLLED_BACK
    assert site.aliases == {"champion": site.versions[0].version}


def test_a_share_set_by_hand_is_reported_and_corrected(canary: Site, said: list[str]) -> None:
    guard = Guard(canary.world("guard"), said.append)
    guard.look(SOON)
    canary.by_hand(4_000)
    guard.look(SOON)
    assert canary.weights()[SERVICES[1]] == 1_000
    (line,) = [one for one in said if "not as recorded" in one]
    assert "kubectl-edit" in line
    assert "now 10 %, as recorded" in line
    assert canary.record().status is Status.RUNNING
    guard.look(SOON)
    assert len([one for one in said if "not as recorded" in one]) == 1


def test_a_share_set_by_hand_is_reported_and_left_where_that_is_wanted(
    canary: Site, said: list[str]
) -> None:
    notes = {"metadata": {"annotations": {"phasegate.dev/drift": "respect"}}}
    canary.api.edit("HTTPRoute", NAMESPACE, MODEL, notes)
    canary.by_hand(4_000)
    guard = Guard(canary.world("guard"), said.append)
    for _ in range(3):
        guard.look(SOON)
    assert canary.weights()[SERVICES[1]] == 4_000
    (line,) = [one for one in said if "not as recorded" in one]
    assert "kubectl-edit" in line
    assert "left alone" in line
    # Nothing moves forwards on traffic that is not the phase's, however good the log.
    held = step(canary.world(), SOON)
    assert any("expected 10 %" in one for one in held.decision.reasons)
    assert any("left alone" in one for one in held.problems)
    assert canary.record().current.name == "canary"
    # But the way back is open, and after a while it is taken: nobody can judge such a share.
    step(canary.world(), SOON + canary.record().policy.unreachable)
    assert canary.record().status is Status.ROLLED_BACK
    assert SERVICES[1] not in canary.weights()


@contextmanager
def failing(site: Site, fault: str) -> Iterator[None]:
    """A cluster that does not let traffic be seen or changed."""
    with site.api.down() if fault == "down" else nullcontext():
        match fault:
            case "gone":
                site.api.remove("HTTPRoute", NAMESPACE, MODEL)
            case "forbidden":
                site.api.forbid("*", "httproutes", user="admin")
            case "crd":
                site.api.uninstall("HTTPRoute")
            case "errors":
                site.api.fail("*", "httproutes", status=500, times=None)
        yield
    site.api.heal()
    site.api.install(*builtin_crds.ALL)
    site.controllers.settle()


FAULTS = {
    "down": "does not answer",
    "gone": "the route is not there",
    "forbidden": "Bind a Role with verb 'get'",
    "crd": "Install the CustomResourceDefinition httproutes",
    "errors": "it answers 500",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cluster_that_does_not_let_us_holds_the_release(
    canary: Site, said: list[str], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = canary.record()
    guard = Guard(canary.world("guard"), said.append)
    with failing(canary, fault):
        for _ in range(2):
            guard.look(SOON)
        (line,) = [one for one in said if not one.startswith(before.release)]
        assert FAULTS[fault] in line
        assert "\n" not in line
        held = step(canary.world(), SOON)
        assert held.decision.action == "hold"
        assert any(FAULTS[fault] in one for one in held.decision.reasons)
    after = canary.record()
    assert (after.status, after.phase, after.seen) == (before.status, before.phase, before.seen)
    assert capsys.readouterr().err == ""


def test_what_nobody_can_see_for_too_long_is_rolled_back_when_the_cluster_answers_again(
    canary: Site,
) -> None:
    with failing(canary, "down"):
        late = SOON + canary.record().policy.unreachable
        assert step(canary.world(), late).problems
        record = canary.record()
        assert (record.status, record.settled) == (Status.ROLLED_BACK, False)
    step(canary.world(), late)
    assert canary.record().settled
    assert SERVICES[1] not in canary.weights()


def test_a_webhook_that_refuses_leaves_the_phase_unapplied(canary: Site) -> None:
    canary.api.webhook("HTTPRoute", lambda *_: "shares above 10 % need a ticket")
    look = step(canary.world(), CANARY + 8 * DAY)
    assert any("need a ticket" in one for one in look.problems)
    assert canary.weights()[SERVICES[1]] == 1_000
    record = canary.record()
    assert (record.current.name, record.phase_applied) == ("ramp", None)
    # What is not applied is not judged either: the release waits for its traffic.
    later = step(canary.world(), CANARY + 8 * DAY + timedelta(hours=1))
    assert any("need a ticket" in one for one in later.problems)
    assert later.decision.action == "hold"
    canary.api.heal()
    assert not step(canary.world(), CANARY + 8 * DAY + timedelta(hours=2)).problems
    assert canary.weights()[SERVICES[1]] == 5_000
    assert canary.record().phase_applied == CANARY + 8 * DAY + timedelta(hours=2)


def test_a_challenger_that_crash_loops_is_rolled_back(canary: Site, said: list[str]) -> None:
    canary.controllers.crash(f"{MODEL}-b")
    until(lambda: not canary.target.observe().challenger.healthy)
    held = step(canary.world(), SOON)
    assert held.decision.action == "hold"
    assert "the challenger does not pass its health checks" in held.decision.reasons
    assert canary.record().status is Status.RUNNING
    guard = Guard(canary.world("guard"), said.append)
    guard.look(SOON + canary.record().policy.unreachable + timedelta(hours=1))
    record = canary.record()
    assert (record.status, record.settled) == (Status.ROLLED_BACK, True)
    assert "no sound evidence" in record.reason
    assert SERVICES[1] not in canary.weights()


def test_the_routes_kill_switch_rolls_back(canary: Site, said: list[str]) -> None:
    with guarding(canary.world("guard"), SOON, said):
        canary.target.kill()
        until(lambda: canary.record().settled)
    assert canary.record().status is Status.ROLLED_BACK
    assert "the proxy's kill switch is pulled" in canary.record().reason


def test_a_rollback_while_the_cluster_is_away_is_recorded_and_done_later(canary: Site) -> None:
    world = canary.world()
    with canary.api.down():
        look = rollback(world, SOON, WHY)
        assert look.problems
        record = canary.record()
        assert (record.status, record.settled) == (Status.ROLLED_BACK, False)
    step(canary.world(), SOON)
    assert canary.record().settled
    assert SERVICES[1] not in canary.weights()


def test_a_start_is_refused_where_the_challenger_is_not_ready(site: Site) -> None:
    site.controllers.crash(f"{MODEL}-b")
    slot = site.versions[1].model_digest[:12]
    until(lambda: site.target.backend(slot) is None)
    world = site.world()
    names = f"{MODEL}@champion", f"{MODEL}@challenger"
    with pytest.raises(BadInput, match=r"nobody serves .*component deploy_shadow on a cluster"):
        start(world, *names, world.policy, START, WHY)
    assert world.releases.head(MODEL) is None


def test_each_look_is_counted_for_whoever_restarts_a_guard_that_hangs(
    canary: Site, said: list[str]
) -> None:
    looks, stop = [], threading.Event()

    def looked() -> None:
        looks.append(1)
        if len(looks) == 3:
            stop.set()

    with ExitStack() as stack:
        stack.enter_context(failing(canary, "down"))
        watch(canary.world("guard"), 0.01, stop, clock=lambda: SOON, say=said.append, looked=looked)
    assert len(looks) == 3
