"""What people do to one schedule by hand: look, pause, resume, delete."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.kubeflow.api import Kubeflow
from phasegate.kubeflow.objects import Recurring
from phasegate.scheduling.applying import SETTLE_SECONDS, plan_schedules
from phasegate.scheduling.backend import Backend
from phasegate.scheduling.declaration import mark_of
from phasegate.scheduling.plan import Kind
from phasegate.scheduling.reading import Declaration

_THERE = (Kind.UNCHANGED, Kind.HELD, Kind.RESUME, Kind.PAUSE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A recurring run of ours.

    Attributes:
        schedule: name of its schedule.
        declared: whether the file has that schedule.
        recurring: the recurring run.
        in_flight: how many of its runs have not ended.
    """

    schedule: str
    declared: bool
    recurring: Recurring
    in_flight: int


def list_schedules(kubeflow: Kubeflow, declaration: Declaration) -> list[Listed]:
    """All recurring runs of the file's set, by schedule, oldest first."""
    backend = Backend(kubeflow, declaration.owner)
    found = backend.recurring()
    counts = backend.in_flight(found)
    names = {one.name for one in declaration.schedules}
    listed = [
        Listed(mark.schedule, mark.schedule in names, one, counts[one.id])
        for one in found
        if (mark := mark_of(one.description))
    ]
    return sorted(listed, key=lambda one: (one.schedule, one.recurring.created))


def pause_schedule(kubeflow: Kubeflow, declaration: Declaration, name: str) -> list[Recurring]:
    """Switch a schedule off; its runs in flight go on. Those that were on.

    Raises:
        BadInput: there is none of this name.
    """
    backend = Backend(kubeflow, declaration.owner)
    on = [one for one in _of(backend, declaration, name) if one.enabled]
    for one in on:
        backend.switch(one, on=False)
    return on


def resume_schedule(
    kubeflow: Kubeflow, declaration: Declaration, name: str, now: datetime
) -> Recurring:
    """Switch a schedule on that is on the backend as it is declared.

    Raises:
        BadInput: it is not declared, or the backend has another.
    """
    changes = [one for one in plan_schedules(kubeflow, declaration, now) if one.schedule == name]
    wanted = next((one for one in changes if one.wanted), None)
    if wanted is None:
        raise _unknown(declaration, name)
    if wanted.kind not in _THERE or wanted.recurring is None:
        raise BadInput(
            "the backend has none, or another, than is declared",
            where=f"schedule {name}",
            fix="phasegate schedule plan shows the difference, apply makes it",
        )
    Backend(kubeflow, declaration.owner).switch(wanted.recurring, on=True)
    return wanted.recurring


def delete_schedule(
    kubeflow: Kubeflow,
    declaration: Declaration,
    name: str,
    *,
    settle_seconds: float = SETTLE_SECONDS,
) -> tuple[list[Recurring], list[Recurring]]:
    """Switch a schedule off, and delete it as far as its runs have ended: deleted, and not yet.

    Raises:
        BadInput: there is none of this name.
    """
    backend = Backend(kubeflow, declaration.owner)
    found = _of(backend, declaration, name)
    on = [one for one in found if one.enabled]
    for one in on:
        backend.switch(one, on=False)
    if on:
        time.sleep(settle_seconds)
    deleted = [one for one in found if backend.delete(one)]
    return deleted, [one for one in found if one not in deleted]


def _of(backend: Backend, declaration: Declaration, name: str) -> list[Recurring]:
    found = [
        one
        for one in backend.recurring()
        if (mark := mark_of(one.description)) and mark.schedule == name
    ]
    if not found:
        raise _unknown(declaration, name)
    return found


def _unknown(declaration: Declaration, name: str) -> BadInput:
    names = sorted(one.name for one in declaration.schedules)
    return BadInput(
        f"there is no schedule '{name}' of {declaration.owner}"
        + (" on the backend" if name in names else ""),
        where=str(declaration.path),
        expected=f"one of {', '.join(names)}" if names and name not in names else None,
        fix="phasegate schedule apply makes it" if name in names else None,
    )
