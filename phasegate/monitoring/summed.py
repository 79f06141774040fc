"""Summaries of a window together, whoever wrote them: sums, and what cannot be summed.

A row that is in two segments, as one of a request that was asked again, is in two summaries. Their
counts cannot be told apart any more, so that such summaries are left out, by name, for their rows
to be counted in the prediction log.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.summaries import decode, decode_any, log_name, summary_name
from phasegate.monitoring.summary import Foreign, Pane
from phasegate.store.named import NamedFiles


@dataclass(frozen=True)
class WindowSummaries:
    """All summaries of a window together.

    Attributes:
        panes: counts by the start of their pane, of all documents that repeat nothing.
        files: documents that were added up.
        duplicates: rows that they left out.
        others: answered rows of other models of the same name, of documents that repeat nothing.
        repeating: files of the log whose rows are in no count here: of each, at least one is in
            another segment, or in another pane, too.
        others_repeating: the same of other models.
        uncounted: files of the log that have no summary: sealed without this profile, or just now.
        others_uncounted: files of other models that have none, so that their rows are not known.
        foreign: documents counted on another profile, or by panes that the window cuts through.
        damaged: what is wrong with documents that could not be read.
    """

    panes: Mapping[datetime, WindowCounts]
    files: int
    duplicates: int
    others: int
    repeating: tuple[str, ...]
    others_repeating: tuple[str, ...]
    uncounted: tuple[str, ...]
    others_uncounted: tuple[str, ...]
    foreign: tuple[str, ...]
    damaged: tuple[str, ...]


def read_window(
    store: NamedFiles, model: str, profile: Profile, since: datetime, until: datetime
) -> WindowSummaries:
    """All summaries of a window, added up by pane.

    They are read one after another, and once more where some of them repeat rows. Memory is that of
    one document (at most `MOST_BYTES`), of the window's panes, and what `Repeats` says.

    Args:
        store: that the sidecars write to.
        model: name that it is served under.
        profile: of the model.
        since: start of the window: of a pane.
        until: its end: of a pane.

    Raises:
        BadInput: the store did not answer, or refused.
    """
    own: list[str] = []
    others: list[str] = []
    unsummed: list[str] = []
    others_unsummed: list[str] = []
    slot = f"/model={profile.model_digest[:12]}/"
    for day in _days(since, until):
        names = store.names(f"monitoring/{model}/summaries/date={day}/")
        log = store.names(f"predictions/{model}/date={day}/")
        there = set(names)
        own += [name for name in names if slot in name]
        others += [name for name in names if slot not in name]
        missing = [name for name in log if summary_name(name) not in there]
        unsummed += [name for name in missing if slot in name]
        others_unsummed += [name for name in missing if slot not in name]
    with tempfile.TemporaryDirectory() as scratch:
        reader = _Reader(store, profile, since, until, Path(scratch))
        mine = reader.total(own, is_own=True)
        theirs = reader.total(others, is_own=False)
    return WindowSummaries(
        dict(sorted(mine.panes.items())), mine.files, mine.duplicates, theirs.answered,
        mine.repeating, theirs.repeating,
        tuple(unsummed), (*others_unsummed, *theirs.foreign, *theirs.damaged),
        tuple(mine.foreign), tuple(mine.damaged),
    )  # fmt: skip


@dataclass
class _Total:
    """Documents of one kind together; `WindowSummaries` says what is what."""

    panes: dict[datetime, WindowCounts] = field(default_factory=dict)
    files: int = 0
    answered: int = 0
    duplicates: int = 0
    repeating: tuple[str, ...] = ()
    foreign: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def add(self, inside: Mapping[datetime, Pane], *, is_own: bool) -> None:
        self.files += 1
        for start, one in inside.items():
            self.answered += one.counts.rows
            self.duplicates += one.duplicates
            if is_own:
                before = self.panes.get(start)
                self.panes[start] = one.counts if before is None else before + one.counts


class _Reader:
    """Reads the panes that documents have in one window."""

    def __init__(
        self, store: NamedFiles, profile: Profile, since: datetime, until: datetime, scratch: Path
    ) -> None:
        self._store, self._profile, self._scratch = store, profile, scratch
        self._since, self._until = since, until

    def total(self, names: Sequence[str], *, is_own: bool) -> _Total:
        """All documents; those of them that repeat rows are left out, and named."""
        # Only here: the sidecar, which writes summaries, has no DuckDB.
        from phasegate.monitoring.repeats import Repeats

        total = _Total()
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            repeats = Repeats(Path(folder) / "keys")
            for number, inside in self._read(names, total, is_own=is_own):
                total.add(inside, is_own=is_own)
                repeats.add(number, (one.keys for one in inside.values()))
            found = repeats.documents()
            repeats.close()
        if not found:
            return total
        once = _Total(foreign=total.foreign, damaged=total.damaged)
        once.repeating = tuple(log_name(names[number]) for number in sorted(found))
        rest = [name for number, name in enumerate(names) if number not in found]
        for _, inside in self._read(rest, _Total(), is_own=is_own):
            once.add(inside, is_own=is_own)
        return once

    def _read(
        self, names: Sequence[str], left: _Total, *, is_own: bool
    ) -> Iterator[tuple[int, dict[datetime, Pane]]]:
        for number, name in enumerate(names):
            path = self._store.local_path(name) or self._store.fetch(name, self._scratch)
            content = path.read_bytes()
            if path.parent == self._scratch:
                path.unlink()
            try:
                summary = decode(content, self._profile, name) if is_own else decode_any(
                    content, name
                )  # fmt: skip
                yield number, summary.inside(self._since, self._until, name)
            except Foreign:
                left.foreign.append(name)
            except BadInput as error:
                left.damaged.append(str(error) if is_own else name)


def _days(since: datetime, until: datetime) -> Iterator[date]:
    """UTC dates of the window's events."""
    day, last = since.astimezone(UTC).date(), (until - timedelta(microseconds=1)).astimezone(UTC)
    while day <= last.date():
        yield day
        day += timedelta(days=1)
