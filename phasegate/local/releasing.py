"""The world of a release on this machine: what `phasegate serve` serves, and the local registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from phasegate.errors import BadInput
from phasegate.local.serving.running import SERVING, Running, find_running
from phasegate.registry.late import LateRegistry
from phasegate.release.record import ModelVersion
from phasegate.traffic.plan import Backend, TrafficPlan
from phasegate.traffic.state import TrafficState

if TYPE_CHECKING:
    from phasegate.registry.aliases import AliasRegistry
    from phasegate.release.drivers.world import World
    from phasegate.release.policy import Policy
    from phasegate.release.store import Releases
    from phasegate.traffic.envoy.target import EnvoyTarget


class ServedTarget:
    """The proxy of whoever serves a model now; see `phasegate.traffic.target.TrafficTarget`.

    It is looked up at every call: a guard outlives a restart of what it guards.

    Args:
        folder: serving folder of a workspace.
        name: of the model.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    @property
    def running(self) -> Running:
        """What is served now.

        Raises:
            BadInput: nothing is.
        """
        return find_running(self._folder, self._name)

    def backend(self, version: ModelVersion) -> Backend | None:
        """Who serves a version; None where nobody does."""
        try:
            running = self.running
        except BadInput:
            return None
        for served in running.models.values():
            if served["digest"] == version.digest:
                return Backend(version.slot, served["address"], running.name)
        return None

    def apply(self, plan: TrafficPlan) -> None:
        """Make traffic follow the plan."""
        self._target.apply(plan)

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        """Apply what a function makes of the plan that is kept."""
        return self._target.change(change)

    def observe(self) -> TrafficState:
        """What traffic is like now."""
        return self._target.observe()

    def kill(self) -> None:
        """Let the champion answer everything, now."""
        self._target.kill()

    def revive(self) -> None:
        """End a kill."""
        self._target.revive()

    @property
    def _target(self) -> EnvoyTarget:
        return self.running.target


@contextmanager
def local_registry(folder: Path) -> Iterator[LateRegistry]:
    """The registry at ``MLFLOW_TRACKING_URI``, or the workspace's own for the context's time."""
    with ExitStack() as stack:
        started: list[Mapping[str, str]] = []

        def connect() -> AliasRegistry:
            from phasegate.local.tracking_server import tracking_variables
            from phasegate.local.workspace import Workspace
            from phasegate.registry import aliases

            if not started:
                place = Workspace(folder)
                started.append(stack.enter_context(tracking_variables(place)))
                # MLflow's client takes the address from the environment in more places than
                # arguments.
                stack.enter_context(mock.patch.dict(os.environ, started[0]))
            return aliases.connect()

        yield LateRegistry(connect)


def release_store(folder: Path, store: str = "", retry_seconds: float | None = None) -> Releases:
    """The releases of a store, the workspace's where none is named."""
    from phasegate.release.store import default_uri, open_releases

    return open_releases(store or default_uri(folder), retry_seconds=retry_seconds)


def switch_at(folder: Path, flags: str = "") -> str:
    """Where the kill switch is: what is named, here or in ``PHASEGATE_FLAGS``, or a file."""
    from phasegate.release.kill_switch import FILE, VARIABLE

    return flags or os.environ.get(VARIABLE) or str(folder / FILE)


@contextmanager
def local_world(
    folder: Path,
    name: str,
    *,
    actor: str,
    store: str = "",
    flags: str = "",
    log: str = "",
    policy: Policy | None = None,
    retry_seconds: float | None = None,
) -> Iterator[World]:
    """The world of the releases of a model that is served here.

    Args:
        folder: of the workspace.
        name: of the model; may be left out where only one is served.
        actor: who acts, as the audit log will say.
        store: of releases; the workspace's where none is named.
        flags: file or provider of the kill switch; the workspace's file where none is named.
        log: store of the prediction log; that of whoever serves the model where none is named.
        policy: the rules as they are now.
        retry_seconds: how long each call tries an unreachable store.

    Raises:
        BadInput: no such model is served here.
    """
    from phasegate.release.drivers.sources import evidence_source
    from phasegate.release.drivers.world import World
    from phasegate.release.gathering.log import LogSource
    from phasegate.release.kill_switch import kill_switch

    running = find_running(folder / SERVING, name)
    target = ServedTarget(folder / SERVING, running.name)
    switch = kill_switch(switch_at(folder, flags))
    source = LogSource(log or running.log, running.name, folder / "releases" / "log")
    with local_registry(folder) as registry:
        yield World(
            model=running.name,
            releases=release_store(folder, store, retry_seconds),
            target=target,
            backend=target.backend,
            registry=registry,
            evidence=evidence_source(running.name, source, target, switch),
            kill_switch=switch,
            actor=actor,
            policy=policy,
        )
