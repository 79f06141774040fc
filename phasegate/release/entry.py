"""An entry of the audit log: one change of the release record, who made it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from phasegate.digests import digest_json
from phasegate.release.decision import Decision
from phasegate.release.record import ReleaseRecord
from phasegate.values import from_json, to_json

SCHEMA = "phasegate.release/1"
FIRST = "0" * 64  # what the first entry of a chain follows


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain; the newest one is the state of the release.

    Attributes:
        sequence: counts from 1; equals the record's.
        previous: `hash` of the entry before; zeros for the first.
        at: event time.
        actor: who or what made the change.
        action: what was done: start, apply, look, advance, finish, freeze, resume, roll back,
            end inconclusive, settle.
        reason: one sentence.
        evidence: digest of the evidence it rests on; empty where it rests on none.
        decision: what was decided; None for what people and the machinery do by themselves.
        record: state after the change.
        hash: hex sha256 over all of the above.
        schema: version of this format.
    """

    sequence: int
    previous: str
    at: datetime
    actor: str
    action: str
    reason: str
    evidence: str
    decision: Decision | None
    record: ReleaseRecord
    hash: str = ""
    schema: str = SCHEMA

    def sealed(self) -> Entry:
        """The entry with its hash."""
        return replace(self, hash=self.expected_hash())

    def expected_hash(self) -> str:
        """The hash that an unchanged entry has."""
        return digest_json({**self.to_json(), "hash": ""})

    def to_json(self) -> dict[str, Any]:
        """As JSON values, its format always among them; `from_json` reads them."""
        return {**to_json(self), "schema": self.schema, "hash": self.hash}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "audit entry") -> Entry:
        """The entry of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
