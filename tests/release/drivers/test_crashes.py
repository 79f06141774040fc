"""Drivers that die between any two effects, and several that step at once."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from phasegate.release.drivers.settling import follow, follows
from phasegate.release.drivers.step import step
from phasegate.release.record import Status
from phasegate.release.store.auditing import audited
from tests.release.drivers.conftest import Place
from tests.release.drivers.processes import KILLED, Drivers
from tests.release.samples import DAY, START

WEEK = 8 * DAY
MOST_EFFECTS = 40


def brought(place: Place, phase: int) -> datetime:
    """The time of the next decision, after steps have brought a release into a phase."""
    now = START
    step(place.world, now)
    for _ in range(phase):
        now += WEEK
        step(place.world, now)
    return now + WEEK


def again(place: Place, folder: Path) -> Place:
    """The place as it is, with a store of its own, whatever happened to traffic and aliases."""
    here = place.fresh(folder)
    if Path(place.setting.store).is_dir():
        shutil.copytree(place.setting.store, folder)
        follow(here.world)
    return here


def converged(place: Place, now: datetime) -> None:
    """Step once more, as whoever comes next would; everything follows the record then."""
    for _ in range(2):
        look = step(place.world, now)
        assert look.problems == ()
    record = look.entry.record
    assert record.settled if record.is_over else record.phase_applied
    assert follows(record, place.world.target.observe())
    chain = audited(place.world.releases, place.setting.model)
    assert chain.is_intact, chain.flaws


@pytest.mark.parametrize(
    ("phase", "harmful", "status", "ended_in", "aliases"),
    [
        (None, False, Status.RUNNING, 0, {"champion": 1, "challenger": 2}),  # start
        (0, False, Status.RUNNING, 1, {"champion": 1, "challenger": 2}),  # advance
        (1, True, Status.ROLLED_BACK, 1, {"champion": 1}),  # roll back
        (3, False, Status.PROMOTED, 3, {"champion": 2}),  # finish
    ],
)
def test_whoever_comes_next_completes_what_a_dead_driver_began(
    place: Place, drivers: Drivers, tmp_path: Path,
    phase: int | None, harmful: bool, status: Status, ended_in: int, aliases: dict[str, int],
) -> None:  # fmt: skip
    now = START if phase is None else brought(place, phase)
    for effect in range(1, MOST_EFFECTS):
        here = again(place, tmp_path / str(effect))
        here.setting = here.setting.with_(harmful=harmful)
        before = here.world.releases.head(here.setting.model)
        (code,) = drivers.step(here.setting, now, crash=effect)
        assert code in (0, KILLED)
        # What is in force was recorded: the state before, or the newest one.
        recorded = [before, here.world.releases.head(here.setting.model)]
        state = here.world.target.observe()
        assert any(follows(one.record, state) for one in recorded if one) or phase is None
        converged(here, now)
        record = here.world.releases.head(here.setting.model).record
        assert (record.status, record.phase) == (status, ended_in)
        assert here.aliases == aliases
        if code == 0:
            break
    assert code == 0
    assert effect > 5


def test_of_drivers_that_step_at_once_one_decides(place: Place, drivers: Drivers) -> None:
    model, now = place.setting.model, START
    for round_ in range(6):
        codes = drivers.step(place.setting, now, drivers=3)
        assert codes == [0, 0, 0]
        entries = place.world.releases.entries(model)
        assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
        head = entries[-1].record
        assert follows(head, place.world.target.observe())
        if head.is_over:
            break
        now += WEEK
        assert round_ < 5
    moves = [entry.action for entry in entries if entry.action not in ("look", "apply")]
    assert moves == ["start", "advance", "advance", "advance", "finish", "settle"]
    assert place.aliases == {"champion": 2}
    converged(place, now)
    assert {entry.actor for entry in entries} <= {"driver-0", "driver-1", "driver-2"}
