"""What a sidecar counted of a segment: by pane, with the keys of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.monitoring.counting import EPOCH, count_panes
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import Profile


@dataclass(frozen=True, eq=False, slots=True)
class Pane:
    """Rows of users in some span of event time, answered or failed, each counted once.

    Attributes:
        counts: of them.
        keys: of them, uint64 [rows]: by these a row is found that is in another segment too.
        duplicates: rows that came again, and were left out.
    """

    counts: WindowCounts
    keys: np.ndarray
    duplicates: int = 0

    @property
    def rows(self) -> int:
        """Answered or failed."""
        return self.counts.rows + self.counts.failed


@dataclass(frozen=True)
class Summary:
    """Counts of one segment's events of one date.

    Attributes:
        segment: hex sha256 of the segment.
        model_digest: of the model that answered.
        pane: event time of a pane.
        panes: by their start, UTC, which is a multiple of `pane` from 1970.
    """

    segment: str
    model_digest: str
    pane: timedelta
    panes: Mapping[datetime, Pane]

    @property
    def rows(self) -> int:
        """Of users, answered or failed, each once in its pane."""
        return sum(one.rows for one in self.panes.values())

    @property
    def duplicates(self) -> int:
        """Rows that came again in the same pane, and were left out."""
        return sum(one.duplicates for one in self.panes.values())

    def inside(self, since: datetime, until: datetime, where: str) -> dict[datetime, Pane]:
        """Panes that lie in a window.

        Raises:
            Foreign: one lies in it in part.
        """
        found = {}
        for start, one in self.panes.items():
            end = start + self.pane
            if since <= start and end <= until:
                found[start] = one
            elif start < until and since < end:
                raise Foreign(f"the pane from {start.isoformat()} is cut", where=where)
        return found


class Foreign(BadInput):
    """A document that is whole, and cannot be added to these."""


def summarize(
    profile: Profile,
    table: pa.Table,
    keys: np.ndarray,
    everything: pa.Table,
    segment: str,
    pane: timedelta,
) -> Summary:
    """The summary of a segment's rows of one date.

    Args:
        profile: of the model.
        table: users' rows, each once in its pane: see `distinct_rows`.
        keys: of these rows.
        everything: the same, with those that came again.
        segment: hex sha256 of the segment.
        pane: event time of a pane.
    """
    of, all_of = _panes(table, pane), _panes(everything, pane)
    panes = {}
    for start, counts in count_panes(profile, table, pane).items():
        at = (start - EPOCH) // pane
        own = keys[of == at]
        left = int(np.count_nonzero(all_of == at)) - len(own)
        panes[start] = Pane(counts, np.sort(own), left)
    return Summary(segment, profile.model_digest, pane, panes)


def _panes(table: pa.Table, pane: timedelta) -> np.ndarray:
    return table["event_time"].cast(pa.int64()).to_numpy() // (pane // timedelta(microseconds=1))
