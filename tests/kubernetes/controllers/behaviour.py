"""How pods behave, as a test wants them to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]


@dataclass
class Behaviours:
    """What becomes of pods, by name.

    A name is that of an InferenceService, or the beginning of a model's digest.

    Attributes:
        lag: seconds between a change of an object and the controllers' seeing it.
        addresses: name -> IP address of its pods; others get one of 10.244.0.0/16.
        deadline: seconds until a rollout that makes no progress is reported as failed; None is
            never.
        idle_ready: whether pods without a model are ready.
        route: why a gateway does not accept routes, such as ``NoMatchingParent``; "" accepts.
    """

    lag: float = 0.0
    addresses: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None
    idle_ready: bool = False
    route: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._slow: dict[str, float] = {}
        self._never: set[str] = set()
        self._crashing: set[str] = set()

    def slow(self, name: str, seconds: float) -> None:
        """Pods that start from now on become ready that long after their start."""
        with self._lock:
            self._slow[name] = seconds

    def never(self, name: str) -> None:
        """Pods that start from now on do not become ready."""
        with self._lock:
            self._never.add(name)

    def crash(self, name: str) -> None:
        """Pods, running ones as well, end again and again."""
        with self._lock:
            self._crashing.add(name)

    def heal(self) -> None:
        """All pods are well again."""
        with self._lock:
            self._slow.clear()
            self._never.clear()
            self._crashing.clear()

    def seconds(self, names: tuple[str, ...]) -> float:
        """How long a pod takes to become ready."""
        with self._lock:
            return max((self._slow[one] for one in self._slow if _meant(one, names)), default=0.0)

    def is_never(self, names: tuple[str, ...]) -> bool:
        """Whether a pod does not become ready."""
        with self._lock:
            return any(_meant(one, names) for one in self._never)

    def is_crashing(self, names: tuple[str, ...]) -> bool:
        """Whether a pod keeps ending."""
        with self._lock:
            return any(_meant(one, names) for one in self._crashing)

    def address(self, names: tuple[str, ...]) -> str | None:
        """The IP address that a test chose for a pod."""
        return next((ip for one, ip in self.addresses.items() if _meant(one, names)), None)


def _meant(name: str, names: tuple[str, ...]) -> bool:
    return any(one == name or (len(name) >= 8 and one.startswith(name)) for one in names)
