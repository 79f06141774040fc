"""What drivers touch: one port for each thing outside of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion, ReleaseRecord
from phasegate.traffic.plan import Backend
from phasegate.traffic.target import TrafficTarget

if TYPE_CHECKING:
    from phasegate.registry.models import RegisteredVersion


class ReleaseStore(Protocol):
    """Records and their audit log; see `phasegate.release.store`."""

    def head(self, model: str) -> Entry | None:
        """The newest entry."""

    def swap(self, model: str, expected: Entry | None, new: Entry) -> bool:
        """Make ``new`` the newest entry; False when ``expected`` was not it any more."""

    def append(self, entry: Entry) -> None:
        """Put an entry into the audit log, unless it is there."""

    def entries(self, model: str) -> list[Entry]:
        """The audit log, oldest first."""

    def save_evidence(self, model: str, evidence: Evidence) -> str:
        """Keep evidence; returns its digest."""


class ModelRegistry(Protocol):
    """Registered models and their aliases; see `phasegate.registry.aliases`."""

    def resolve(self, reference: str) -> RegisteredVersion:
        """The version meant by ``NAME@ALIAS`` or ``NAME/VERSION``."""

    def aliases(self, name: str) -> dict[str, int]:
        """Versions by the alias that points to them; empty when the name is unknown."""

    def point(self, name: str, alias: str, version: int) -> None:
        """Let an alias point to a version."""

    def remove(self, name: str, alias: str) -> None:
        """Remove an alias, if there is one."""


class EvidenceSource(Protocol):
    """Where evidence comes from; see `phasegate.release.gathering`."""

    def __call__(self, record: ReleaseRecord, now: datetime, *, read_log: bool) -> Evidence:
        """What is known of the record's phase; what cannot be read is among its problems."""


class Switch(Protocol):
    """The kill switch; see `phasegate.release.kill_switch`."""

    problem: str

    def is_on(self, model: str) -> bool | None:
        """Whether it is on; None when that cannot be told."""


@dataclass(frozen=True)
class World:
    """Everything that a model's release depends on.

    Attributes:
        model: name of the model.
        releases: records and audit log.
        target: the proxy.
        backend: who serves a version; None where nobody does.
        registry: registered models.
        evidence: what is known of a release.
        kill_switch: the release's.
        actor: who acts, as the audit log will say.
        policy: the rules as they are now; None takes those that a release was started under.
        deployed_apart: whether others bring models to their servers, as component deploy_shadow
            does on a cluster: a challenger that nobody serves is waited for.
    """

    model: str
    releases: ReleaseStore
    target: TrafficTarget
    backend: Callable[[ModelVersion], Backend | None]
    registry: ModelRegistry
    evidence: EvidenceSource
    kill_switch: Switch
    actor: str
    policy: Policy | None = None
    deployed_apart: bool = False
