"""The world of a release as a pipeline names it: by addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from phasegate.errors import BadInput
from phasegate.registry.late import LateRegistry
from phasegate.release.drivers.sources import evidence_source
from phasegate.release.drivers.world import Switch, World
from phasegate.release.gathering.log import LogSource
from phasegate.release.kill_switch import kill_switch
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion
from phasegate.release.store import open_releases
from phasegate.traffic.addresses import cluster_target, open_parsed, parse_address
from phasegate.traffic.plan import Backend

if TYPE_CHECKING:
    from phasegate.registry.aliases import AliasRegistry


class NoSwitch:
    """The kill switch where none is named: nobody knows whether it is on.

    Attributes:
        problem: says so.
    """

    problem = "none is named: name one by flags"

    def is_on(self, model: str) -> bool | None:
        """Unknown, which lets nothing move forwards."""
        del model
        return None


def addressed_world(
    name: str,
    *,
    store: str,
    target: str,
    flags: str = "",
    log: str = "",
    slots: str = "",
    scratch: Path,
    actor: str,
    where: str,
    policy: Policy | None = None,
    retry_seconds: float | None = None,
) -> World:
    """The world of a model's releases; the registry is reached when it is first needed.

    Args:
        name: of the model, in the registry and as it is served.
        store: of releases.
        target: where traffic is, such as ``envoy:/folder`` or ``kserve-gateway:NAMESPACE/NAME``.
        flags: file or provider of the kill switch; where none is named, nothing moves forwards.
        log: store of the prediction log; that of the releases where none is named.
        slots: beside an Envoy, who serves which model, as a JSON object; empty asks what
            `phasegate serve` left. A cluster knows itself.
        scratch: folder for files that are fetched from a bucket.
        actor: who acts, as the audit log will say.
        where: the component or command, for messages.
        policy: the rules as they are now.
        retry_seconds: how long each call tries a store or a cluster that does not answer.

    Raises:
        BadInput: naming the address that is wrong.
        Unavailable: the proxy is not there.
    """
    address = parse_address(target, where=f"{where}: target")
    if address.folder is None:
        if address.name != name:
            raise BadInput(
                f"'{target}' is the traffic of {address.name}",
                where=f"{where}: target",
                expected=f"that of {name}: a model is served under its registered name",
            )
        proxy = cluster = cluster_target(address, retry_seconds=retry_seconds)

        def backend(version: ModelVersion) -> Backend | None:
            return cluster.backend(version.slot)

    else:
        proxy = open_parsed(address)
        backend = _backends(name, slots, address.folder, where)
    switch: Switch = kill_switch(flags) if flags else NoSwitch()
    return World(
        model=name,
        releases=open_releases(store, retry_seconds=retry_seconds),
        target=proxy,
        backend=backend,
        registry=LateRegistry(_registry),
        evidence=evidence_source(name, LogSource(log or store, name, scratch), proxy, switch),
        kill_switch=switch,
        actor=actor,
        policy=policy,
        deployed_apart=address.folder is None,
    )


def _registry() -> AliasRegistry:
    from phasegate.registry import aliases

    return aliases.connect()


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
