"""A world of real things: an Envoy's folder, a store, an MLflow server, a file of flags.

Only what the log would have said is made up, as `tests.release.samples` makes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.registry import aliases
from phasegate.release.drivers.world import World
from phasegate.release.evidence import Evidence, Proportion, Traffic
from phasegate.release.gathering.evidence import traffic_of
from phasegate.release.kill_switch import kill_switch
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion, ReleaseRecord
from phasegate.release.store import open_releases
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import Backend
from tests.release import samples

EFFECTS = {
    "releases": ("save_evidence", "swap", "append"),
    "target": ("change", "kill"),
    "registry": ("point", "remove"),
}
"""Calls that change something outside of the process, by port."""


@dataclass(frozen=True)
class Setting:
    """Where a world's things are; a process can be told it as JSON.

    Attributes:
        model: registered name.
        store: of the releases.
        proxy: Envoy's folder.
        flags: the file of flags.
        backends: slot -> address and model name.
        harmful: whether the log shows harm.
        counted: whether the proxy's counters are its own; else it has seen many good requests.
        actor: who acts.
    """

    model: str
    store: str
    proxy: str
    flags: str
    backends: dict[str, tuple[str, str]]
    harmful: bool = False
    counted: bool = False
    actor: str = "test"

    def with_(self, **changes: Any) -> Setting:
        """The same with other values."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `Setting(**value)` reads them."""
        return asdict(self)


def world_of(setting: Setting, policy: Policy | None = None) -> World:
    """The world of a setting; the registry is that of ``MLFLOW_TRACKING_URI``."""
    target = EnvoyTarget(Path(setting.proxy))
    switch = kill_switch(setting.flags)

    def backend(version: ModelVersion) -> Backend | None:
        found = setting.backends.get(version.slot)
        return Backend(version.slot, *found) if found else None

    def evidence(record: ReleaseRecord, now: datetime, *, read_log: bool) -> Evidence:
        found = samples.evidence(record, now, kill=switch.is_on(setting.model))
        try:
            seen = traffic_of(target.observe())
            found = replace(found, traffic=seen if setting.counted else _busy(seen))
        except BadInput as error:
            found = replace(found, traffic=None, problems=(str(error),))
        if not read_log:
            return replace(found, pairs=None, cohorts=None, log_read=False)
        if setting.harmful:
            harm = (
                {"cohorts": samples.cohorts(record.current.weight, failing=0.3)}
                if record.current.weight
                else {"pairs": samples.pairs(failing=0.3)}
            )
            return replace(found, **harm)
        return found

    return World(
        model=setting.model,
        releases=open_releases(setting.store, retry_seconds=5),
        target=target,
        backend=backend,
        registry=aliases.connect(),
        evidence=evidence,
        kill_switch=switch,
        actor=setting.actor,
        policy=policy or samples.policy(),
    )


def _busy(seen: Traffic) -> Traffic:
    many = Proportion(0, 20_000)
    return replace(seen, champion_errors=many, challenger_errors=many, copies_lost=many)


class Crashing:
    """A port whose effects are counted, together with those of others; dies before one of them.

    Args:
        port: the real one.
        effects: names of its calls that count.
        count: told of each call before it is made.
    """

    def __init__(self, port: Any, effects: tuple[str, ...], count: Callable[[], None]) -> None:
        self._port, self._effects, self._count = port, effects, count

    def __getattr__(self, name: str) -> Any:
        if name in self._effects:
            self._count()
        return getattr(self._port, name)


def crashing(world: World, before: int) -> World:
    """The same world for a process that dies before its n-th effect; 1 is the first."""
    made = 0

    def count() -> None:
        nonlocal made
        made += 1
        if made == before:
            os._exit(77)

    ports = {
        name: Crashing(getattr(world, name), effects, count) for name, effects in EFFECTS.items()
    }
    return replace(world, **ports)
