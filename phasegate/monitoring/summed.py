"""Summaries of a window together, whoever wrote them: sums, and what cannot be summed.

A row that is in two segments, as one of a request that was asked again, is in two summaries. Their
counts cannot be told apart any more, so that such summaries are left out, by name, for their rows
to be counted in the prediction log; as are those of files that have no summary.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phasegate.errors import BadInput
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.distinct import USERS
from phasegate.monitoring.keys import row_keys
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.summaries import decode, decode_any, log_name, summary_name
from phasegate.monitoring.summary import Foreign, Pane
from phasegate.store.named import NamedFiles


@dataclass(frozen=True)
class WindowSummaries:
    """All summaries of a window together, and what is to be counted from the log.

    Attributes:
        panes: counts by the start of their pane, of all documents that share no row.
        files: documents that were added up.
        duplicates: rows that they left out.
        others: answered rows of other models of the same name, of such documents.
        unsummed: files of the log whose rows are in no count here: they have no summary, as those
            that were sealed without this profile, or whose sidecar was killed; or at least one of
            their rows is in another segment, or in another pane, too.
        others_unsummed: the same of other models.
        uncounted: how many of `unsummed` have no summary.
        foreign: documents counted on another profile, or by panes that the window cuts through.
        damaged: what is wrong with documents that could not be read.
    """

    panes: Mapping[datetime, WindowCounts]
    files: int
    duplicates: int
    others: int
    unsummed: tuple[str, ...]
    others_unsummed: tuple[str, ...]
    uncounted: int
    foreign: tuple[str, ...]
    damaged: tuple[str, ...]


def read_window(
    store: NamedFiles, model: str, profile: Profile, since: datetime, until: datetime, folder: Path
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
        folder: gets files of the log that have no summary, as `log_paths` puts them there.

    Raises:
        BadInput: the store did not answer, or refused.
    """
    own: list[str] = []
    others: list[str] = []
    unsummed: list[str] = []
    others_unsummed: list[str] = []
    slot = f"/model={profile.model_digest[:12]}/"
    for day in days(since, until):
        names = store.names(f"monitoring/{model}/summaries/date={day}/")
        log = store.names(f"predictions/{model}/date={day}/")
        there = set(names)
        own += [name for name in names if slot in name]
        others += [name for name in names if slot not in name]
        missing = [name for name in log if summary_name(name) not in there]
        unsummed += [name for name in missing if slot in name]
        others_unsummed += [name for name in missing if slot not in name]
    with tempfile.TemporaryDirectory() as scratch:
        reader = _Reader(store, profile, since, until, Path(scratch), folder)
        mine = reader.total(own, unsummed, is_own=True)
        theirs = reader.total(others, others_unsummed, is_own=False)
    return WindowSummaries(
        dict(sorted(mine.panes.items())), mine.files, mine.duplicates, theirs.answered,
        (*mine.sharing, *unsummed), (*theirs.sharing, *others_unsummed, *theirs.damaged),
        len(unsummed), tuple(mine.foreign), tuple(mine.damaged),
    )  # fmt: skip


def log_paths(
    store: NamedFiles, names: Sequence[str], folder: Path
) -> tuple[list[Path], list[str]]:
    """Files of the log on this machine, and those that are gone.

    Args:
        folder: gets what has to be fetched, once.

    Raises:
        BadInput: the store did not answer, or refused.
    """
    paths, gone = [], []
    for name in names:
        fetched = folder / name
        path = store.local_path(name) or (fetched if fetched.is_file() else None)
        if path is None and store.names(name):
            path = store.fetch(name, fetched.parent)
        if path is None:
            gone.append(name)
        else:
            paths.append(path)
    return paths, gone


@dataclass
class _Total:
    """Documents of one kind together; `WindowSummaries` says what is what."""

    panes: dict[datetime, WindowCounts] = field(default_factory=dict)
    files: int = 0
    answered: int = 0
    duplicates: int = 0
    sharing: tuple[str, ...] = ()
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
        self, store: NamedFiles, profile: Profile, since: datetime, until: datetime, scratch: Path,
        folder: Path,
    ) -> None:  # fmt: skip
        self._store, self._profile, self._scratch, self._folder = store, profile, scratch, folder
        self._since, self._until = since, until

    def total(self, names: Sequence[str], unsummed: Sequence[str], *, is_own: bool) -> _Total:
        """All documents; those that share rows, also with files that have none, are named."""
        # Only here: the sidecar, which writes summaries, has no DuckDB.
        from phasegate.monitoring.repeats import Repeats

        total = _Total()
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            repeats = Repeats(Path(folder) / "keys")
            for number, inside in self._read(names, total, is_own=is_own):
                total.add(inside, is_own=is_own)
                repeats.add(number, (one.keys for one in inside.values()))
            for number, path in enumerate(log_paths(self._store, unsummed, self._folder)[0]):
                repeats.add(len(names) + number, [self._keys_of(path)])
            found = {one for one in repeats.documents() if one < len(names)}
            repeats.close()
        if not found:
            return total
        once = _Total(foreign=total.foreign, damaged=total.damaged)
        once.sharing = tuple(log_name(names[number]) for number in sorted(found))
        rest = [name for number, name in enumerate(names) if number not in found]
        for _, inside in self._read(rest, _Total(), is_own=is_own):
            once.add(inside, is_own=is_own)
        return once

    def _keys_of(self, path: Path) -> np.ndarray:
        """Of users' rows of a file of the log that are in the window."""
        try:
            # Not read_table, which takes parts of the path for columns.
            file = pq.ParquetFile(path)
            table = file.read(columns=["request_id", "row", "role", "event_time"])
        except (pa.ArrowException, OSError) as error:
            raise BadInput(f"it cannot be read ({error})"[:300], where=str(path)) from None
        times = table["event_time"]
        inside = pc.and_(
            pc.greater_equal(times, pa.scalar(self._since)), pc.less(times, pa.scalar(self._until))
        )
        chosen = pc.and_(inside, pc.is_in(table["role"], pa.array(USERS)))
        return row_keys(table.filter(chosen))

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
                (left.foreign if is_own else left.damaged).append(
                    name if is_own else log_name(name)
                )
            except BadInput as error:
                left.damaged.append(str(error) if is_own else log_name(name))


def days(since: datetime, until: datetime) -> Iterator[date]:
    """UTC dates of the events of a span of time."""
    day, last = since.astimezone(UTC).date(), (until - timedelta(microseconds=1)).astimezone(UTC)
    while day <= last.date():
        yield day
        day += timedelta(days=1)
