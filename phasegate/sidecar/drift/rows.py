"""Users' rows of a sealed segment, and what names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.monitoring.distinct import USERS, distinct_rows
from phasegate.monitoring.keys import row_keys


@dataclass(frozen=True, slots=True)
class Sealed:
    """A part of the log: one segment's rows of one date.

    Attributes:
        name: in the store.
        model: name that it is served under.
        model_digest: hex sha256 of its bytes.
        segment: hex sha256 of the segment.
    """

    name: str
    model: str
    model_digest: str
    segment: str


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """Rows that answered users, or failed them.

    Attributes:
        once: each once in its pane.
        keys: of these.
        everything: the same, with those that came again.
    """

    once: pa.Table
    keys: np.ndarray
    everything: pa.Table

    @classmethod
    def of(cls, table: pa.Table, pane: timedelta) -> Self:
        """Those of a table of the prediction log.

        Args:
            pane: event time of a pane.
        """
        rows = table.filter(pc.is_in(table["role"], pa.array(USERS)))
        once = distinct_rows(rows, pane)
        return cls(once, row_keys(once), rows)

    @property
    def duplicates(self) -> int:
        """Rows that came again."""
        return len(self.everything) - len(self.once)

    def chosen(self, mask: np.ndarray) -> Self:
        """Some of those that are there once, bool [rows]."""
        if mask.all():
            return self
        return type(self)(self.once.filter(pa.array(mask)), self.keys[mask], self.everything)
