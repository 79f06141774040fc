"""The rows of past traffic as arrays, in the order of event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from phasegate.release.backtest.table import TABLE
from phasegate.release.gathering.rows import KEY
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of the rows; arrays are [rows].

    Attributes:
        time: microseconds since 1970.
        draw: basis points; the challenger answers at weights above it.
        copy: the same of copies.
        key: number of the entity, by the order of their names; a request without one is an entity
            of its own.
        first: whether it is the first row of its request.
        champion_score: its bin of `SCORE_EDGES`.
        challenger_score: the same.
        latency: the champion's bin of `LATENCY_EDGES_US`.
        champion_decision: 0 or 1.
        challenger_decision: 0 or 1.
        slices: column -> the values there are, and each row's position among them; -1 is missing.
    """

    time: Whole
    draw: NDArray[np.uint16]
    copy: NDArray[np.uint16]
    key: Whole
    first: NDArray[np.bool_]
    champion_score: Whole
    challenger_score: Whole
    latency: Whole
    champion_decision: NDArray[np.int8]
    challenger_decision: NDArray[np.int8]
    slices: Mapping[str, tuple[tuple[str, ...], Whole]]

    def __len__(self) -> int:
        return len(self.time)

    def only(self, slices: Sequence[str]) -> Rows:
        """The same rows with some of their slices."""
        return replace(self, slices={name: self.slices[name] for name in slices})


def read_rows(connection: duckdb.DuckDBPyConnection, slices: Sequence[str]) -> Rows:
    """The rows of the table `TABLE`.

    Args:
        connection: has the table.
        slices: features whose values are told apart.
    """
    features = [
        f"CAST(features[{_text(name)}] AS VARCHAR) AS slice_{number}"
        for number, name in enumerate(slices)
    ]
    columns = ", ".join(
        [
            *("epoch_us(event_time) AS time", "draw", "copy", KEY, '"row" = 0 AS first'),
            *("champion_score", "challenger_score", "champion_latency_us"),
            *("champion_decision", "challenger_decision", *features),
        ]
    )
    table = connection.sql(f"SELECT {columns} FROM {TABLE} ORDER BY place").to_arrow_table()
    return Rows(
        time=table["time"].to_numpy(),
        draw=table["draw"].to_numpy(),
        copy=table["copy"].to_numpy(),
        key=_coded(table["key"])[1],
        first=table["first"].to_numpy(),
        champion_score=_binned(table["champion_score"], SCORE_EDGES),
        challenger_score=_binned(table["challenger_score"], SCORE_EDGES),
        latency=_binned(table["champion_latency_us"], LATENCY_EDGES_US),
        champion_decision=table["champion_decision"].to_numpy(),
        challenger_decision=table["challenger_decision"].to_numpy(),
        slices={name: _coded(table[f"slice_{number}"]) for number, name in enumerate(slices)},
    )


def _coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Whole]:
    """The distinct texts in their order, and each row's position among them; -1 is missing."""
    coded = column.combine_chunks().dictionary_encode()
    texts = coded.dictionary.to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    places = np.full(len(texts) + 1, -1, np.int64)
    places[order] = np.arange(len(texts))
    return tuple(texts[at] for at in order), places[
        coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    ]


def _binned(column: pa.ChunkedArray, edges: NDArray[np.float64]) -> Whole:
    """Bins, as `phasegate.statistics.distances.counts` counts them."""
    values = column.to_numpy().astype(float)
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
