"""Reasons that people give, which are kept with what they did."""

from __future__ import annotations

from phasegate.errors import BadInput

SHORTEST_REASON = 10  # characters


def checked_reason(reason: str, what: str, kept: str = "which the audit log keeps") -> str:
    """The reason, if one is given.

    Args:
        what: is done for it.
        kept: where it will be found.

    Raises:
        BadInput: it is too short to be one.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise BadInput(
            f"{what} needs a reason, {kept}",
            expected=f"at least {SHORTEST_REASON} characters",
            fix="pass it: --reason '...'",
        )
    return reason
