"""Starting a release: by hand, or because a new challenger is registered."""

from __future__ import annotations

from datetime import datetime

from phasegate.errors import BadInput
from phasegate.release.drivers.looking import Look
from phasegate.release.drivers.recording import newest, record
from phasegate.release.drivers.settling import CHALLENGER, CHAMPION, serving, settle
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion, Status
from phasegate.release.transitions import started

VERDICTS = ("data_verdict", "evaluation_verdict", "serving_verdict")
"""Tags that `components.register` gives a version whose gates have all passed."""


def start(
    world: World, champion: str, challenger: str, policy: Policy, now: datetime, reason: str
) -> Look:
    """Start a release, in its first phase.

    Args:
        champion: ``NAME@ALIAS`` or ``NAME/VERSION`` in the registry.
        challenger: the same.
        now: event time.
        reason: for the audit log.

    Raises:
        BadInput: one is under way, a kill switch is on, a version has not passed its gates or is
            served by nobody, or there is no shadow and no reason for that.
        Unavailable: store, registry or proxy did not answer.
    """
    entry = _begin(world, newest(world), champion, challenger, policy, now, reason)
    settled = settle(world, entry, now)
    return Look(settled.entry, problems=settled.problems)


def start_next(world: World, previous: Entry | None, now: datetime) -> Entry | None:
    """Start the release of the registry's challenger, where the policy wants that.

    A model that was rolled back, or whose release ended undecided, is not tried again by itself.
    One that others have still to deploy is waited for.

    Returns:
        The first entry; None where there is nothing to start.

    Raises:
        BadInput: see `start`.
        Unavailable: store, registry or proxy did not answer.
    """
    policy = world.policy
    if policy is None or not policy.automatic:
        return None
    aliases = world.registry.aliases(world.model)
    if CHAMPION not in aliases or aliases.get(CHALLENGER) in (None, aliases[CHAMPION]):
        return None
    challenger = checked_version(world, f"{world.model}@{CHALLENGER}")
    if previous is not None and challenger.digest in refused(world):
        return None
    if world.deployed_apart and world.backend(challenger) is None:
        return None
    names = (f"{world.model}@{CHAMPION}", f"{world.model}@{CHALLENGER}")
    reason = f"{challenger.reference} is registered as {CHALLENGER}"
    return _begin(world, previous, *names, policy, now, reason)


def checked_version(world: World, reference: str) -> ModelVersion:
    """A registered version that has a digest and the verdicts of its gates.

    Raises:
        BadInput: there is none, or it has not.
    """
    found = world.registry.resolve(reference)
    if found.name != world.model:
        raise BadInput(f"is a version of {found.name}", where=reference, expected=world.model)
    missing = ([] if found.model_digest else ["digest"]) + [
        tag for tag in VERDICTS if not found.tags.get(tag)
    ]
    if missing:
        raise BadInput(
            f"has no {', no '.join(missing)}",
            where=str(found),
            expected="a version whose gates have all passed",
            fix="train and register it: phasegate run PROJECT",
        )
    return ModelVersion(str(found), found.model_digest)


def _begin(
    world: World,
    previous: Entry | None,
    champion: str,
    challenger: str,
    policy: Policy,
    now: datetime,
    reason: str,
) -> Entry:
    versions = [checked_version(world, one) for one in (champion, challenger)]
    entry = started(
        previous, model=world.model, champion=versions[0], challenger=versions[1],
        policy=policy, now=now, actor=world.actor, reason=reason,
    )  # fmt: skip
    refuse_while_killed(world)
    for version in versions:
        serving(world, version)
    return record(world, previous, entry)


def refuse_while_killed(world: World) -> None:
    """Let nothing start while a kill switch is on, or cannot be read.

    Raises:
        BadInput: one is.
        Unavailable: the proxy did not answer.
    """
    kill = world.kill_switch.is_on(world.model)
    if kill is None:
        raise BadInput(
            f"the kill switch cannot be read ({world.kill_switch.problem})", where=world.model
        )
    if kill:
        raise BadInput(
            "the kill switch is on", where=world.model, fix="phasegate release revive --reason ..."
        )
    if world.target.observe().killed:
        raise BadInput(
            "the proxy's kill switch is pulled", where=world.model, fix="phasegate traffic revive"
        )


def refused(world: World) -> set[str]:
    """Digests of challengers that were rolled back, or that nothing could be decided about."""
    return {
        entry.record.challenger.digest
        for entry in world.releases.entries(world.model)
        if entry.record.status in (Status.ROLLED_BACK, Status.ENDED)
    }
