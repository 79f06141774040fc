"""Records, audit log and evidence of releases, on any store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from phasegate.errors import BadInput, Unavailable
from phasegate.release.entry import FIRST, Entry
from phasegate.release.evidence import Evidence
from phasegate.release.store.documents import (
    content_of,
    entry_name,
    evidence_name,
    folder_of,
    read_entry,
    read_evidence,
    record_name,
    sequence_of,
)
from phasegate.release.store.place import Place

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")

_READERS = 8  # a bucket answers in tens of milliseconds, however small the object


class Releases:
    """Releases of a store; any number of writers may use it at once.

    Every method raises `Unavailable` when the store did not answer and `BadInput`, which names the
    file, where one is not what it should be.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self.uri = place.uri

    def models(self) -> list[str]:
        """Models that have, or had, releases; sorted."""
        paths = (name.split("/") for name in self._place.names("releases/"))
        return sorted({parts[1] for parts in paths if len(parts) > 2})

    def head(self, model: str) -> Entry | None:
        """The newest entry, which is the state of the release; None before the first.

        Raises:
            BadInput: the record was edited.
        """
        entry = self.newest(model)
        if entry is not None and entry.hash != entry.expected_hash():
            raise BadInput(
                "the record was edited: its hash is not that of its content",
                where=self._where(record_name(model)),
                fix=f"See phasegate audit verify {model}",
            )
        return entry

    def newest(self, model: str) -> Entry | None:
        """The same, whether it was edited or not: for the audit."""
        seen = self._place.read(name := record_name(model))
        return read_entry(seen.content, self._where(name)) if seen else None

    def swap(self, model: str, expected: Entry | None, new: Entry) -> bool:
        """Compare and set: make ``new`` the newest entry if ``expected`` still is.

        The audit log has ``expected`` before it is replaced. What was written already counts as
        done, so that a try whose answer was lost can be made again.

        Returns:
            False when somebody was faster.

        Raises:
            BadInput: the log has another entry in the place of ``new``: the chain was forked, or
                its record was put back to an older one.
            ValueError: ``new`` does not follow ``expected``, or could not be read back.
        """
        follows = (expected.sequence, expected.hash) if expected else (0, FIRST)
        if (new.sequence - 1, new.previous) != follows or new.record.model != model:
            raise ValueError("the new entry does not follow the expected one")
        if new.hash != new.expected_hash():
            raise ValueError("the new entry is not sealed")
        content = content_of(new)
        # Before the record: what the log has by now, a sound record has too.
        logged = self._place.read(entry_name(model, new.sequence))
        seen = self._place.read(name := record_name(model))
        if seen is not None and seen.content == content:
            return True
        if seen is None or expected is None:
            is_expected = seen is expected
        else:
            is_expected = seen.content == content_of(expected)
        if not is_expected:
            return logged is not None and logged.content == content
        if logged is not None and logged.content != content:
            raise self._forked(entry_name(model, new.sequence))
        if expected is not None:
            self.append(expected)
        return self._place.replace(name, content, seen) or self._is_written(new, content)

    def append(self, entry: Entry) -> None:
        """Write the newest entry into the audit log; does nothing where it is there.

        Raises:
            BadInput: another entry is there: the chain was forked or edited.
            ValueError: the entry is not sealed.
        """
        if entry.hash != entry.expected_hash():
            raise ValueError("the entry is not sealed")
        self._create(entry_name(entry.record.model, entry.sequence), content_of(entry))

    def entries(self, model: str) -> list[Entry]:
        """The audit log in order, as it is; `phasegate.release.audit.verify` judges it.

        Raises:
            BadInput: a file holds no entry, or that of another sequence.
        """
        return self.each(self.entry_names(model), self.entry)

    def entry_names(self, model: str) -> list[str]:
        """Names of the files of the audit log, in order."""
        return self._place.names(f"{folder_of(model)}audit/")

    def entry(self, name: str) -> Entry:
        """The entry of a file of the audit log.

        Raises:
            BadInput: it holds none, or that of another sequence.
        """
        where = self._where(name)
        seen = self._place.read(name)
        if seen is None:
            raise BadInput("the file is gone", where=where)
        entry = read_entry(seen.content, where)
        if entry.sequence != sequence_of(name):
            raise BadInput(f"the file holds entry {entry.sequence}", where=where)
        return entry

    def save_evidence(self, model: str, evidence: Evidence) -> str:
        """Keep evidence; returns its digest. Does nothing more where it is kept already."""
        digest = evidence.digest
        self._create(evidence_name(model, digest), content_of(evidence))
        return digest

    def evidence(self, model: str, digest: str) -> Evidence:
        """What was kept under a digest.

        Raises:
            BadInput: it is missing or was altered.
        """
        seen = self._place.read(name := evidence_name(model, digest))
        if seen is None:
            raise BadInput("the evidence is missing", where=self._where(name))
        return read_evidence(seen.content, digest, self._where(name))

    def evidence_problems(self, model: str, digests: Iterable[str]) -> dict[str, str]:
        """What is wrong with evidence, by its digest; empty where nothing is."""

        def problem(digest: str) -> str:
            try:
                self.evidence(model, digest)
            except Unavailable:
                raise
            except BadInput as error:
                return str(error)
            return ""

        unique = sorted(set(digests))
        return dict(zip(unique, self.each(unique, problem), strict=True))

    @staticmethod
    def each(items: list[_Item], read: Callable[[_Item], _Read]) -> list[_Read]:
        """What is read of each item, in their order; several at once."""
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(read, items))

    def _create(self, name: str, content: bytes) -> None:
        there = self._place.read(name)
        if there is None and not self._place.create(name, content):
            # Another writer was faster, or an answer was lost.
            there = self._place.read(name)
        if there is not None and there.content != content:
            raise self._forked(name)

    def _is_written(self, new: Entry, content: bytes) -> bool:
        """Whether a refused write was ours after all: an earlier try whose answer was lost."""
        model = new.record.model
        seen = self._place.read(record_name(model))
        if seen is not None and seen.content == content:
            return True
        logged = self._place.read(entry_name(model, new.sequence))
        return logged is not None and logged.content == content

    def _forked(self, name: str) -> BadInput:
        return BadInput(
            "something else is written here: the chain was forked or edited",
            where=self._where(name),
            fix=f"See phasegate audit verify {name.split('/')[1]}",
        )

    def _where(self, name: str) -> str:
        return f"{self.uri}/{name}"
