"""A server that ends with the process that started it."""

from __future__ import annotations

import os
import signal
import threading


def end_with_standard_input() -> None:
    """Send this process SIGTERM when its standard input closes, as it does when its owner dies."""
    threading.Thread(target=_await_end, daemon=True).start()


def _await_end() -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the interpreter ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
