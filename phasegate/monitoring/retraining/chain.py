"""Whether a monitoring journal is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phasegate.monitoring.retraining.entry import FIRST, FOLLOWS, SCHEMA, Entry
from phasegate.release.audit import Chain, Damaged, Flaw


@dataclass(frozen=True, slots=True)
class Newest:
    """What the journal says about how far it goes; it may lag behind, never be ahead."""

    sequence: int
    hash: str


def verify(
    entries: Sequence[Entry | Damaged],
    newest: Newest | Damaged | None,
    model: str,
    *,
    strange: Sequence[str] = (),
    anchor: str = "",
) -> Chain:
    """Find every edit, deletion, repetition and reorder, and every end of what never began.

    Who may write the store can write all of it anew, and can cut off its end together with
    ``newest.json``: that is found by a hash noted elsewhere, the ``anchor``.

    Args:
        entries: in the order of their files.
        newest: how far the journal says it goes; None where it does not.
        model: whose journal it is.
        strange: files beside the entries that are none.
        anchor: hash that an entry must have; empty where none is known.
    """
    found = [Flaw(0, f"the journal has a file that is no entry: {name[:80]}") for name in strange]
    before: Entry | Damaged | None = None
    earlier: dict[int, Entry] = {}
    for entry in entries:
        found += (Flaw(entry.sequence, what) for what in _place_flaws(before, entry))
        if isinstance(entry, Entry):
            found += (Flaw(entry.sequence, what) for what in _flaws(before, entry, model))
            found += (Flaw(entry.sequence, what) for what in _reference_flaws(entry, earlier))
            earlier[entry.sequence] = entry
        before = entry
    found += (Flaw(0, what) for what in _end_flaws(entries, newest, earlier))
    if anchor and all(entry.hash != anchor for entry in earlier.values()):
        found.append(Flaw(0, f"no entry has the hash {anchor} that was noted before"))
    head = before.hash if isinstance(before, Entry) else ""
    return Chain(len(entries), head, tuple(sorted(found, key=lambda flaw: flaw.sequence)))


def _place_flaws(before: Entry | Damaged | None, entry: Entry | Damaged) -> Iterator[str]:
    expected = before.sequence + 1 if before else 1
    if entry.sequence > expected:
        missing = entry.sequence - expected
        yield f"{missing} {'entry is' if missing == 1 else 'entries are'} missing before it"
    elif entry.sequence < expected:
        yield f"it stands after entry {expected - 1}: the journal was reordered"
    if isinstance(entry, Damaged):
        yield entry.reason


def _flaws(before: Entry | Damaged | None, entry: Entry, model: str) -> Iterator[str]:
    if entry.schema != SCHEMA:
        yield f"its format is {entry.schema[:40]}, expected {SCHEMA}"
    if entry.hash != entry.expected_hash():
        yield "it was edited: its hash is not that of its content"
    if entry.model != model:
        yield f"it is of model {entry.model[:80]}, not {model}"
    if not isinstance(before, Damaged) and entry.previous != (before.hash if before else FIRST):
        yield "it follows another entry than the one before it"


def _reference_flaws(entry: Entry, earlier: dict[int, Entry]) -> Iterator[str]:
    event = entry.event
    kinds = FOLLOWS.get(event.kind)
    if event.refers and event.refers not in earlier:
        yield f"it refers to entry {event.refers}, which is not before it"
    elif kinds and not event.refers:
        yield f"'{event.kind}' does not say of what"
    elif kinds and earlier[event.refers].event.kind not in kinds:
        yield f"'{event.kind}' refers to '{earlier[event.refers].event.kind}'"


def _end_flaws(
    entries: Sequence[Entry | Damaged],
    newest: Newest | Damaged | None,
    earlier: dict[int, Entry],
) -> Iterator[str]:
    if isinstance(newest, Damaged):
        yield newest.reason
    elif newest is None:
        if len(entries) > 1:  # one alone may be of a writer that died
            yield "it does not say how far it goes: its newest.json is gone"
    elif not entries or newest.sequence > entries[-1].sequence:
        yield f"it went to entry {newest.sequence}: its end was cut off"
    elif newest.sequence in earlier and earlier[newest.sequence].hash != newest.hash:
        yield f"entry {newest.sequence} is not the one that was there before"
