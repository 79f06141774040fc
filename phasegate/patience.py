"""For how long somebody who does not answer is asked."""

from __future__ import annotations

import math
import os

from phasegate.errors import BadInput

VARIABLE = "PHASEGATE_RETRY_SECONDS"
_SECONDS = 30.0


def patience(given: float | None = None) -> float:
    """Seconds: what was given, else ``PHASEGATE_RETRY_SECONDS``, else 30.

    Raises:
        BadInput: the variable is no number of seconds.
    """
    if given is not None:
        return given
    text = os.environ.get(VARIABLE, str(_SECONDS))
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise BadInput(f"'{text}' is no number of seconds", where=VARIABLE, expected="such as 30")
    return seconds
