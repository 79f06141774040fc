"""Settling: traffic and registry are made to be what the newest record says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from phasegate.errors import BadInput, Unavailable
from phasegate.release.drivers.recording import TooSlow, newest, record
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.record import ModelVersion, ReleaseRecord, desired
from phasegate.release.transitions import applied
from phasegate.traffic.plan import Backend, TrafficPlan
from phasegate.traffic.state import TrafficState

CHAMPION, CHALLENGER = "champion", "challenger"
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of settling.

    Attributes:
        entry: the newest one.
        problems: why traffic or registry do not follow it yet.
    """

    entry: Entry
    problems: tuple[str, ...] = ()


def settle(world: World, entry: Entry, now: datetime) -> Settled:
    """Do what is missing until traffic and registry follow the newest record, and record that.

    A release that is over and was seen to be followed is left alone: what is served afterwards is
    no affair of it. What fails is told, and done by whoever settles next.

    Raises:
        Unavailable: the store did not answer.
    """
    for _ in range(_ATTEMPTS):
        if entry.record.is_over and entry.record.settled:
            return Settled(entry)
        problems = []
        try:
            if not _is_followed(world, entry.record):
                problems.append("the proxy does not follow: it was told, and does something else")
        except BadInput as error:
            problems.append(f"the proxy does not follow: {error}")
        if entry.record.is_over:  # after traffic, because a registry may take its time
            try:
                move_aliases(world, entry.record)
            except BadInput as error:
                problems.append(f"the registry does not follow: {error}")
        latest = newest(world)
        if latest is not None and latest != entry:
            entry = latest
            continue
        if problems or (entry.record.phase_applied and not entry.record.is_over):
            return Settled(entry, tuple(problems))
        try:
            return Settled(record(world, entry, applied(entry, now, world.actor)))
        except TooSlow as lost:
            entry = lost.winner
    raise Unavailable("others change the record all the time", where=world.model)


def follow(world: World) -> TrafficPlan:
    """Make traffic follow the newest record, which is read when nobody else can change traffic.

    Raises:
        BadInput: a version that is to answer is served by nobody, or the proxy refuses the plan.
        Unavailable: the proxy or the store does not answer.
    """

    def plan(previous: TrafficPlan) -> TrafficPlan:
        entry = newest(world)
        if entry is None or (entry.record.is_over and entry.record.settled):
            return previous
        return plan_of(world, entry.record, previous)

    return world.target.change(plan)


def plan_of(world: World, record: ReleaseRecord, previous: TrafficPlan) -> TrafficPlan:
    """The plan that a record asks for; which header cohorts stick to stays as it is.

    The salt is the challenger's, so that each one meets other entities first.

    Raises:
        BadInput: a version that is to answer is served by nobody.
    """
    wanted = desired(record)
    return replace(
        previous,
        champion=serving(world, wanted.champion, previous),
        challenger=serving(world, wanted.challenger, previous) if wanted.challenger else None,
        weight=wanted.weight,
        mirror=wanted.mirror,
        stickiness=replace(previous.stickiness, salt=record.challenger.slot),
    )


def serving(world: World, version: ModelVersion, plan: TrafficPlan | None = None) -> Backend:
    """Who serves a version.

    Args:
        plan: whose backends are taken for still there.

    Raises:
        BadInput: nobody does.
    """
    if found := world.backend(version):
        return found
    for backend in (plan.champion, plan.challenger) if plan else ():
        if backend is not None and backend.name == version.slot:
            return backend
    raise BadInput(
        f"nobody serves {version.reference} ({version.slot})",
        where=world.model,
        fix="serve it: by phasegate serve here, by component deploy_shadow on a cluster",
    )


def follows(record: ReleaseRecord, state: TrafficState) -> bool:
    """Whether traffic is what a record asks for."""
    wanted = desired(record)
    challenger = state.challenger
    return (
        state.champion.backend.name == wanted.champion.slot
        and (challenger.backend.name if challenger else "")
        == (wanted.challenger.slot if wanted.challenger else "")
        and (challenger.share if challenger else 0) == wanted.weight
        and (state.mirror.share if state.mirror else 0) == wanted.mirror
        and not state.drift
    )


def move_aliases(world: World, record: ReleaseRecord) -> None:
    """Let the registry's aliases say how a release ended.

    An alias ``challenger`` that points to a newer model stays: its turn is next.

    Raises:
        BadInput: the registry has other bytes under the version's number, or refuses.
        Unavailable: it does not answer.
    """
    name, champion = world.model, desired(record).champion
    aliases = world.registry.aliases(name)
    number = version_number(champion)
    if aliases.get(CHAMPION) != number:
        found = world.registry.resolve(champion.reference)
        if found.model_digest != champion.digest:
            raise BadInput(
                f"the registry has {found.model_digest[:12]} under this number",
                where=champion.reference,
                expected=champion.slot,
            )
        world.registry.point(name, CHAMPION, number)
    if aliases.get(CHALLENGER) == version_number(record.challenger):
        world.registry.remove(name, CHALLENGER)


def version_number(version: ModelVersion) -> int:
    """The number in ``NAME/VERSION``.

    Raises:
        BadInput: there is none.
    """
    _, _, number = version.reference.rpartition("/")
    if not number.isdigit():
        raise BadInput("names no version", where=version.reference, expected="NAME/VERSION")
    return int(number)


def _is_followed(world: World, record: ReleaseRecord) -> bool:
    """Whether traffic follows, after it was told to if need be."""
    told_before = record.phase_applied is not None and not record.is_over
    if not (told_before and follows(record, world.target.observe())):
        follow(world)
    return follows(record, world.target.observe())
