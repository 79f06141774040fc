"""Who watches the proxy all the time, to tell whether it ever did what no record asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Self

from phasegate.errors import BadInput
from phasegate.release.entry import Entry
from phasegate.release.record import desired
from phasegate.traffic.state import TrafficState
from phasegate.traffic.target import TrafficTarget

_LOOK_SECONDS = 0.5

Seen = tuple[str, str, int, int]
"""Champion's and challenger's slot, the challenger's share and that of copies (basis points)."""


class Witness:
    """Notes, within the ``with`` body, every state that it sees the proxy in.

    Args:
        target: the proxy.

    Attributes:
        seen: the states.
        looks: how often it looked.
    """

    def __init__(self, target: TrafficTarget) -> None:
        self._target = target
        self.seen: set[Seen] = set()
        self.looks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def unrecorded(self, first: str, entries: Iterable[Entry]) -> list[Seen]:
        """States that no entry's record asks for.

        Args:
            first: slot of the champion that served alone before the first release.
        """
        return sorted(self.seen - {(first, "", 0, 0)} - {_asked(entry) for entry in entries})

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self.seen.add(_state(self._target.observe()))
            except BadInput:  # it did not answer in time: nothing was seen
                continue
            self.looks += 1


def _state(state: TrafficState) -> Seen:
    challenger = state.challenger
    if challenger is None:
        return state.champion.backend.name, "", 0, 0
    mirror = state.mirror.share if state.mirror else 0
    return state.champion.backend.name, challenger.backend.name, challenger.share, mirror


def _asked(entry: Entry) -> Seen:
    wanted = desired(entry.record)
    challenger = wanted.challenger.slot if wanted.challenger else ""
    return wanted.champion.slot, challenger, wanted.weight, wanted.mirror
