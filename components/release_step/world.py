"""The world of a release as a pipeline names it: addresses in parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from phasegate.contracts import Execution
from phasegate.errors import BadInput
from phasegate.registry import aliases
from phasegate.release.drivers.sources import evidence_source
from phasegate.release.drivers.world import World
from phasegate.release.gathering.log import LogSource
from phasegate.release.kill_switch import kill_switch
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion
from phasegate.release.store import open_releases
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import Backend

ENVOY = "envoy:"


def world_of(step: Execution, scratch: Path) -> World:
    """The world that a step's parameters name.

    Args:
        scratch: folder for files that are fetched from a bucket.

    Raises:
        BadInput: naming the parameter that is wrong.
        Unavailable: registry or proxy are not there.
    """
    name, address = step.parameter("name"), step.parameter("target")
    if not address.startswith(ENVOY):
        raise BadInput(
            f"'{address}' is no proxy", where="release_step: target", expected="envoy:/folder"
        )
    folder = Path(address.removeprefix(ENVOY))
    target, switch = EnvoyTarget(folder), kill_switch(step.parameter("flags"))
    return World(
        model=name,
        releases=open_releases(step.parameter("store")),
        target=target,
        backend=_backends(name, step.parameter("slots", ""), folder),
        registry=aliases.connect(),
        evidence=evidence_source(
            name, LogSource(step.parameter("log"), name, scratch), target, switch
        ),
        kill_switch=switch,
        actor="pipeline",
        policy=Policy.from_json(step.json("policy"), "release_step: policy"),
    )


def _backends(name: str, slots: str, proxy: Path) -> Callable[[ModelVersion], Backend | None]:
    """Who serves a version, from the parameter, else from what `phasegate serve` left behind."""
    addresses = _parsed(slots) if slots else None

    def backend(version: ModelVersion) -> Backend | None:
        known = _served_beside(proxy) if addresses is None else addresses
        address = known.get(version.slot)
        return Backend(version.slot, address, name) if address else None

    return backend


def _parsed(slots: str) -> Mapping[str, str]:
    try:
        found = json.loads(slots)
        if not all(isinstance(one, str) for one in found.values()):
            raise TypeError
    except (ValueError, TypeError, AttributeError):
        raise BadInput(
            "this is no JSON object of addresses",
            where="release_step: slots",
            expected='{"0123456789ab": "IP:PORT"}',
        ) from None
    return found


def _served_beside(proxy: Path) -> Mapping[str, str]:
    from phasegate.local.serving.running import find_running

    try:
        running = find_running(proxy.parent.parent, proxy.parent.name)
    except BadInput:
        return {}
    return {served["digest"][:12]: served["address"] for served in running.models.values()}
