"""A release's audit entries as plain series: phases, shares, looks, decisions, bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from phasegate.release.decision import Finding
from phasegate.release.entry import Entry
from phasegate.release.record import ReleaseRecord, Status, desired
from phasegate.release.report.time_axis import running_latest
from phasegate.traffic.plan import WHOLE

# What says nothing about where the release went.
QUIET = ("look", "apply", "settle")


@dataclass(frozen=True)
class Stay:
    """Time spent in a phase, running or frozen."""

    phase: str
    start: datetime
    end: datetime
    frozen: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that was done to the release.

    Attributes:
        at: event time.
        action: as in `Entry.action`.
        said: what a person reads about it.
        by_hand: whether nothing was decided, but somebody did it.
    """

    at: datetime
    action: str
    said: str
    by_hand: bool = False


@dataclass
class Track:
    """What one gate or guardrail found, look by look, in one phase.

    Attributes:
        times: event times of the looks.
        findings: one per look.
        anew: positions at which the phase began anew, so that nothing joins it to what was before.
    """

    name: str
    guardrail: bool
    times: list[datetime] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    anew: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class History:
    """Plain series of one release.

    Attributes:
        times: of all entries; they never go back.
        weights: the challenger's share at those times, 0 to 1.
        mirrors: its share of copies.
        stays: phases, one after the other.
        looks: times at which evidence was looked at.
        marks: what was done.
        tracks: phase -> what each of its gates found.
    """

    entries: tuple[Entry, ...]
    times: list[datetime]
    weights: list[float]
    mirrors: list[float]
    stays: list[Stay]
    looks: list[datetime]
    marks: list[Mark]
    tracks: dict[str, list[Track]]


def newest_release(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of the release that the last entry is of, in order."""
    if not entries:
        return ()
    release = entries[-1].record.release
    return tuple(entry for entry in entries if entry.record.release == release)


def history_of(entries: Sequence[Entry]) -> History:
    """The series of a release's entries, which must not be empty."""
    times = running_latest([entry.at for entry in entries])
    return History(
        entries=tuple(entries),
        times=times,
        weights=[share_of(entry.record) for entry in entries],
        mirrors=[desired(entry.record).mirror / WHOLE for entry in entries],
        stays=list(_stays(entries, times)),
        looks=[at for at, entry in zip(times, entries, strict=True) if entry.decision],
        marks=[
            Mark(at, entry.action, _said(entry), entry.decision is None)
            for at, entry in zip(times, entries, strict=True)
            if entry.action not in QUIET
        ],
        tracks=_tracks(entries, times),
    )


def share_of(record: ReleaseRecord) -> float:
    """The share of the requests that the challenger answers because of a record, 0 to 1."""
    if record.status is Status.PROMOTED:
        return 1.0
    return desired(record).weight / WHOLE


def judged_in(entries: Sequence[Entry]) -> Iterator[tuple[int, ReleaseRecord]]:
    """Position of each entry with a decision, and the record that it was decided about.

    The entry itself has the record after it, which may be a phase ahead.
    """
    for index, entry in enumerate(entries):
        if entry.decision is not None:
            yield index, entries[index - 1].record if index else entry.record


def _stays(entries: Sequence[Entry], times: Sequence[datetime]) -> Iterator[Stay]:
    current: Stay | None = None
    for entry, at in zip(entries, times, strict=True):
        record = entry.record
        if current is not None:
            current = Stay(current.phase, current.start, at, current.frozen)
            frozen = record.status is Status.FROZEN
            if not record.is_over and (record.current.name, frozen) == (
                current.phase,
                current.frozen,
            ):
                continue
            yield current
            current = None
        if not record.is_over:
            current = Stay(record.current.name, at, at, record.status is Status.FROZEN)
    if current is not None:
        yield current


def _tracks(entries: Sequence[Entry], times: Sequence[datetime]) -> dict[str, list[Track]]:
    tracks: dict[str, dict[tuple[str, bool], Track]] = {}
    begun: dict[tuple[str, str, bool], datetime] = {}
    for index, record in judged_in(entries):
        phase = record.current.name
        for finding in entries[index].decision.findings:
            key = (finding.name, finding.guardrail)
            track = tracks.setdefault(phase, {}).setdefault(key, Track(*key))
            started = begun.setdefault((phase, *key), record.phase_started)
            if started != record.phase_started:
                begun[(phase, *key)] = record.phase_started
                track.anew.append(len(track.times))
            track.times.append(times[index])
            track.findings.append(finding)
    return {phase: list(found.values()) for phase, found in tracks.items()}


def _said(entry: Entry) -> str:
    action = entry.action
    if action == "advance":
        action = f"advance to {entry.record.current.name}"
    return f"{action}, by {entry.actor}: {entry.reason}"
