"""Where a release stands, in words and numbers that page and terminal share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from phasegate.release.decide import units
from phasegate.release.decision import Finding
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Phase
from phasegate.release.record import ReleaseRecord, Status

WORDS = {
    Status.RUNNING: "RUNNING",
    Status.FROZEN: "FROZEN",
    Status.PROMOTED: "PROMOTED",
    Status.ROLLED_BACK: "ROLLED BACK",
    Status.ENDED: "ENDED INCONCLUSIVE",
}
_UNITS = (
    (timedelta(days=2), timedelta(days=1), "day"),
    (timedelta(hours=2), timedelta(hours=1), "hour"),
    (timedelta(minutes=2), timedelta(minutes=1), "minute"),
    (timedelta(0), timedelta(seconds=1), "second"),
)


@dataclass(frozen=True)
class Progress:
    """How far a phase's minimum is reached.

    Attributes:
        name: ``duration`` (both numbers in seconds), ``requests`` or ``entities``.
        seen: how much there is; None where it is not known.
        needed: how much there must be.
    """

    name: str
    seen: float | None
    needed: float

    @property
    def share(self) -> float:
        """How much of it there is, 0 to 1."""
        if self.seen is None:
            return 0.0
        return min(1.0, max(0.0, self.seen / self.needed)) if self.needed > 0 else 1.0

    @property
    def is_reached(self) -> bool:
        """Whether nothing is missing."""
        return self.seen is not None and self.seen >= self.needed


def headline(record: ReleaseRecord, now: datetime) -> str:
    """Where it stands in a few words, such as ``shadow, day 3 of 7, running``."""
    if record.status is Status.PROMOTED:
        return WORDS[record.status]
    if record.is_over:
        return f"{WORDS[record.status]} in {record.current.name}"
    if record.status is Status.FROZEN:
        return f"FROZEN in {record.current.name}"
    return f"{record.current.name}, {elapsed(record, now)}, running"


def elapsed(record: ReleaseRecord, now: datetime) -> str:
    """Time in the phase against its minimum, such as ``day 3 of 7``.

    Raises nothing: before traffic follows, that is what is said.
    """
    if record.phase_applied is None:
        return "traffic does not follow yet"
    needed = record.current.minimum.duration
    size, unit = next((size, unit) for least, size, unit in _UNITS if needed >= least)
    passed = max(math.floor((now - record.phase_applied) / size) + 1, 1)
    whole = math.ceil(needed / size)
    if passed <= whole:
        return f"{unit} {passed:,} of {whole:,}"
    return f"{unit} {passed:,} ({whole:,} needed)"


def sentence(entries: Sequence[Entry]) -> str:
    """Why it stands there: what ended or stopped it, or what it waits for."""
    record = entries[-1].record
    if record.status is Status.RUNNING:
        for entry in reversed(entries):
            if entry.record.phase_started != record.phase_started or entry.action == "advance":
                break
            if entry.decision is not None:
                return entry.reason
    return record.reason


def earliest(record: ReleaseRecord) -> datetime | None:
    """When the phase can be left forwards at the earliest; None where that is not known."""
    if record.is_over or record.phase_applied is None:
        return None
    return record.phase_applied + record.current.minimum.duration


def patience_ends(record: ReleaseRecord) -> datetime | None:
    """When a phase that is still undecided ends; None when the release is over."""
    return None if record.is_over else record.phase_started + record.current.patience


def progress(record: ReleaseRecord, now: datetime, evidence: Evidence | None) -> list[Progress]:
    """How far the phase's minimum is reached: duration, requests, entities."""
    minimum = record.current.minimum
    applied = record.phase_applied
    passed = (now - applied).total_seconds() if applied is not None else 0.0
    requests: int | None = None
    entities: int | None = None
    if evidence is not None and evidence.phase == record.current.name:
        requests, entities = units(record, evidence)
    return [
        Progress("duration", max(passed, 0.0), minimum.duration.total_seconds()),
        Progress("requests", requests, minimum.requests),
        Progress("entities", entities, minimum.entities),
    ]


def gates_and_guardrails(entry: Entry) -> tuple[list[Finding], list[Finding]]:
    """What the gates found, and what the guardrails did, when they were last looked at."""
    findings = entry.decision.findings if entry.decision else ()
    gates = [finding for finding in findings if not finding.guardrail]
    return gates, [finding for finding in findings if finding.guardrail]


def shares_text(phase: Phase) -> str:
    """What the challenger gets in a phase, such as ``10 % and copies``."""
    copies = "copies" if phase.mirror == 10_000 else f"{phase.mirror / 100:g} % copies"
    if not phase.mirror:
        return f"{phase.weight / 100:g} %"
    return f"{phase.weight / 100:g} % + {copies}" if phase.weight else copies


def next_steps(record: ReleaseRecord | None) -> Iterator[tuple[str, str]]:
    """Commands that make sense now, and what each is for."""
    if record is None:
        yield "phasegate release start", "release a registered challenger"
    elif record.status is Status.FROZEN:
        yield "phasegate release resume --reason '...'", "the phase begins anew"
        yield "phasegate release rollback --reason '...'", "all back to the champion"
    elif record.is_over:
        yield "phasegate audit verify", "check the audit log"
        if record.status is Status.PROMOTED:
            yield "phasegate release rollback --reason '...'", "all back to the old one"
        else:
            yield "phasegate release start", "release another challenger"
    else:
        yield "phasegate release step", "look at all the evidence, and decide"
        yield "phasegate release watch", "guard it against harm meanwhile"
        yield "phasegate release freeze --reason '...'", "stop where it is"
        yield "phasegate release rollback --reason '...'", "all back to the champion"
