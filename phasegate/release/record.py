"""The release record: the one state of a release, and what traffic should be because of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from phasegate.digests import digest_json
from phasegate.release.policy import Phase, Policy
from phasegate.values import from_json, to_json


class Status(StrEnum):
    """Where a release stands."""

    RUNNING = "running"
    FROZEN = "frozen"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    ENDED = "ended inconclusive"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered model.

    Attributes:
        reference: ``NAME/VERSION`` in the registry.
        digest: hex sha256 that identifies its bytes.
    """

    reference: str
    digest: str

    @property
    def slot(self) -> str:
        """Name of the server that serves it: the digest's first 12 digits."""
        return self.digest[:12]


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """State of a model's release; changed only by comparing and setting its sequence.

    Attributes:
        sequence: number of the audit entry that made it; counts on from release to release.
        model: name of the model.
        release: name of the release: unique among the model's.
        champion: who answers before the release, and again after a rollback.
        challenger: who wants its place.
        policy: its rules, as they were when it started.
        status: where it stands.
        phase: position of the phase in the policy.
        started: event time of its start.
        phase_started: event time at which the phase was decided.
        phase_applied: event time at which traffic was seen to follow; None until then.
        seen: latest event time at which complete evidence was looked at.
        settled: whether traffic and registry were seen to follow what a finished release left.
        reason: of the latest change, for a person.
    """

    sequence: int
    model: str
    release: str
    champion: ModelVersion
    challenger: ModelVersion
    policy: Policy
    status: Status
    phase: int
    started: datetime
    phase_started: datetime
    phase_applied: datetime | None
    seen: datetime
    settled: bool
    reason: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more is decided about it."""
        return self.status in (Status.PROMOTED, Status.ROLLED_BACK, Status.ENDED)

    @property
    def current(self) -> Phase:
        """The phase it is in, or ended in."""
        return self.policy.phases[self.phase]

    @property
    def digest(self) -> str:
        """Hex sha256 of its JSON values."""
        return digest_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "release record") -> ReleaseRecord:
        """The record of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)


@dataclass(frozen=True, slots=True)
class Desired:
    """What the world should be like because of a record.

    Attributes:
        champion: answers what nobody else does, and has the registry's alias ``champion``.
        challenger: has the shares below; None where only one model is left.
        weight: the challenger's share, in basis points.
        mirror: share of copies, in basis points.
    """

    champion: ModelVersion
    challenger: ModelVersion | None
    weight: int = 0
    mirror: int = 0


def desired(record: ReleaseRecord) -> Desired:
    """What traffic and registry should be: of nothing but the record.

    The champion keeps its alias and its slot until the release is promoted.
    """
    if record.status is Status.PROMOTED:
        return Desired(record.challenger, None)
    if record.is_over:
        return Desired(record.champion, None)
    phase = record.current
    return Desired(record.champion, record.challenger, phase.weight, phase.mirror)
