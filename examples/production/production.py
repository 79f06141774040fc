"""Production on this machine: KServe servers, Envoy, the log's sidecar, a registry, and a guard."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from examples.production.traffic import Inputs, SealedLog
from phasegate.local.serving.models import ServedModel
from phasegate.local.serving.platform import LocalServing
from phasegate.local.serving.running import Running, only_one
from phasegate.local.serving.settings import ServingSettings
from phasegate.metric_names import WINDOW_END_SECONDS
from phasegate.registry import aliases
from phasegate.release.drivers.guard import watch
from phasegate.release.drivers.world import World
from phasegate.release.evidence import Evidence
from phasegate.release.gathering.evidence import gather
from phasegate.release.gathering.log import LogSource
from phasegate.release.kill_switch import FILE, kill_switch
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion, ReleaseRecord
from phasegate.release.store import default_uri, open_releases
from phasegate.serving.client import ModelClient
from phasegate.traffic.plan import Backend, Stickiness, TrafficPlan

_LOOK_SECONDS = 1.0
_POLL_SECONDS = 0.1
_BRISK: dict[str, Any] = {"segment_seconds": 0.5, "sidecar_options": ("--interval=0.2",)}

Say = Callable[[str], None]


class Production:
    """A champion that serves; challengers come and go beside it within the ``with`` body.

    The guard looks every second, in a thread of its own, as ``phasegate release watch`` does.

    Args:
        workspace: of models, registry, log and releases; what an earlier demo has left of the last
            two is removed.
        champion: who answers at first.
        now: event time at which it begins.
        say: told what happens to the processes, and what the guard says.
        actor: who decides beside the guard, as the audit log will say.
        policy: of releases that start by themselves, when a challenger is registered; None where
            they are started by hand.
        settings: of the project.
        brisk: whether the log is sealed within a second, at some cost.

    Attributes:
        name: of the model.
        now: event time; whoever sends requests sets it.
        world: what the drivers of a release are given.
        log: the sealed prediction log.
        inputs: how the models are asked.
        releases: records and audit log.
        store: of records, audit log and monitoring.
        log_store: of the prediction log.
        switch: address of the kill switch.
        target: address of the proxy.
    """

    def __init__(
        self,
        workspace: Path,
        champion: ServedModel,
        now: datetime,
        say: Say,
        *,
        actor: str = "release demo",
        policy: Policy | None = None,
        settings: ServingSettings | None = None,
        brisk: bool = False,
    ) -> None:
        self.name, self.now = champion.name, now
        self.store, self.log_store = default_uri(workspace), workspace / "log"
        self.switch = str(workspace / FILE)
        self._actor, self._policy = actor, policy
        self._settings, self._brisk = settings or ServingSettings(), brisk
        self._workspace, self._champion, self._say = workspace, champion, say
        self._backends: dict[str, Backend] = {}
        self._served: dict[str, ServedModel] = {}
        self._stack = ExitStack()
        self._changing = threading.Lock()
        self._opened, self._ending = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._stack = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def deploy(self, model: ServedModel) -> None:
        """Start a server with a model; it gets no traffic by that."""
        with self._changing:
            self._backends[model.digest[:12]] = self._serving.start(model)
            self._served[model.digest[:12]] = model
        if self._opened.is_set():
            self._announce()

    def withdraw(self, model: ServedModel) -> None:
        """Stop the server of a model that no plan sends requests to any more."""
        with self._changing:
            self._serving.stop(self._backends.pop(model.digest[:12]))
            del self._served[model.digest[:12]]
        self._announce()

    def kill_server(self, model: ServedModel) -> None:
        """Kill the process that serves a model, without a warning."""
        with self._changing:
            os.kill(self._serving.pid(self._backends[model.digest[:12]]), signal.SIGKILL)

    def await_judged(self, end: datetime, seconds: float = 60.0) -> bool:
        """Wait until the sidecar has judged the windows that end at a time, of any model.

        Returns:
            Whether it has, within some seconds.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._judged_until() >= end.timestamp():
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _judged_until(self) -> float:
        """End of the newest window that was judged, in seconds since 1970; 0 for none."""
        try:
            with urllib.request.urlopen(f"{self._serving.sidecar}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return 0.0
        ends = [line for line in lines if line.startswith(f"{WINDOW_END_SECONDS.name}{{")]
        return max((float(line.rpartition(" ")[2]) for line in ends), default=0.0)

    @property
    def served(self) -> list[ServedModel]:
        """Models that have a server."""
        with self._changing:
            return list(self._served.values())

    def _start(self, stack: ExitStack) -> None:
        folder = self._workspace / "serving" / self.name
        stack.enter_context(only_one(folder, self.name))
        store = self.log_store
        parts = ("spool", "proxy", "sidecar", "references")
        for left in (store, *(folder / part for part in parts)):
            shutil.rmtree(left, ignore_errors=True)
        shutil.rmtree(Path(self.store) / "releases", ignore_errors=True)
        self._serving = stack.enter_context(
            LocalServing(
                folder, str(store), self._settings, port=0, say=self._say,
                **(_BRISK if self._brisk else {}),
            )
        )  # fmt: skip
        self.target = f"envoy:{folder / 'proxy'}"
        self.deploy(self._champion)
        backend = self._backends[self._champion.digest[:12]]
        # Trainings run on the same processors: a challenger that waits for them does not fail.
        plan = TrafficPlan(backend, stickiness=Stickiness(), challenger_seconds=5.0)
        self._serving.open(plan)
        self._opened.set()
        self._announce()
        with ModelClient(self._serving.url, self.name) as client:
            columns = client.inputs()
        self.inputs = Inputs(f"{self._serving.url}/v1/models/{self.name}:predict", columns)
        self.log = SealedLog(store / "predictions" / self.name)
        self.releases = open_releases(self.store)
        self.world = self._world(self._actor, store)
        guarded = self._world("guard", store)

        def told(text: str) -> None:
            self._say(f"guard: {text}")

        self._run(stack, lambda: watch(
            guarded, _LOOK_SECONDS, self._ending, clock=lambda: self.now, say=told
        ))  # fmt: skip
        self._run(stack, self._look_after)

    def _run(self, stack: ExitStack, target: Callable[[], None]) -> None:
        """Run something in a thread, until the end."""
        thread = threading.Thread(target=target)
        thread.start()
        stack.callback(thread.join)
        stack.callback(self._ending.set)

    def _look_after(self) -> None:
        """Start again what has ended by itself, as ``phasegate serve`` does."""
        while not self._ending.wait(_LOOK_SECONDS):
            with self._changing:
                self._serving.look_after()

    def _announce(self) -> None:
        """Let other commands find what is served: ``phasegate traffic show --workspace ...``."""
        models = list(self._served.values())
        backends = [self._backends[model.digest[:12]] for model in models]
        Running.of(self._serving, models, backends).save(self._serving.folder)

    def _world(self, actor: str, store: Path) -> World:
        source = LogSource(str(store), self.name, self._workspace / "evidence")
        switch = kill_switch(self.switch)
        target = self._serving.target

        def evidence(record: ReleaseRecord, now: datetime, *, read_log: bool) -> Evidence:
            log = source if read_log else None
            return gather(record, now, log, target, lambda: switch.is_on(self.name))

        def backend(version: ModelVersion) -> Backend | None:
            return self._backends.get(version.slot)

        return World(
            self.name,
            self.releases,
            target,
            backend,
            aliases.connect(),
            evidence,
            switch,
            actor,
            self._policy,
        )
