"""What a person does to a release; each needs a reason, which the audit log keeps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from phasegate.errors import BadInput, Unavailable
from phasegate.release.decide import decide
from phasegate.release.decision import Action
from phasegate.release.drivers.looking import Look, enact, seen
from phasegate.release.drivers.recording import insist, newest
from phasegate.release.drivers.settling import serving, settle
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.reasons import checked_reason
from phasegate.release.record import Status
from phasegate.release.transitions import frozen, resumed, rolled_back


def advance(world: World, now: datetime, reason: str) -> Look:
    """Take the phase's minimum of time and requests as reached; every gate still has to pass.

    What the same look finds against the release is done too: harm rolls back.

    Raises:
        BadInput: no release runs, no reason is given, or a gate does not pass.
        Unavailable: store, proxy or log did not answer.
    """
    checked_reason(reason, "advance")
    entry = settle(world, _required(world), now).entry
    record = entry.record
    evidence = seen(world, record, now)
    decision = decide(world.policy or record.policy, record, evidence, now, waived=True)
    if decision.action is Action.HOLD:
        raise BadInput(
            f"it cannot go on: {'; '.join(decision.reasons)}",
            where=record.release,
            expected="every gate of the phase to pass; only time and number are waived",
        )
    forwards = decision.action in (Action.ADVANCE, Action.FINISH)
    return enact(
        world, entry, decision, evidence, now,
        waiver=f"{world.actor} waived the minimum: {reason}" if forwards else "",
    )  # fmt: skip


def rollback(world: World, now: datetime, reason: str) -> Look:
    """Give the champion everything back, also after a promotion if it is still served.

    Raises:
        BadInput: the release is rolled back or ended already, no reason is given, or nobody serves
            the champion.
        Unavailable: the store did not answer; then the proxy's kill switch was pulled instead.
    """

    def change(entry: Entry) -> Entry:
        if entry.record.status is Status.PROMOTED:
            serving(world, entry.record.champion)
        return rolled_back(entry, now, world.actor, reason)

    try:
        return _change(world, now, change)
    except (Unavailable, OSError):
        with suppress(BadInput):
            world.target.kill()
        raise


def freeze(world: World, now: datetime, reason: str) -> Look:
    """Stop a release where it is: it keeps its traffic, and only goes back by itself.

    Raises:
        BadInput: it does not run, or no reason is given.
        Unavailable: the store did not answer.
    """
    return _change(world, now, lambda entry: frozen(entry, now, world.actor, reason))


def resume(world: World, now: datetime, reason: str) -> Look:
    """Let a frozen release go on; its phase begins anew, with new evidence.

    Raises:
        BadInput: it is not frozen, or no reason is given.
        Unavailable: the store did not answer.
    """
    return _change(world, now, lambda entry: resumed(entry, now, world.actor, reason))


def _change(world: World, now: datetime, change: Callable[[Entry], Entry]) -> Look:
    entry = insist(world, lambda entry: change(entry or _required(world)))
    settled = settle(world, entry or _required(world), now)
    return Look(settled.entry, problems=settled.problems)


def _required(world: World) -> Entry:
    entry = newest(world)
    if entry is None:
        raise BadInput(
            "there is no release of this model",
            where=world.model,
            fix="start one: phasegate release start",
        )
    return entry
