"""A server process that is started again when it ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from phasegate.server_process import ServerFailure, ServerProcess

_LONGEST_PAUSE = 30.0

Process = TypeVar("Process", bound=ServerProcess)


class Supervised(Generic[Process]):
    """A server, its successors, and the growing pauses between them.

    Args:
        name: for messages.
        make: a process that will listen on a port, or on any free one for 0; not started.

    Attributes:
        process: the present one, started.

    Raises:
        ServerFailure: the first one did not start.
    """

    def __init__(self, name: str, make: Callable[[int], Process]) -> None:
        self._name, self._make = name, make
        self._failures, self._not_before = 0, 0.0
        self.process = make(0)
        self.process.__enter__()

    def restart_if_ended(self, say: Callable[[str], None]) -> None:
        """Start a successor on the same port if the process has ended and the pause is over."""
        code = self.process.poll()
        if code is None or time.monotonic() < self._not_before:
            return
        self._failures += 1
        self._not_before = time.monotonic() + min(2.0**self._failures, _LONGEST_PAUSE)
        say(f"{self._name} ended with exit code {code}; starting it again")
        port = urlsplit(self.process.address).port or 0
        self.process.stop()
        self.process = self._make(port)
        try:
            self.process.__enter__()
        except ServerFailure as failure:
            say(str(failure))

    def stop(self) -> None:
        """Stop the process."""
        self.process.stop()
