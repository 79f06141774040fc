"""Objects, their versions, and the history that watches read."""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.kubernetes.fake.failures import expired
from tests.kubernetes.fake.kinds import Resource

Object = dict[str, Any]
Key = tuple[str, str]  # group, plural
_HISTORY = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """A change: ``ADDED``, ``MODIFIED`` or ``DELETED``, at a version, with the object before it."""

    version: int
    kind: str
    key: Key
    object: Object
    before: Object | None


class Store:
    """All objects; every write moves one counter, which is their resourceVersion.

    Attributes:
        lock: held over a read and the write that depends on it.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._objects: dict[Key, dict[tuple[str, str], Object]] = {}
        self._history: deque[Event] = deque(maxlen=_HISTORY)
        self._version = 100
        self._oldest = 100

    @property
    def version(self) -> int:
        """Version of the last write."""
        return self._version

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """A copy of the object, or None."""
        with self.lock:
            found = self._objects.get(_key(resource), {}).get((namespace, name))
            return copy.deepcopy(found)

    def list(self, resource: Resource, namespace: str = "") -> tuple[list[Object], int]:
        """Copies of the objects of a namespace, or of all, by name; and the version of the list."""
        with self.lock:
            found = self._objects.get(_key(resource), {})
            rows = [one for key, one in sorted(found.items()) if namespace in ("", key[0])]
            return copy.deepcopy(rows), self._version

    def put(self, resource: Resource, value: Object) -> Object:
        """Keep an object under its next version."""
        with self.lock:
            metadata = value["metadata"]
            place = (metadata.get("namespace", ""), metadata["name"])
            held = self._objects.setdefault(_key(resource), {})
            before = held.get(place)
            self._version += 1
            metadata["resourceVersion"] = str(self._version)
            held[place] = copy.deepcopy(value)
            self._tell("MODIFIED" if before else "ADDED", resource, held[place], before)
            return value

    def remove(self, resource: Resource, namespace: str, name: str) -> Object:
        """Let an object go."""
        with self.lock:
            gone = copy.deepcopy(self._objects[_key(resource)].pop((namespace, name)))
            self._version += 1
            gone["metadata"]["resourceVersion"] = str(self._version)
            self._tell("DELETED", resource, gone, gone)
            return gone

    def forget(self) -> None:
        """Drop the history, as compaction does: watches from before are too old."""
        with self.lock:
            self._history.clear()
            self._oldest = self._version

    def watch(self, resource: Resource, since: int, seconds: float) -> Iterator[Event | None]:
        """Changes after a version as they come, until the time is up; None now and then.

        Raises:
            Failure: 410, the history does not reach back that far.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self.lock:
                if since < self._oldest:
                    raise expired(since, self._oldest)
                new = [one for one in self._history if one.version > since]
                if not new:
                    self._changed.wait(min(0.25, max(0.0, deadline - time.monotonic())))
            for one in new:
                since = one.version
                if one.key == _key(resource):
                    yield one
            if not new:
                yield None
            if time.monotonic() >= deadline:
                return

    def _tell(self, kind: str, resource: Resource, value: Object, before: Object | None) -> None:
        if len(self._history) == _HISTORY:
            self._oldest = self._history[0].version
        self._history.append(
            Event(self._version, kind, _key(resource), copy.deepcopy(value), before)
        )
        self._changed.notify_all()


def _key(resource: Resource) -> Key:
    return resource.group, resource.plural
