"""Entrypoint of `promote`."""

from __future__ import annotations

from functools import partial

from phasegate.contracts import execution
from phasegate.release.drivers.pacing import carry_on
from phasegate.release.drivers.shifting import promotion_goal

NAME = "promote"


def main() -> None:
    """Ask for the promotion until it is made, lost, or the time is up."""
    with execution(NAME) as step:
        carry_on(step, partial(promotion_goal, gate=NAME))


if __name__ == "__main__":
    main()
