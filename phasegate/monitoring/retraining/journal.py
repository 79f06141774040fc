"""A model's monitoring journal in a store: a chain that is only ever added to.

Under a store, a local folder or ``gs://bucket/prefix``::

    monitoring/MODEL/journal/00000001.json    every entry, by its sequence
    monitoring/MODEL/journal/newest.json      how far it goes: shows that its end was cut off

An entry is made under the name of the next sequence, if that name is free: of writers that race,
one makes it, and the others look again. ``newest.json`` is written after it and may lag behind
where a writer died in between; whoever comes next sets it right.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from phasegate.digests import canonical_json
from phasegate.errors import BadInput, Unavailable
from phasegate.monitoring.retraining.chain import Newest, verify
from phasegate.monitoring.retraining.entry import FIRST, Entry, Event
from phasegate.release.audit import Chain, Damaged
from phasegate.release.store.documents import folder_of
from phasegate.release.store.place import Place
from phasegate.store import local_folder

_ENTRY = re.compile(r"(\d{8})\.json", re.ASCII)
_NEWEST = "newest.json"
_READERS = 8  # a bucket answers in tens of milliseconds, however small the object
_TRIES = 1000  # each is lost only to a writer that got on

Proposal = Callable[[Sequence[Entry]], Event | Entry | None]


class Journal:
    """The journal of one model; any number of processes may use it at once.

    Every method raises `Unavailable` when the store did not answer, and `BadInput`, which names
    the file, where the journal is not what it should be.
    """

    def __init__(self, place: Place, model: str) -> None:
        folder_of(model)  # refuses what is no name of a model
        self._place = place
        self._folder = f"monitoring/{model}/journal/"
        self._known: list[Entry] = []
        self.model = model
        self.where = f"{place.uri}/{self._folder}"

    def entries(self) -> list[Entry]:
        """All entries in order.

        Raises:
            BadInput: the chain is broken; `verified` says how.
        """
        return list(self._read())

    def record(self, propose: Proposal) -> Entry | None:
        """Add what is proposed in view of all that is there, and of nothing that came after.

        Args:
            propose: called with the entries, again whenever another writer was faster. It returns
                the event to add; or an entry that says it already; or None for nothing.

        Returns:
            The entry that was added, or that was there.
        """
        for _ in range(_TRIES):
            known = self._read()
            proposed = propose(tuple(known))
            if proposed is None or isinstance(proposed, Entry):
                return proposed
            if added := self._append(known[-1] if known else None, proposed):
                return added
        raise Unavailable("other writers were always faster", where=self.where)

    def verified(self, anchor: str = "") -> Chain:
        """Everything that is wrong with the journal, every file read anew.

        Args:
            anchor: hash that an entry must have; empty where none is known.
        """
        newest = self._newest()  # before the entries, which can then only be further on
        names = self._names()
        numbered = [(int(found[1]), name) for name in names if (found := _ENTRY.fullmatch(name))]
        with ThreadPoolExecutor(_READERS) as pool:
            entries = list(pool.map(lambda pair: self._entry_or_damaged(*pair), numbered))
        strange = [name for name in names if not _ENTRY.fullmatch(name) and name != _NEWEST]
        return verify(entries, newest, self.model, strange=strange, anchor=anchor)

    def _append(self, last: Entry | None, event: Event) -> Entry | None:
        entry = Entry(
            sequence=last.sequence + 1 if last else 1,
            previous=last.hash if last else FIRST,
            model=self.model,
            token=secrets.token_hex(8),
            event=event,
        ).sealed()
        content = canonical_json(entry.to_json())
        name = f"{self._folder}{entry.sequence:08d}.json"
        if not self._place.create(name, content):
            seen = self._place.read(name)  # ours where only the answer was lost
            if seen is None or seen.content != content:
                return None
        self._known.append(entry)
        self._advance(entry)
        return entry

    def _advance(self, entry: Entry) -> None:
        content = canonical_json({"sequence": entry.sequence, "hash": entry.hash})
        for _ in range(_TRIES):
            seen = self._place.read(self._folder + _NEWEST)
            if seen is not None:
                newest = _newest_of(seen.content, self.where + _NEWEST)
                if isinstance(newest, Newest) and newest.sequence >= entry.sequence:
                    return
            if self._place.replace(self._folder + _NEWEST, content, seen):
                return

    def _read(self) -> list[Entry]:
        newest = self._newest()
        if isinstance(newest, Damaged):
            raise BadInput(newest.reason, where=self.where + _NEWEST)
        names = [name for name in self._names() if _ENTRY.fullmatch(name)]
        fresh = names[len(self._known) :]
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(self._entry, fresh))
        for entry, name in zip(found, fresh, strict=True):
            last = self._known[-1] if self._known else None
            follows = (last.sequence + 1, last.hash) if last else (1, FIRST)
            is_sound = entry.hash == entry.expected_hash() and entry.model == self.model
            if not is_sound or (entry.sequence, entry.previous) != follows:
                raise self._broken("the chain is broken: this does not follow what is before", name)
            self._known.append(entry)
        if len(names) < len(self._known):
            raise self._broken("entries that were there are gone", "")
        if newest is not None and newest.sequence > len(self._known):
            raise self._broken(f"the entries up to {newest.sequence} are gone: it was cut off", "")
        return self._known

    def _broken(self, what: str, name: str) -> BadInput:
        fix = f"See phasegate audit verify {self.model}"
        return BadInput(what, where=self.where + name, fix=fix)

    def _names(self) -> list[str]:
        return [name.removeprefix(self._folder) for name in self._place.names(self._folder)]

    def _newest(self) -> Newest | Damaged | None:
        seen = self._place.read(self._folder + _NEWEST)
        return None if seen is None else _newest_of(seen.content, self.where + _NEWEST)

    def _entry(self, name: str) -> Entry:
        where = self.where + name
        seen = self._place.read(self._folder + name)
        if seen is None:
            raise BadInput("the file is gone", where=where)
        try:
            value = json.loads(seen.content)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"this is no JSON ({error})"[:200], where=where) from None
        entry = Entry.from_json(value if isinstance(value, dict) else {}, where)
        if _bytes_of(entry) != seen.content:
            raise BadInput("these bytes are not as they were written", where=where)
        return entry

    def _entry_or_damaged(self, sequence: int, name: str) -> Entry | Damaged:
        try:
            entry = self._entry(name)
        except Unavailable:
            raise
        except BadInput as error:
            return Damaged(sequence, str(error))
        if entry.sequence != sequence:
            return Damaged(sequence, f"the file holds entry {entry.sequence}")
        return entry


def open_journal(uri: str, model: str, *, retry_seconds: float | None = None) -> Journal:
    """The journal of a model in a store; a local folder is made by the first write.

    Args:
        uri: a local folder or ``gs://bucket/prefix``.
        retry_seconds: how long each call tries an unreachable bucket, or waits for another writer;
            None for ``PHASEGATE_RETRY_SECONDS``, 30 by default.

    Raises:
        BadInput: an unknown scheme, or no name of a model.
    """
    return Journal(_place(uri, retry_seconds), model)


def models_with_journals(uri: str, *, retry_seconds: float | None = None) -> list[str]:
    """Models whose journals a store holds, sorted."""
    names = (name.split("/") for name in _place(uri, retry_seconds).names("monitoring/"))
    return sorted({parts[1] for parts in names if len(parts) == 4 and parts[2] == "journal"})


def _place(uri: str, retry_seconds: float | None) -> Place:
    folder: Path | None = local_folder(uri)
    if folder is None:
        from phasegate.release.store.objects import Objects

        return Objects(uri, retry_seconds)
    from phasegate.release.store.folder import Folder

    return Folder(folder, retry_seconds)


def _bytes_of(entry: Entry) -> bytes:
    try:
        return canonical_json(entry.to_json())
    except ValueError:
        return b""


def _newest_of(content: bytes, where: str) -> Newest | Damaged:
    try:
        value = json.loads(content)
        sequence, found = value["sequence"], value["hash"]
        if type(sequence) is not int or type(found) is not str or len(value) != 2:
            raise ValueError("other fields than sequence and hash")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return Damaged(0, f"{where}: this does not say which entry is the newest ({error})"[:300])
    return Newest(sequence, found)
