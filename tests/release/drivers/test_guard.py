"""The guard: a tick after the harm, with or without a store."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from phasegate.errors import Unavailable
from phasegate.release.drivers.guard import Guard, watch
from phasegate.release.drivers.settling import follows
from phasegate.release.drivers.step import step
from phasegate.release.drivers.world import World
from phasegate.release.kill_switch import pull
from phasegate.release.record import Status
from phasegate.release.store.auditing import audited
from phasegate.traffic.headers import ENTITY
from tests.release.drivers.conftest import Place
from tests.release.samples import DAY, START
from tests.traffic.load import send
from tests.waiting import until

WHY = "complaints about declined cards"
SOON = START + timedelta(minutes=5)


def in_canary(place: Place) -> datetime:
    """The time just after a release has come into its canary."""
    step(place.world, START)
    look = step(place.world, START + 8 * DAY)
    assert look.entry.record.current.name == "canary"
    return START + 8 * DAY + timedelta(minutes=5)


def status(place: Place) -> Status:
    """Of the newest release."""
    return place.world.releases.head(place.setting.model).record.status


@contextmanager
def guarding(world: World, now: datetime, said: list[str], every: float = 0.2) -> Iterator[None]:
    """A guard in another thread."""
    stop = threading.Event()
    thread = threading.Thread(
        target=watch, args=(world, every, stop), kwargs={"clock": lambda: now, "say": said.append}
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=30)
        assert not thread.is_alive()


def unreachable(world: World) -> World:
    """The same world, whose store does not answer."""

    class Gone:
        def __getattr__(self, name: str) -> Callable[..., object]:
            def refused(*_: object) -> None:
                raise Unavailable(f"the bucket does not answer ({name})")

            return refused

    return replace(world, releases=Gone())


def test_a_challenger_that_fails_is_rolled_back_by_the_proxys_counts(
    own_place: Place, said: list[str]
) -> None:
    place = own_place
    now = in_canary(place)
    place.setting = place.setting.with_(counted=True, actor="guard")
    place.challenger.behaviour = "error"
    with guarding(place.world, now, said):
        sent = 0
        while status(place) is Status.RUNNING:
            answer = send(place.address, {ENTITY: str(sent)})
            assert answer.status == 200  # the champion steps in
            sent += 1
            assert sent < 5_000
        until(lambda: place.world.releases.head(place.setting.model).record.settled)
    record = place.world.releases.head(place.setting.model).record
    assert record.status is Status.ROLLED_BACK
    assert "errors" in record.reason
    state = place.world.target.observe()
    assert (state.champion.backend, state.challenger) == (place.champion.backend, None)
    assert place.aliases == {"champion": 1}
    assert any("rolled back" in line for line in said)
    assert len(said) == len(set(said))
    assert audited(place.world.releases, place.setting.model).is_intact


def test_the_kill_flag_works_within_a_look(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    with guarding(place.world, now, said, every=0.5):
        until(lambda: bool(said))
        pull(Path(place.setting.flags), place.setting.model, reason=WHY, actor="ann", now=now)
        until(lambda: place.world.target.observe().killed, seconds=2)
        until(lambda: status(place) is Status.ROLLED_BACK)
        until(lambda: place.world.releases.head(place.setting.model).record.settled)
    assert place.world.target.observe().challenger is None


def test_a_kill_at_the_proxy_is_recorded(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    place.world.target.kill()
    Guard(place.world, said.append).look(now)
    assert status(place) is Status.ROLLED_BACK
    assert "proxy's kill switch" in place.world.releases.head(place.setting.model).record.reason


def test_a_guard_that_sees_nothing_wrong_changes_nothing(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    before = place.world.releases.head(place.setting.model)
    guard = Guard(place.world, said.append)
    for _ in range(3):
        guard.look(now)
    assert place.world.releases.head(place.setting.model) == before
    assert said == [f"{before.record.release}: canary, 10 %"]


def test_weights_that_nobody_recorded_are_taken_back_and_told(
    place: Place, said: list[str]
) -> None:
    now = in_canary(place)
    guard = Guard(place.world, said.append)
    guard.look(now)
    place.world.target.change(lambda plan: plan.with_weight(9_000))
    guard.look(now)
    record = place.world.releases.head(place.setting.model).record
    assert follows(record, place.world.target.observe())
    assert "90 %" in said[-1]
    assert "now 10 %" in said[-1]
    assert record.status is Status.RUNNING


def test_without_a_store_harm_is_killed_and_recorded_when_it_is_back(
    place: Place, said: list[str]
) -> None:
    now = in_canary(place)
    guard = Guard(place.world, said.append)
    guard.look(now)
    guard._world = unreachable(place.world)
    guard.look(now)
    assert not place.world.target.observe().killed
    late = now + timedelta(hours=7)
    guard.look(late)
    assert place.world.target.observe().killed
    assert place.world.target.observe().challenger.share == 0
    assert status(place) is Status.RUNNING
    guard._world = place.world
    guard.look(late + timedelta(minutes=1))
    record = place.world.releases.head(place.setting.model).record
    assert (record.status, record.settled) == (Status.ROLLED_BACK, True)
    assert "nobody is watching" in record.reason
    assert place.world.target.observe().challenger is None
    assert audited(place.world.releases, place.setting.model).is_intact


def test_without_a_store_the_kill_flag_still_works(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    pull(Path(place.setting.flags), place.setting.model, reason=WHY, actor="ann", now=now)
    Guard(unreachable(place.world), said.append).look(now)  # one that never saw the record
    assert place.world.target.observe().killed


def test_a_record_that_vanished_is_no_end_of_the_release(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    guard = Guard(place.world, said.append)
    guard.look(now)
    shutil.rmtree(place.setting.store)
    guard.look(now + timedelta(hours=7))
    assert place.world.target.observe().killed
    assert any("is gone" in line for line in said)


def test_evidence_that_nobody_looks_at_rolls_back_in_time(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    guard = Guard(place.world, said.append)
    guard.look(now + timedelta(hours=5))
    assert status(place) is Status.RUNNING
    guard.look(now + timedelta(hours=7))
    assert status(place) is Status.ROLLED_BACK


def test_no_error_of_a_look_ends_the_guard(place: Place, said: list[str]) -> None:
    now = in_canary(place)
    broken = replace(place.world, evidence=lambda *_, **__: 1 / 0)
    with guarding(broken, now, said, every=0.05):
        until(lambda: any("ZeroDivisionError" in line for line in said))
        pull(Path(place.setting.flags), place.setting.model, reason=WHY, actor="ann", now=now)
        until(lambda: place.world.target.observe().killed)
    assert len(said) == len(set(said))


def test_a_rollback_that_died_before_traffic_followed_is_completed(
    place: Place, said: list[str]
) -> None:
    now = in_canary(place)
    place.setting = place.setting.with_(harmful=True)

    def refused(_: object) -> None:
        raise Unavailable("the proxy does not answer")

    world = place.world
    target = type("Deaf", (), {"change": staticmethod(refused), "observe": world.target.observe})()
    look = step(replace(world, target=target), now)
    assert look.entry.record.status is Status.ROLLED_BACK
    assert look.problems
    Guard(world, said.append).look(now)
    assert place.world.releases.head(place.setting.model).record.settled
    assert place.world.target.observe().challenger is None


@pytest.mark.parametrize("model", ["nothing-here"])
def test_where_nothing_is_released_there_is_nothing_to_do(
    place: Place, said: list[str], model: str
) -> None:
    Guard(replace(place.world, model=model), said.append).look(SOON)
    assert said == []
