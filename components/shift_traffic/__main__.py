"""Entrypoint of `shift_traffic`."""

from __future__ import annotations

from functools import partial

from phasegate.contracts import execution
from phasegate.errors import BadInput
from phasegate.release.drivers.pacing import carry_on
from phasegate.release.drivers.shifting import share_goal
from phasegate.traffic.plan import WHOLE

NAME = "shift_traffic"


def main() -> None:
    """Ask for a share until it is reached, lost, or the time is up."""
    with execution(NAME) as step:
        carry_on(
            step, partial(share_goal, weight=basis_points(step.parameter("weight")), gate=NAME)
        )


def basis_points(percent: object) -> int:
    """A share of 0 to 100 per cent.

    Raises:
        BadInput: it is none, or has more than two decimals.
    """
    try:
        points = float(percent) * 100  # type: ignore[arg-type]
    except (TypeError, ValueError):
        points = -1.0
    if not 0 <= points <= WHOLE or abs(points - round(points)) > 1e-6:
        raise BadInput(
            f"'{percent}' is no share",
            where=f"{NAME}: weight",
            expected="0 to 100 per cent, with at most two decimals",
        )
    return round(points)


if __name__ == "__main__":
    main()
