"""How far a replay has come: in the store, changed by compare-and-set.

A sealed file is marked when all of its requests were sent. Who is killed before that sends some of
them again, which the log counts once: a pair is known by its request id.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from phasegate.digests import canonical_json
from phasegate.errors import BadInput, Unavailable
from phasegate.store import local_folder

if TYPE_CHECKING:
    from phasegate.release.store.place import Place, Seen

SCHEMA = "phasegate.replay/1"
_ATTEMPTS = 20
_DIGITS = 16  # of a file's digest: enough to tell the files of one day apart


@dataclass(frozen=True, slots=True)
class Progress:
    """What was replayed for a champion and a challenger.

    Attributes:
        done: files by their date, each by the first digits of its name.
        copies: requests that were to be copied.
        answers: of the challenger, with any status.
        lost: copies without an answer, by reason.
    """

    done: Mapping[str, frozenset[str]] = field(default_factory=dict)
    copies: int = 0
    answers: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether a file of the log is done."""
        date, key = _key(name)
        return key in self.done.get(date, ())

    def with_file(self, name: str, answers: int, lost: Mapping[str, int]) -> Progress:
        """The same with one more file."""
        date, key = _key(name)
        done = dict(self.done)
        done[date] = done.get(date, frozenset()) | {key}
        return replace(
            self,
            done=done,
            copies=self.copies + answers + sum(lost.values()),
            answers=self.answers + answers,
            lost=dict(Counter(self.lost) + Counter(lost)),
        )


class Bookmarks:
    """Progress of replays in a store.

    Args:
        uri: a local folder or ``gs://bucket/prefix``.
        model: that is replayed.
    """

    def __init__(self, uri: str, model: str) -> None:
        self._place, self._model = _place(uri), model

    def read(self, champion: str, challenger: str) -> Progress:
        """How far the replay for two models has come."""
        return self._read(self._name(champion, challenger))[0]

    def add(
        self, champion: str, challenger: str, file: str, answers: int, lost: Mapping[str, int]
    ) -> Progress:
        """Mark a file, whoever else marks others at the same time.

        Raises:
            BadInput: the store refuses, or holds something else.
            Unavailable: it does not answer.
        """
        name = self._name(champion, challenger)
        for _ in range(_ATTEMPTS):
            progress, seen = self._read(name)
            if progress.has(file):
                return progress  # another replay was faster; its counts are those that count
            progress = progress.with_file(file, answers, lost)
            if self._place.replace(name, canonical_json(_json(progress)), seen):
                return progress
        raise Unavailable("others write it all the time", where=f"{self._place.uri}/{name}")

    def _read(self, name: str) -> tuple[Progress, Seen | None]:
        seen = self._place.read(name)
        if seen is None:
            return Progress(), None
        where = f"{self._place.uri}/{name}"
        try:
            value = json.loads(seen.content)
            if value["schema"] != SCHEMA:
                raise ValueError(f"schema {value['schema']}")
            done = {date: frozenset(keys) for date, keys in value["done"].items()}
            lost = {str(reason): int(count) for reason, count in value["lost"].items()}
            return Progress(done, int(value["copies"]), int(value["answers"]), lost), seen
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"this is no bookmark of a replay ({error!r})", where=where) from None

    def _name(self, champion: str, challenger: str) -> str:
        return f"replay/{self._model}/{champion}-{challenger}.json"


def _json(progress: Progress) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "done": {date: sorted(keys) for date, keys in progress.done.items()},
        "copies": progress.copies,
        "answers": progress.answers,
        "lost": dict(progress.lost),
    }


def _key(name: str) -> tuple[str, str]:
    """Date and digits of ``predictions/MODEL/date=DATE/model=SLOT/DIGEST.parquet``."""
    *_, date, _, file = name.split("/")
    return date.removeprefix("date="), file.removesuffix(".parquet")[:_DIGITS]


def _place(uri: str) -> Place:
    folder = local_folder(uri)
    if folder is None:
        from phasegate.release.store.objects import Objects

        return Objects(uri)
    from phasegate.release.store.folder import Folder

    return Folder(folder)
