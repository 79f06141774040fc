"""Which version is to be deployed: the one that is named, or what the registry and traffic ask for.

Who runs on a schedule names none, and mostly finds nothing to do. That is no error, and costs a few
calls that change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from phasegate.errors import BadInput, Unavailable
from phasegate.release.drivers.recording import newest
from phasegate.release.drivers.settling import CHALLENGER, CHAMPION
from phasegate.release.drivers.starting import checked_version
from phasegate.release.drivers.world import World
from phasegate.release.record import ModelVersion, ReleaseRecord
from phasegate.traffic.state import TrafficState


@dataclass(frozen=True, slots=True)
class NothingToDeploy:
    """Nothing is to be done, or not now.

    Attributes:
        reason: one sentence.
        version: that it is about; None where there is none.
        served: whether that version is served already, as it is to be.
        release: name of its release; empty where there is none.
    """

    reason: str
    version: ModelVersion | None = None
    served: bool = False
    release: str = ""


def chosen_version(world: World, reference: str, digest: str = "") -> ModelVersion:
    """The version that is meant, whose gates have all passed.

    Args:
        reference: ``NAME@ALIAS`` or ``NAME/VERSION``.
        digest: that it must have; empty for any.

    Raises:
        BadInput: there is none, it has not passed its gates, or has another digest.
    """
    version = checked_version(world, reference)
    if digest and version.digest != digest:
        raise BadInput(
            f"the registry has model {version.slot} under this number",
            where=version.reference,
            expected=digest[:12],
        )
    return version


def next_version(world: World) -> ModelVersion | NothingToDeploy:
    """The version that is due: the champion until it answers, then the challenger beside it.

    A challenger waits while another one's release is under way, or a kill switch is on. A kill
    switch that cannot be read is left to `deploy_shadow`, which says so.

    Raises:
        BadInput: a version has not passed its gates.
        Unavailable: store, registry or cluster did not answer.
    """
    aliases = world.registry.aliases(world.model)
    if CHAMPION not in aliases:
        return NothingToDeploy(f"no version of {world.model} is registered as {CHAMPION}")
    champion = checked_version(world, f"{world.model}@{CHAMPION}")
    challenger = None
    if aliases.get(CHALLENGER, aliases[CHAMPION]) != aliases[CHAMPION]:
        challenger = checked_version(world, f"{world.model}@{CHALLENGER}")
    entry = newest(world)
    if entry is not None and not entry.record.is_over:
        return _under_way(world, entry.record, challenger)
    state = _planned(world)
    answers = state is not None and state.champion.backend.name == champion.slot
    if state is None or not answers or world.backend(champion) is None:
        return champion
    if challenger is None:
        return NothingToDeploy(
            f"{champion.reference} answers, and no other version is registered as {CHALLENGER}",
            champion,
            served=True,
        )
    if state.killed or world.kill_switch.is_on(world.model):
        return NothingToDeploy(f"{challenger.reference} waits: a kill switch is on", challenger)
    return challenger


def _under_way(
    world: World, record: ReleaseRecord, challenger: ModelVersion | None
) -> ModelVersion | NothingToDeploy:
    """The release's own challenger where it is not served, or traffic does not follow yet."""
    stands = f"release {record.release} is {record.status}, in phase {record.current.name}"
    if challenger is not None and challenger.digest != record.challenger.digest:
        return NothingToDeploy(f"{challenger.reference} waits: {stands}", challenger)
    if record.phase_applied is None or world.backend(record.challenger) is None:
        return record.challenger
    return NothingToDeploy(
        f"{record.challenger.reference} is served: {stands}",
        record.challenger,
        served=True,
        release=record.release,
    )


def _planned(world: World) -> TrafficState | None:
    """What traffic is like; None where nothing was ever planned."""
    try:
        return world.target.observe()
    except Unavailable:
        raise
    except BadInput:  # if it is something else, deploying says so too
        return None
