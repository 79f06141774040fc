"""From a sealed segment to its summary in the store and to windows, each exactly once."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from phasegate.monitoring.counting import EPOCH, count_panes
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.reference import Reference
from phasegate.monitoring.summaries import Summary, encode, summary_name
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.drift.references import References
from phasegate.sidecar.drift.samples import Sample, samples, users_rows
from phasegate.sidecar.drift.state import DriftState
from phasegate.sidecar.drift.windows import Added, Part, Windows, add, idle, settle, slot_of
from phasegate.sidecar.health import Health
from phasegate.sidecar.sealing import Parts
from phasegate.store.named import NamedFiles

_WHAT = "drift counting"


class DriftCounting:
    """Counts what is sealed. For the thread that seals.

    Args:
        references: of models.
        state: of windows.
        rules: how windows are cut.
        metrics: count rows.
        health: is told what could not be counted.
        ended: called when a window may have ended.
        now: time of day.
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
    ) -> None:
        self._references, self._state, self._rules = references, state, rules
        self._metrics, self._health, self._ended, self._now = metrics, health, ended, now
        self._windows: dict[str, tuple[Reference, str, Windows]] = {}

    def count(self, parts: Parts, store: NamedFiles, draft: Path) -> None:
        """Count a segment whose files are in the store, before it is removed.

        What cannot be counted is told, and holds up no segment.

        Raises:
            BadInput: the store did not take a summary; the segment has to be counted again.
            OSError: the draft cannot be written.
        """
        for name, table in parts.tables.items():
            rows, duplicates = users_rows(table)
            try:
                self._count_traffic(parts, name, rows)
            except Exception as error:
                self._lose(parts, 0, error)
            reference = self._references.find(
                parts.source.model, parts.source.model_digest, len(rows)
            )
            if reference is None:
                continue
            try:
                counted = count_panes(reference.profile, rows, self._rules.pane)
                document = encode(
                    Summary(
                        parts.digest, parts.source.model_digest, self._rules.pane, len(rows),
                        duplicates, counted,
                    )
                )  # fmt: skip
            except Exception as error:
                self._lose(parts, len(rows), error)
                continue
            draft.write_bytes(document)
            store.create(summary_name(name), draft)
            try:
                rules = self._rules
                found = samples(rows, reference.profile, rules.sample, rules.pane, rules.window)
                panes = {
                    start: Part(counts, found.get(start) or Sample.none(reference.profile))
                    for start, counts in counted.items()
                }
                self._add(name, parts.source.model, reference, panes, duplicates)
            except Exception as error:
                self._lose(parts, len(rows), error)
            else:
                self._health.tell(_WHAT, None)

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

    def _add(
        self, name: str, model: str, reference: Reference, panes: dict[datetime, Part],
        duplicates: int,
    ) -> None:  # fmt: skip
        if self._state.knows(name):
            return
        digest = reference.profile.digest
        if digest not in self._windows:
            windows = self._state.windows(reference.profile)
            self._windows[digest] = (reference, model, windows)
        windows = self._windows[digest][2]
        added = add(windows, panes, self._rules, self._now())
        self._keep(digest, reference, model, windows, added, name)
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

    def _count_traffic(self, parts: Parts, name: str, rows: pa.Table) -> None:
        times = rows["event_time"].cast(pa.int64()).to_numpy()
        width = round(self._rules.window.total_seconds() * 1e6)
        slots, counts = np.unique(times // width, return_counts=True)
        by_start = {
            slot_of(_moment(int(slot) * width), self._rules.window): int(count)
            for slot, count in zip(slots, counts, strict=True)
        }
        self._state.count_traffic(parts.source.model, by_start, f"traffic of {name}")

    def _lose(self, parts: Parts, rows: int, error: Exception) -> None:
        source = parts.source
        self._health.tell(
            _WHAT, f"a segment of {source.model} could not be counted: {error!r}"[:500]
        )
        self._metrics.lost(source.model, source.model_digest, rows)
        traceback.print_exception(error, file=sys.stderr)

    def load(self) -> None:
        """Take up windows where a process before this one left them."""
        for digest, model, profile in self._state.models(self._references.profiles()):
            reference = self._references.of_profile(digest)
            self._windows[digest] = (reference, model, self._state.windows(profile))


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
