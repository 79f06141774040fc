"""Whether an audit log is whole, and tells of nothing that cannot have happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from phasegate.release.audit_rules import change_flaws, decision_flaws, start_flaws
from phasegate.release.entry import FIRST, SCHEMA, Entry


@dataclass(frozen=True, slots=True)
class Damaged:
    """What lies in the place of an entry and is none.

    Attributes:
        sequence: of the place; 0 for the record's.
        reason: what is wrong with it.
    """

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a log.

    Attributes:
        sequence: of the entry; 0 for the record and for the log as a whole.
        what: a sentence for a person.
    """

    sequence: int
    what: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What became of checking a log.

    Attributes:
        entries: how many there are, with one that only the record has yet.
        head: hash of the newest; keep it elsewhere, and pass it as ``anchor`` the next time.
        flaws: what is wrong, in the order of the log.
    """

    entries: int
    head: str
    flaws: tuple[Flaw, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


def verify(
    entries: Sequence[Entry | Damaged],
    head: Entry | Damaged | None,
    evidence_problem: Callable[[str], str],
    anchor: str = "",
) -> Chain:
    """Find every edit, deletion, repetition and reorder, and every transition that no driver makes.

    A hash chain shows what was changed in it. It cannot show that all of it was written anew by
    somebody who may write the store, or that record and log were both put back to an earlier day:
    that takes a hash noted elsewhere, the ``anchor``.

    Args:
        entries: the audit log, in the order of its files.
        head: the record. It may be one ahead of the log, as it is written first.
        evidence_problem: what is wrong with the evidence of a digest; empty where nothing is.
        anchor: hash that an entry must have; empty where none is known.
    """
    found = list(_head_flaws(entries, head))
    last = entries[-1] if entries else None
    chain = list(entries)
    if isinstance(head, Entry) and head.sequence == (last.sequence if last else 0) + 1:
        chain.append(head)
    before: Entry | Damaged | None = None
    for entry in chain:
        found += (Flaw(entry.sequence, what) for what in _place_flaws(before, entry))
        if isinstance(entry, Entry):
            found += (Flaw(entry.sequence, what) for what in _flaws(before, entry))
            if entry.evidence and (problem := evidence_problem(entry.evidence)):
                found.append(Flaw(entry.sequence, f"its evidence: {problem}"))
        before = entry
    hashes = {entry.hash for entry in chain if isinstance(entry, Entry)}
    if anchor and anchor not in hashes:
        found.append(Flaw(0, f"no entry has the hash {anchor} that was noted before"))
    newest = before.hash if isinstance(before, Entry) else ""
    return Chain(len(chain), newest, tuple(sorted(found, key=lambda flaw: flaw.sequence)))


def _head_flaws(entries: Sequence[Entry | Damaged], head: Entry | Damaged | None) -> Iterator[Flaw]:
    last = entries[-1] if entries else None
    if isinstance(head, Damaged):
        yield Flaw(0, f"the record: {head.reason}")
    elif head is None:
        if last is not None:
            yield Flaw(0, f"the record is missing, and the log goes to entry {last.sequence}")
    elif last is None or head.sequence > last.sequence:
        ahead = head.sequence - (last.sequence if last else 0)
        if ahead > 1:
            yield Flaw(0, f"the record is {ahead} entries ahead: the end of the log was cut off")
    elif head.sequence < last.sequence:
        yield Flaw(0, f"the record is of entry {head.sequence}, and the log goes on to "
                      f"{last.sequence}: the record was put back")  # fmt: skip
    elif isinstance(last, Entry) and head.to_json() != last.to_json():
        yield Flaw(0, f"the record is not what entry {last.sequence} says")


def _place_flaws(before: Entry | Damaged | None, entry: Entry | Damaged) -> Iterator[str]:
    expected = before.sequence + 1 if before else 1
    if entry.sequence == expected + 1:
        yield f"entry {expected} is missing before it"
    elif entry.sequence > expected:
        yield f"entries {expected} to {entry.sequence - 1} are missing before it"
    elif entry.sequence < expected:
        yield f"it stands after entry {expected - 1}: the log was reordered, or an entry repeated"
    if isinstance(entry, Damaged):
        yield entry.reason


def _flaws(before: Entry | Damaged | None, entry: Entry) -> Iterator[str]:
    if entry.schema != SCHEMA:
        yield f"its format is {entry.schema[:40]}, expected {SCHEMA}"
    if entry.hash != entry.expected_hash():
        yield "it was edited: its hash is not that of its content"
    if entry.record.sequence != entry.sequence:
        yield f"it holds the record of entry {entry.record.sequence}"
    yield from decision_flaws(entry)
    if isinstance(before, Damaged):
        return
    if entry.previous != (before.hash if before else FIRST):
        yield "it follows another entry than the one before it"
    if before is not None and entry.record.model != before.record.model:
        yield f"it is of model {entry.record.model[:80]}, not {before.record.model[:80]}"
    if entry.action == "start":
        yield from start_flaws(before, entry)
    elif before is None:
        yield f"the log begins with '{entry.action[:40]}', not with a start"
    else:
        yield from change_flaws(before.record, entry)
