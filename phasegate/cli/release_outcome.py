"""What a driver did, on screen and as JSON, and the exit code that says it."""

from __future__ import annotations

from datetime import datetime

from phasegate.cli.console import err, print_json
from phasegate.cli.release_view import print_status, status_json
from phasegate.errors import BadInput, ExitCode
from phasegate.release.decision import Action
from phasegate.release.drivers.looking import Look
from phasegate.release.drivers.world import World
from phasegate.release.evidence import Traffic
from phasegate.release.gathering.evidence import traffic_of

BACKWARDS = (Action.ROLL_BACK, Action.FREEZE, Action.END_INCONCLUSIVE)


def print_look(world: World, look: Look, now: datetime, as_json: bool) -> int:
    """Print what was done and where the release stands now.

    Returns:
        1 where a gate stopped the release, 2 where traffic or registry do not follow yet, else 0.
    """
    traffic = _traffic(world)
    known = {"traffic": traffic, "kill": world.kill_switch.is_on(world.model)}
    decision = look.decision
    if as_json:
        print_json(
            status_json(look.entry, now, evidence=look.evidence, **known)
            | {
                "action": str(decision.action) if decision else None,
                "reasons": list(decision.reasons) if decision else [],
                "recorded": decision is not None and not look.winner,
                "winner": look.winner,
                "problems": list(look.problems),
            }
        )
    else:
        print_status(look.entry, now=now, evidence=look.evidence, **known)
    if look.winner:
        err.print(f"not recorded: {look.winner}", markup=False)
    for problem in look.problems:
        err.print(f"not followed yet: {problem}", markup=False)
    if decision is not None and decision.action in BACKWARDS and not look.winner:
        return ExitCode.BLOCKED
    return ExitCode.BAD_INPUT if look.problems else ExitCode.PASSED


def _traffic(world: World) -> Traffic | None:
    try:
        return traffic_of(world.target.observe())
    except BadInput:
        return None
