"""A server that dies again and again once it answers users."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from examples.production.production import Production
from phasegate.errors import BadInput
from phasegate.local.serving.models import ServedModel

_LOOK_SECONDS = 0.2
_ANSWERS = 30  # that it gives before it dies


@dataclass
class Crashes:
    """How often a server was killed."""

    kills: int = 0


@contextmanager
def crashing(production: Production, model: ServedModel, wanted: bool) -> Iterator[Crashes]:
    """Kill a challenger's server (SIGKILL) whenever it is well and has answered some users.

    Args:
        wanted: whether to do it at all.
    """
    crashes, stop = Crashes(), threading.Event()

    def kill() -> None:
        answered = 0
        while not stop.wait(_LOOK_SECONDS):
            try:
                seen = production.world.target.observe().challenger
            except BadInput:
                continue
            if seen is None or seen.backend.name != model.digest[:12] or not seen.share:
                continue
            if seen.healthy and seen.answers - answered >= _ANSWERS:
                production.kill_server(model)
                answered, crashes.kills = seen.answers, crashes.kills + 1

    thread = threading.Thread(target=kill)
    if wanted:
        thread.start()
    try:
        yield crashes
    finally:
        stop.set()
        if wanted:
            thread.join()
