"""From a sealed segment to its summary in the store and to windows, each exactly once."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from phasegate.monitoring.counting import count_panes
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.reference import Reference
from phasegate.monitoring.summaries import encode, summary_name
from phasegate.monitoring.summary import summarize
from phasegate.sidecar.drift.arrivals import Arrivals
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.drift.references import References
from phasegate.sidecar.drift.restoring import read_back
from phasegate.sidecar.drift.rows import Rows, Sealed
from phasegate.sidecar.drift.samples import Sample, samples
from phasegate.sidecar.drift.state import DriftState
from phasegate.sidecar.drift.windows import Added, Part, Windows, add, idle, settle
from phasegate.sidecar.health import Health
from phasegate.sidecar.sealing import Parts
from phasegate.store.named import NamedFiles

_WHAT = "drift counting"


class DriftCounting:
    """Counts what is sealed. For the thread that seals.

    A row counts once in its window, however often it comes; `Seen` says how far back that goes, in
    memory that is bounded.

    Args:
        references: of models.
        state: of windows.
        rules: how windows are cut.
        metrics: count rows.
        health: is told what could not be counted.
        ended: called when a window may have ended.
        now: time of day.
        is_alone: whether no other sidecar watches the same models: all that is in the store is then
            of this one, or of those before it.
    """

    def __init__(
        self,
        references: References,
        state: DriftState,
        rules: DriftRules,
        metrics: DriftMetrics,
        health: Health,
        ended: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        is_alone: bool = True,
    ) -> None:
        self._references, self._state, self._rules = references, state, rules
        self._metrics, self._health, self._ended, self._now = metrics, health, ended, now
        self._is_alone = is_alone
        self._arrivals = Arrivals(state, rules.window)
        self._windows: dict[str, tuple[Reference, str, Windows]] = {}
        self._restored: set[tuple[str, str]] = set()

    def load(self) -> None:
        """Take up windows where a process before this one left them."""
        for digest, model, profile in self._state.models(self._references.profiles()):
            reference = self._references.of_profile(digest)
            self._windows[digest] = (reference, model, self._state.windows(profile))

    def restore(self, store: NamedFiles) -> None:
        """Take windows by time that were lost with this sidecar's folder from the log in the store.

        They are then as if nothing had been lost: counts, samples, and which rows came. Windows by
        rows begin anew, as nobody knows in which order rows came; so do all windows of a sidecar
        that is one of several, which cannot tell which rows were its own.

        Raises:
            BadInput: the store did not answer, or refused; it is tried again.
            OSError: what was restored could not be kept; likewise.
        """
        for profile in self._references.profiles().values():
            self._restore(self._references.of_profile(profile.digest), profile.name, store)

    def count(self, parts: Parts, store: NamedFiles, draft: Path) -> None:
        """Count a segment whose files are in the store, before it is removed.

        What cannot be counted is told, and holds up no segment.

        Raises:
            BadInput: the store did not take a summary; the segment has to be counted again.
            OSError: the draft cannot be written.
        """
        source, pane = parts.source, self._rules.pane
        for name, table in parts.tables.items():
            sealed = Sealed(name, source.model, source.model_digest, parts.digest)
            rows = Rows.of(table, pane)
            reference = self._references.find(source.model, source.model_digest, len(rows.once))
            if reference is not None:
                self._restore(reference, source.model, store, frozenset(parts.tables))
            fresh = self._fresh(sealed, rows)
            if reference is None:
                continue
            try:
                summary = summarize(
                    reference.profile, rows.once, rows.keys, rows.everything, parts.digest, pane
                )
                document = encode(summary)
            except Exception as error:
                self._lose(sealed, len(rows.once), error)
                continue
            draft.write_bytes(document)
            store.create(summary_name(name), draft)
            counted = {start: one.counts for start, one in summary.panes.items()}
            self._put_into_windows(sealed, rows, fresh, reference, counted)

    def settle(self) -> None:
        """End the windows that are over; when no segment waits to be counted.

        Raises:
            OSError: that could not be kept; it is done again next time.
        """
        for digest, (reference, model, windows) in list(self._windows.items()):
            added = settle(windows, self._rules)
            if not added.ended:
                added = idle(windows, self._rules, self._now())
            if added.ended:
                self._keep(digest, reference, model, windows, added)

    def _restore(
        self, reference: Reference, model: str, store: NamedFiles, but: Set[str] = frozenset()
    ) -> None:
        profile = reference.profile
        if not self._is_alone or (profile.digest, model) in self._restored:
            return
        if self._arrivals.to_be_restored(profile.digest, model):
            self._read_back(reference, model, store, but)
            self._arrivals.restored(profile.digest, model)
        self._restored.add((profile.digest, model))

    def _read_back(
        self, reference: Reference, model: str, store: NamedFiles, but: Set[str]
    ) -> None:
        profile = reference.profile
        slot = profile.model_digest[:12]
        found = read_back(store, model, slot, self._rules, self._now(), self._health)
        for sealed, table in found.tables:
            if sealed.name in but:  # is about to be counted as any other
                continue
            rows = Rows.of(table, self._rules.pane)
            fresh = self._fresh(sealed, rows)
            if sealed.model_digest == profile.model_digest:
                self._put_into_windows(sealed, rows, fresh, reference)
        if profile.digest in self._windows and found.has_earlier_rows():
            before = self._windows[profile.digest][2]
            after = replace(before, closed=before.closed or found.since)
            self._keep(profile.digest, reference, model, before, Added(after))

    def _fresh(self, sealed: Sealed, rows: Rows) -> np.ndarray:
        """Which rows count in windows; none where that cannot be kept, which is told."""
        try:
            return self._arrivals.fresh(sealed, rows)
        except Exception as error:
            self._lose(sealed, len(rows.once), error)
            return np.zeros(len(rows.once), bool)

    def _put_into_windows(
        self, sealed: Sealed, rows: Rows, fresh: np.ndarray, reference: Reference,
        counted: Mapping[datetime, WindowCounts] | None = None,
    ) -> None:  # fmt: skip
        """Add rows of a segment to windows.

        Args:
            fresh: those that count.
            counted: all of its rows as counts; None of a segment that is restored.
        """
        profile, rules = reference.profile, self._rules
        chosen = rows.chosen(fresh)
        again = rows.duplicates + len(rows.once) - len(chosen.once)
        try:
            whole = counted if chosen is rows else None
            panes = whole if whole is not None else count_panes(profile, chosen.once, rules.pane)
            found = samples(
                chosen.once, chosen.keys, profile, rules.sample, rules.pane, rules.window
            )
            parts = {
                start: Part(counts, found.get(start) or Sample.none(profile))
                for start, counts in panes.items()
            }
            self._add(sealed, reference, parts, again, is_restored=counted is None)
        except Exception as error:
            self._lose(sealed, len(rows.once), error)
        else:
            self._health.tell(_WHAT, None)

    def _add(
        self, sealed: Sealed, reference: Reference, panes: dict[datetime, Part], duplicates: int,
        *, is_restored: bool,
    ) -> None:  # fmt: skip
        if self._state.knows(sealed.name):
            return
        digest, model = reference.profile.digest, sealed.model
        if digest not in self._windows:
            windows = self._state.windows(reference.profile)
            self._windows[digest] = (reference, model, windows)
        windows = self._windows[digest][2]
        added = add(windows, panes, self._rules, self._now())
        if is_restored:
            by_time = tuple(one for one in added.ended if one.kind == "time")
            after = replace(added.windows, chunk=windows.chunk)
            self._keep(digest, reference, model, windows, Added(after, added.tally, by_time),
                       sealed.name)  # fmt: skip
            return
        self._keep(digest, reference, model, windows, added, sealed.name)
        self._metrics.counted(model, reference.profile.model_digest, added.tally, duplicates)
        future = added.tally.future
        self._health.tell(
            f"clock of {model}",
            f"{future} rows of {model} are of a time that has not come; they are in no window"
            if future
            else None,
        )

    def _keep(
        self, digest: str, reference: Reference, model: str, before: Windows, added: Added,
        segment: str = "",
    ) -> None:  # fmt: skip
        self._state.keep(reference.profile, model, before, added.windows, added.ended, segment)
        self._windows[digest] = (reference, model, added.windows)
        if added.ended:
            self._ended()

    def _lose(self, sealed: Sealed, rows: int, error: Exception) -> None:
        self._health.tell(
            _WHAT, f"a segment of {sealed.model} could not be counted: {error!r}"[:500]
        )
        self._metrics.lost(sealed.model, sealed.model_digest, rows)
        traceback.print_exception(error, file=sys.stderr)
