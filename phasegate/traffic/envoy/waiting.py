"""Waiting for what Envoy and the system do not announce."""

from __future__ import annotations

import time
from collections.abc import Callable

from phasegate.errors import Unavailable

_POLL_SECONDS = 0.01


def awaited(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Wait until a condition holds.

    Raises:
        Unavailable: with ``otherwise``, when it does not within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(f"{otherwise} within {seconds:g} seconds")
        time.sleep(_POLL_SECONDS)
