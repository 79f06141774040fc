"""Bounded samples of rows that do not depend on their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from phasegate.monitoring.counting import EPOCH
from phasegate.monitoring.profile import Profile

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """The rows with the smallest hashes of their request's id: the same whoever merged them.

    Attributes:
        hashes: uint64 [rows], rising, without repetition.
        rows: the profile's features: float64 or string columns.
    """

    hashes: np.ndarray
    rows: pa.Table

    @classmethod
    def none(cls, profile: Profile) -> Sample:
        """Of no rows."""
        return cls(np.zeros(0, np.uint64), _schema(profile).empty_table())

    def merged(self, other: Sample, size: int) -> Sample:
        """Both together, at most ``size`` rows."""
        if not len(other.hashes):
            return self
        hashes, first = np.unique(np.concatenate([self.hashes, other.hashes]), return_index=True)
        rows = pa.concat_tables([self.rows, other.rows]).take(pa.array(first[:size]))
        return Sample(hashes[:size], rows.combine_chunks())


def samples(
    table: pa.Table,
    keys: np.ndarray,
    profile: Profile,
    size: int,
    pane: timedelta,
    window: timedelta,
) -> dict[datetime, Sample]:
    """The sample of each window of event time, cut by panes: by the start of the pane.

    Args:
        table: users' rows of the log, each once.
        keys: of the rows, which serve as hashes.
        profile: of the model.
        size: most rows of a window.
        pane, window: event time of each, aligned to 1970.
    """
    answered = np.flatnonzero(table["error"].is_null().to_numpy())
    if not len(answered) or not size:
        return {}
    times = table["event_time"].cast(pa.int64()).to_numpy()[answered]
    hashes = keys[answered]
    slots, panes = times // (window // _MICROSECOND), times // (pane // _MICROSECOND)
    order = np.lexsort((hashes, slots))
    begins = np.flatnonzero(np.r_[True, np.diff(slots[order]) != 0])
    ranks = np.arange(len(order)) - np.repeat(begins, np.diff(np.r_[begins, len(order)]))
    chosen = order[ranks < size]
    found = {}
    for one in np.unique(panes[chosen]):
        of_pane = chosen[panes[chosen] == one]
        own, first = np.unique(hashes[of_pane], return_index=True)
        rows = table.select(["features"]).take(pa.array(answered[of_pane[first]]))
        found[EPOCH + int(one) * pane] = Sample(own, _features(rows, profile))
    return found


def _features(rows: pa.Table, profile: Profile) -> pa.Table:
    features = rows["features"].combine_chunks()
    there = {field.name: at for at, field in enumerate(features.type)}
    columns = [
        _cast(features.field(there[field.name]), field.type)
        if field.name in there
        else pa.nulls(rows.num_rows, field.type)
        for field in _schema(profile)
    ]
    return pa.Table.from_arrays(columns, schema=_schema(profile))


def to_bytes(table: pa.Table) -> bytes:
    """A table in Arrow's stream format."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def from_bytes(data: bytes) -> pa.Table:
    """The table of `to_bytes`."""
    return pa.ipc.open_stream(data).read_all()


def _schema(profile: Profile) -> pa.Schema:
    return pa.schema(
        [
            (one.name, pa.float64() if one.kind == "numeric" else pa.string())
            for one in profile.features
        ]
    )


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column as the profile has it; texts where numbers belong are no values of a sample."""
    if column.type == kind:
        return column
    if pa.types.is_floating(kind):
        return pa.nulls(len(column), kind)
    return column.cast(kind)
