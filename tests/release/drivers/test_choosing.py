"""What is due, and what is not refused, in a history that is long enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phasegate.errors import Unavailable
from phasegate.release.drivers.choosing import NothingToDeploy, next_version
from phasegate.release.drivers.deploying import deploy_shadow
from phasegate.release.drivers.manual import rollback
from phasegate.release.drivers.starting import start
from phasegate.release.drivers.step import step
from phasegate.release.drivers.world import World
from phasegate.release.record import Status
from tests.release import samples
from tests.release.drivers.test_guard import WHY
from tests.release.samples import DAY, START
from tests.release.world import MODEL, InMemory, Memory, backend


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def world(memory: Memory) -> World:
    return InMemory(memory).world("test", policy=samples.policy())


def nobody(world: World) -> World:
    """The same, where no model is ready."""
    return replace(world, backend=lambda _: None)


def test_a_model_that_is_not_ready_is_due(world: World) -> None:
    assert next_version(world) == samples.CHALLENGER
    assert next_version(nobody(world)) == samples.CHAMPION
    step(world, START)
    served = next_version(world)
    assert isinstance(served, NothingToDeploy)
    assert served.version == samples.CHALLENGER
    assert next_version(nobody(world)) == samples.CHALLENGER


def test_who_does_not_answer_is_not_taken_for_nothing_to_do(memory: Memory, world: World) -> None:
    memory.proxy_answers = False
    with pytest.raises(Unavailable):
        next_version(world)


def test_a_champion_is_served_however_its_earlier_releases_ended(
    memory: Memory, world: World
) -> None:
    old, new = f"{MODEL}/1", f"{MODEL}/2"
    step(world, START)
    rollback(world, START + DAY, WHY)
    now = START + 2 * DAY
    start(world, old, new, world.policy, now, WHY)
    while not step(world, now).entry.record.is_over:
        now += 8 * DAY
    assert memory.aliases == {"champion": 2}
    start(world, new, old, world.policy, now, WHY)
    rollback(world, now + DAY, WHY)
    assert memory.head.record.status is Status.ROLLED_BACK

    memory.aliases.pop("challenger", None)
    due = next_version(nobody(world))
    assert due == samples.CHALLENGER, "which is the champion now"
    done = deploy_shadow(world, due, backend, now + 2 * DAY, WHY)
    assert (done.refusal, done.backend) == ("", backend(due))
    refused = deploy_shadow(world, samples.CHAMPION, backend, now + 2 * DAY, WHY)
    assert refused.backend is None
