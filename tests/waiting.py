"""Waiting for what another thread or process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

SECONDS = 60.0
_PAUSE = 0.01
T = TypeVar("T")


def until(look: Callable[[], T], what: str = "what is waited for", seconds: float = SECONDS) -> T:
    """What is looked for, once it is there; fails when it is not in time.

    Args:
        look: gives it, or what is false.
        what: it is, for the message.
        seconds: at most; for what takes long by itself.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds: {what}"
        time.sleep(_PAUSE)
    return found
