"""Entries of a monitoring journal by what they say."""

from __future__ import annotations

from collections.abc import Sequence

from phasegate.errors import BadInput
from phasegate.monitoring.retraining.entry import Entry, EventKind
from phasegate.monitoring.retraining.journal import Journal, Proposal


def recorded(journal: Journal, propose: Proposal) -> Entry:
    """The entry that was added, or that was there."""
    entry = journal.record(propose)
    assert entry is not None
    return entry


def entry_of(journal: Journal, entries: Sequence[Entry], sequence: int, kind: EventKind) -> Entry:
    """An entry by its sequence.

    Raises:
        BadInput: it is of another kind, or not there.
    """
    if 0 < sequence <= len(entries) and entries[sequence - 1].event.kind is kind:
        return entries[sequence - 1]
    raise BadInput(f"entry {sequence} is no '{kind}'", where=journal.where)


def end_of(entries: Sequence[Entry], kind: EventKind, sequence: int) -> Entry | None:
    """The entry that says the end of another one."""
    ends = (e for e in entries if e.event.kind is kind and e.event.refers == sequence)
    return next(ends, None)


def open_ones(entries: Sequence[Entry], begun: EventKind, ended: EventKind) -> list[Entry]:
    """Entries of what has begun and not ended."""
    over = {entry.event.refers for entry in entries if entry.event.kind is ended}
    return [e for e in entries if e.event.kind is begun and e.sequence not in over]
