"""References by the digest of their model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.reference import Reference, read_reference
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.health import Health

_FILE = "profile.json"
_PAUSE = 2.0
_MOST_UNKNOWN = 32


class References:
    """What is known of models' references; folders are looked at again when one is missed.

    Args:
        folders: each of an artifact ReferenceProfile, or holding several such folders.
        health: is told of models without one, and of folders that hold none that is whole.
        metrics: count rows of such models.
        clock: seconds, rising.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        health: Health,
        metrics: DriftMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders, self._health, self._metrics, self._clock = folders, health, metrics, clock
        self._found: dict[str, Reference] = {}
        self._read: set[Path] = set()
        self._unknown: dict[str, str] = {}
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._look()

    def find(self, model: str, digest: str, rows: int) -> Reference | None:
        """The reference of a model; where there is none, that its rows are not judged is told.

        Args:
            model: name that it is served under.
            digest: of the model.
            rows: that came from it.
        """
        with self._lock:
            if digest not in self._found and self._clock() >= self._next_look:
                self._look()
            found = self._found.get(digest)
            if found is None and rows:
                self._miss(model, digest, rows)
            return found

    def profiles(self) -> Mapping[str, Profile]:
        """All profiles by their digest."""
        with self._lock:
            return {one.profile.digest: one.profile for one in self._found.values()}

    def of_profile(self, digest: str) -> Reference:
        """The reference of a profile that is known."""
        with self._lock:
            return next(one for one in self._found.values() if one.profile.digest == digest)

    def _miss(self, model: str, digest: str, rows: int) -> None:
        if digest not in self._unknown and len(self._unknown) >= _MOST_UNKNOWN:
            self._metrics.unreferenced("other", "other", rows)
            return
        self._metrics.unreferenced(model, digest, rows)
        if digest not in self._unknown:
            known = ", ".join(sorted(f"{one[:12]}" for one in self._found)) or "none"
            self._unknown[digest] = (
                f"model {digest[:12]} of {model} has no reference, and its drift is not judged "
                f"(references are of: {known})"
            )
            self._health.tell(f"reference of {digest[:12]}", self._unknown[digest])

    def _look(self) -> None:
        self._next_look = self._clock() + _PAUSE
        for place in self._folders:
            folders = [one for one in _artifacts(place) if one not in self._read]
            for folder in folders:
                self._add(folder)
            if not any(one == place or place in one.parents for one in self._read):
                # A folder that others fill later is not wrong; one that is not there is.
                there = place.is_dir()
                self._health.tell(
                    f"references in {place}", None if there else f"there is no folder {place}"
                )

    def _add(self, folder: Path) -> None:
        try:
            reference = read_reference(folder)
        except (BadInput, OSError) as error:
            self._health.tell(f"reference {folder}", f"no reference: {error}")
            return
        self._health.tell(f"reference {folder}", None)
        self._read.add(folder)
        profile = reference.profile
        self._found[profile.model_digest] = reference
        self._metrics.referenced(profile)
        if self._unknown.pop(profile.model_digest, None):
            self._health.tell(f"reference of {profile.model_digest[:12]}", None)


def _artifacts(place: Path) -> Iterator[Path]:
    if (place / _FILE).is_file():
        yield place
    elif place.is_dir():
        yield from sorted(path.parent for path in place.glob(f"[!.]*/{_FILE}"))
