"""The world of a release as a pipeline names it: by addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

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


def addressed_world(
    name: str,
    *,
    store: str,
    log: str,
    target: str,
    flags: str,
    slots: str,
    scratch: Path,
    actor: str,
    where: str,
    policy: Policy | None = None,
) -> World:
    """The world of a model's releases.

    Args:
        name: of the model, in the registry and as it is served.
        store: of releases.
        log: store of the prediction log.
        target: the proxy, such as ``envoy:/folder``.
        flags: file or provider of the kill switch.
        slots: who serves which model, as a JSON object; empty asks what `phasegate serve` left.
        scratch: folder for files that are fetched from a bucket.
        actor: who acts, as the audit log will say.
        where: the component, for messages.
        policy: the rules as they are now.

    Raises:
        BadInput: naming the address that is wrong.
        Unavailable: registry or proxy are not there.
    """
    if not target.startswith(ENVOY):
        raise BadInput(
            f"'{target}' is no proxy", where=f"{where}: target", expected="envoy:/folder"
        )
    folder = Path(target.removeprefix(ENVOY))
    proxy, switch = EnvoyTarget(folder), kill_switch(flags)
    return World(
        model=name,
        releases=open_releases(store),
        target=proxy,
        backend=_backends(name, slots, folder, where),
        registry=aliases.connect(),
        evidence=evidence_source(name, LogSource(log, name, scratch), proxy, switch),
        kill_switch=switch,
        actor=actor,
        policy=policy,
    )


def _backends(
    name: str, slots: str, proxy: Path, where: str
) -> Callable[[ModelVersion], Backend | None]:
    """Who serves a version, from the parameter, else from what `phasegate serve` left behind."""
    addresses = _parsed(slots, where) if slots else None

    def backend(version: ModelVersion) -> Backend | None:
        known = _served_beside(proxy) if addresses is None else addresses
        address = known.get(version.slot)
        return Backend(version.slot, address, name) if address else None

    return backend


def _parsed(slots: str, where: str) -> Mapping[str, str]:
    try:
        found = json.loads(slots)
        if not all(isinstance(one, str) for one in found.values()):
            raise TypeError
    except (ValueError, TypeError, AttributeError):
        raise BadInput(
            "this is no JSON object of addresses",
            where=f"{where}: slots",
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
