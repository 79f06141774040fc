"""A registered model brought to where it can be released from: served beside the champion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from phasegate.errors import BadInput, Unavailable
from phasegate.release.drivers.looking import Look
from phasegate.release.drivers.recording import newest
from phasegate.release.drivers.settling import CHAMPION, serving, settle
from phasegate.release.drivers.starting import (
    checked_version,
    refuse_while_killed,
    refused,
    start,
)
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.record import ModelVersion, Status
from phasegate.traffic.plan import Backend, TrafficPlan

Deploy = Callable[[ModelVersion], Backend]
"""Serves a version, and returns once it answers as its files do; may be called again."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What was done.

    Attributes:
        backend: who serves the version; None where it was refused.
        look: the release that it is the challenger of; without an entry where there is none.
        refusal: why it is not served; empty where it is.
    """

    backend: Backend | None
    look: Look
    refusal: str = ""


def deploy_shadow(
    world: World, version: ModelVersion, deploy: Deploy, now: datetime, reason: str
) -> Deployed:
    """Serve a version and start its release in the first phase; each of it once.

    A version that is being released is only seen to be served. The registry's champion, where
    nobody answers yet, gets all traffic: there is nobody whose shadow it could be. One that was
    rolled back, or that nothing could be decided about, is refused: a step that is repeated must
    not undo that. A person may start it again.

    Args:
        world: with the rules of the release.
        version: that passed its gates; see `checked_version`.
        deploy: serves it.
        now: event time.
        reason: for the audit log.

    Raises:
        BadInput: another release is under way, a kill switch is on, or nobody serves the champion.
        Unavailable: something did not answer, or does not follow yet.
    """
    entry = newest(world)
    if entry is not None:
        settled = settle(world, entry, now)
        entry = settled.entry
        if entry.record.challenger.digest == version.digest and not entry.record.is_over:
            return _healed(world, entry, version, deploy, now)
        if not (entry.record.is_over and entry.record.settled):
            raise _busy(entry, settled.problems)
        if entry.record.challenger.digest == version.digest:
            if entry.record.status is Status.PROMOTED:
                return Deployed(deploy(version), Look(entry))
            return Deployed(None, Look(entry), f"{entry.record.status}: {entry.record.reason}")
    champion = checked_version(world, f"{world.model}@{CHAMPION}")
    if champion.digest == version.digest:
        return Deployed(_first(world, version, deploy), Look(None))
    if version.digest in refused(world):
        return Deployed(None, Look(None), "an earlier release of it did not end in promotion")
    refuse_while_killed(world)
    assert world.policy is not None
    serving(world, champion)
    backend = deploy(version)
    look = start(world, champion.reference, version.reference, world.policy, now, reason)
    return Deployed(backend, look)


def _healed(
    world: World, entry: Entry, version: ModelVersion, deploy: Deploy, now: datetime
) -> Deployed:
    backend = deploy(version)
    settled = settle(world, entry, now)
    return Deployed(backend, Look(settled.entry, problems=settled.problems))


class _OtherChampion(BadInput):
    """Somebody else answers than the registry's champion."""


def _first(world: World, version: ModelVersion, deploy: Deploy) -> Backend:
    """Serve the champion where nobody answers by a plan, or where it does already."""
    backend = deploy(version)

    def kept(plan: TrafficPlan) -> TrafficPlan:
        if plan.champion.name == backend.name:
            return replace(plan, champion=backend)
        raise _OtherChampion(
            f"model {plan.champion.name} answers there, and the registry's champion is "
            f"{version.reference}",
            where=world.model,
            expected=version.slot,
            fix="let the alias champion point to who answers, then release the other one",
        )

    try:
        world.target.change(kept)
    except (_OtherChampion, Unavailable):
        raise
    except BadInput:  # nothing was ever planned here; if it is something else, this says so too
        world.target.apply(TrafficPlan(champion=backend))
    return backend


def _busy(entry: Entry, problems: tuple[str, ...]) -> BadInput:
    record = entry.record
    if record.is_over:
        return Unavailable(
            f"release {record.release} is {record.status}, and is not followed yet: "
            f"{'; '.join(problems)}",
            where=record.model,
        )
    return BadInput(
        f"release {record.release} is {record.status}, in phase {record.current.name}",
        where=record.model,
        fix="wait until it is over, or end it: component rollback, phasegate release rollback",
    )
