"""The folder of one Envoy: the plan it should follow, what it reads, and what it writes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.envoy import kill
from phasegate.traffic.envoy.waiting import awaited
from phasegate.traffic.plan import TrafficPlan

_END_SECONDS = 2  # the end of an Envoy whose parent has just been killed


class Folder:
    """Paths of an Envoy's files; `make` creates the folders.

    Attributes:
        path: the folder itself, absolute.
        bootstrap: what Envoy starts with.
        resources: folder of `clusters` and `routes`, which Envoy watches.
        runtime: folder of switches that Envoy reads when it starts.
        log: Envoy's own log.
        access_log: one JSON line for each request.
        admin_address: written by Envoy, ``IP:PORT``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.bootstrap = self.path / "bootstrap.json"
        self.resources = self.path / "xds"
        self.clusters = self.resources / "clusters.json"
        self.routes = self.resources / "routes.json"
        self.runtime = self.path / kill.RUNTIME_FOLDER
        self.log = self.path / "envoy.log"
        self.access_log = self.path / "access.jsonl"
        self.admin_address = self.path / "admin-address"
        self._plan = self.path / "plan.json"
        self._lock = self.path / "lock"
        self._occupied = self.path / "occupied"

    def make(self) -> None:
        """Create what is not there.

        Raises:
            BadInput: when that is not possible.
        """
        try:
            for folder in (self.resources, Path(kill.switch_file(self.path)).parent):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"the proxy's folder cannot be made ({error.strerror})", where=str(self.path)
            ) from None

    def admin(self) -> str:
        """``IP:PORT`` of the admin interface of the Envoy that was started here last.

        Raises:
            Unavailable: when none was.
        """
        try:
            return self.admin_address.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise Unavailable("no proxy was started here", where=str(self.path)) from None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; one process at a time changes what Envoy should do.

        Raises:
            BadInput: when there is no such folder.
        """
        try:
            descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadInput(
                f"this is no proxy's folder ({error.strerror})", where=str(self.path)
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def occupy(self) -> int:
        """A descriptor to be inherited: whoever has it open keeps others from starting here.

        Raises:
            Unavailable: when another Envoy runs here, and does not end.
        """
        descriptor = os.open(self._occupied, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

        def free() -> bool:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        try:
            awaited(free, _END_SECONDS, f"another Envoy runs in {self.path}, and does not end")
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def plan(self) -> TrafficPlan | None:
        """The plan that Envoy should follow; None before the first.

        Raises:
            BadInput: when the file is no plan.
        """
        try:
            text = self._plan.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return TrafficPlan.from_json(json.loads(text), str(self._plan))
        except ValueError:
            raise BadInput("this is no JSON", where=str(self._plan)) from None

    def keep_plan(self, plan: TrafficPlan) -> None:
        """Make this the plan that Envoy should follow."""
        write_json(self._plan, plan.to_json())


def write_json(path: Path, value: Any) -> None:
    """Put a JSON file in place by one rename: a reader sees the old one or all of the new one."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
