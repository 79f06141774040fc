"""Traffic targets by their addresses, as commands and components name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from phasegate.errors import BadInput
from phasegate.traffic.plan import Backend
from phasegate.traffic.target import TrafficTarget

if TYPE_CHECKING:
    from phasegate.traffic.kserve.slots import Deployment

ENVOY, GATEWAY, SERVERLESS = "envoy", "kserve-gateway", "kserve-serverless"
FORMS = f"{ENVOY}:/folder, {GATEWAY}:NAMESPACE/NAME or {SERVERLESS}:NAMESPACE/NAME"

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# KServe's rule, and room for the longest name that is made of it: NAME-a-predictor of 63 at most.
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,49}[a-z0-9])?")


class ClusterTarget(TrafficTarget, Protocol):
    """A target on a cluster also knows who serves which model, and can change that.

    A slot is known by the first 12 hex digits of the digest of the model that it serves.
    """

    def backend(self, slot: str) -> Backend | None:
        """Who serves a model, ready; None where nobody does."""

    def deploy(self, model: Deployment) -> Backend:
        """Serve a model in the slot that is idle, and wait until it answered a real request."""

    def withdraw(self, slot: str) -> None:
        """Serve a model no more: its slot becomes idle."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where traffic is.

    Attributes:
        kind: `ENVOY`, `GATEWAY` or `SERVERLESS`.
        folder: of Envoy; None on a cluster.
        namespace: on a cluster; else empty.
        name: of the model on a cluster; else empty.
    """

    kind: str
    folder: Path | None = None
    namespace: str = ""
    name: str = ""

    @property
    def is_cluster(self) -> bool:
        """Whether the target can also deploy models."""
        return self.kind != ENVOY

    def __str__(self) -> str:
        return f"{self.kind}:{self.folder or f'{self.namespace}/{self.name}'}"


def parse_address(address: str, *, where: str) -> Address:
    """What an address means; nothing is asked yet.

    Args:
        address: one of `FORMS`.
        where: who was given it, for messages.

    Raises:
        BadInput: it is none.
    """
    kind, _, rest = address.partition(":")
    if kind == ENVOY and rest:
        return Address(ENVOY, folder=Path(rest))
    if kind not in (GATEWAY, SERVERLESS):
        raise BadInput(f"'{address}' is no traffic target", where=where, expected=FORMS)
    namespace, _, name = rest.partition("/")
    for what, text, pattern, expected in (
        ("namespace", namespace, _NAMESPACE, "at most 63 of a-z, 0-9 and '-'"),
        ("name", name, _NAME, "a letter, then at most 50 of a-z, 0-9 and '-'"),
    ):
        if not pattern.fullmatch(text):
            raise BadInput(
                f"'{text}' is no {what} in '{address}'",
                where=where,
                expected=f"{kind}:NAMESPACE/NAME, with a {what} of {expected}",
            )
    return Address(kind, namespace=namespace, name=name)


def open_target(address: str, *, where: str, retry_seconds: float | None = None) -> TrafficTarget:
    """The traffic target of an address.

    Args:
        address: one of `FORMS`.
        where: who was given it, for messages.
        retry_seconds: for how long a cluster that does not answer is asked in each call;
            None for ``PHASEGATE_RETRY_SECONDS``, 30 by default.

    Raises:
        BadInput: it is none, or no cluster is configured.
        Unavailable: there is no Envoy in the folder.
    """
    return open_parsed(parse_address(address, where=where), retry_seconds=retry_seconds)


def open_parsed(address: Address, *, retry_seconds: float | None = None) -> TrafficTarget:
    """The target of an address that was parsed; see `open_target`."""
    if address.folder is not None:
        from phasegate.traffic.envoy.target import EnvoyTarget

        return EnvoyTarget(address.folder)
    return cluster_target(address, retry_seconds=retry_seconds)


def cluster_target(address: Address, *, retry_seconds: float | None = None) -> ClusterTarget:
    """The target of an address on a cluster.

    Args:
        address: of kind `GATEWAY` or `SERVERLESS`.
        retry_seconds: for how long a cluster that does not answer is asked in each call;
            None for ``PHASEGATE_RETRY_SECONDS``, 30 by default.

    Raises:
        BadInput: no cluster is configured.
    """
    from phasegate.kubernetes.cluster import connect

    cluster = connect(retry_seconds=retry_seconds)
    if address.kind == GATEWAY:
        from phasegate.traffic.kserve.gateway import KServeGatewayTarget as Target
    else:
        from phasegate.traffic.kserve.serverless import KServeServerlessTarget as Target
    return cast(ClusterTarget, Target(cluster, address.namespace, address.name))
