"""Which rows a model learns from, is tuned on, is calibrated on, and is judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phasegate.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

PARTS = ("train", "validation", "calibration", "test")


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of rows in their table, int64, in split order; disjoint, together all rows.

    Attributes:
        order: how the rows were ordered: time, row or random.
    """

    order: str
    train: np.ndarray
    validation: np.ndarray
    calibration: np.ndarray
    test: np.ndarray

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each part."""
        return {name: len(getattr(self, name)) for name in PARTS}


def split_features(features: pa.Table, split: Mapping[str, Any], data: Mapping[str, Any]) -> Split:
    """Split a feature table as its project says.

    The random order depends on the rows alone and not on the training seed, so that all models
    of a project are judged on the same rows.

    Args:
        features: table with `_row`, `_time` and `_label`.
        split: split section of the project.
        data: data section; its `time` decides what the order ``auto`` is.

    Raises:
        BadInput: see `split_rows`.
    """
    order = split["order"]
    if order == "auto":
        order = "time" if data.get("time") else "row"
    if order == "time" and not data.get("time"):
        raise BadInput(
            "the order is time, and the data have no time column",
            where="split.order",
            expected="row or random, or a column in data.time",
        )
    columns = [features.column(name).to_numpy() for name in ("_row", "_time", "_label")]
    return split_rows(*columns, split, order=order)


def split_rows(
    rows: np.ndarray,
    times: np.ndarray,
    labels: np.ndarray,
    fractions: Mapping[str, Any],
    *,
    order: str,
) -> Split:
    """Cut ordered rows into contiguous slices: train, validation, calibration, test.

    In time order each slice is later than the one before; rows of the same time stay together,
    on the side of the boundary where that moves it least. The random order is that of a hash of
    each row's number, whatever order the rows come in.

    Args:
        rows: row numbers, int64 [rows], all different.
        times: event times, int64 microseconds [rows]; used in time order only.
        labels: 0 or 1 [rows].
        fractions: share of `validation`, `calibration` and `test`; train has the rest.
        order: time, row or random.

    Raises:
        BadInput: when the fractions leave nothing to train on, or a slice is empty or has one
            class only.
    """
    shares = [float(fractions[name]) for name in PARTS[1:]]
    if sum(shares) >= 1:
        raise BadInput(
            f"{' + '.join(f'{share:g}' for share in shares)} leave no rows to train on",
            where="split",
            expected="validation + calibration + test below 1",
        )
    keys = {"time": (rows, times), "row": (rows,), "random": (rows, _hash(rows))}[order]
    ordered = np.lexsort(keys)
    starts = np.cumsum([1 - sum(shares), *shares[:-1]])
    bounds = np.rint(starts * len(rows)).astype(np.int64)
    if order == "time":
        bounds = _between_ties(times[ordered], bounds)
    split = Split(order, *np.split(ordered, bounds))
    _check(split, labels)
    return split


def _between_ties(times: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Each bound moved to the nearer end of the run of equal times that it falls into."""
    inside = times[np.minimum(bounds, len(times) - 1)] if len(times) else bounds
    first = np.searchsorted(times, inside, "left")
    after = np.searchsorted(times, inside, "right")
    moved = np.where(bounds - first <= after - bounds, first, after)
    return np.where(bounds < len(times), moved, bounds)


def _check(split: Split, labels: np.ndarray) -> None:
    for name in PARTS:
        positions = getattr(split, name)
        positive = int(labels[positions].sum())
        if 0 < positive < len(positions):
            continue
        what = "is empty" if not len(positions) else f"has {len(positions)} rows of one class"
        raise BadInput(
            f"the {name} slice {what}",
            where=f"split in {split.order} order",
            expected="rows of both classes in train, validation, calibration and test",
            fix="give more rows, other fractions, or split.order: random",
        )


def _hash(rows: np.ndarray) -> np.ndarray:
    """SplitMix64's finalizer (Steele, Lea and Flood 2014) of row numbers, uint64 [rows]."""
    value = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x632BE59BD9B4E019)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
