"""Which rows came before: a memory of keys that does not grow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import pyarrow as pa

MOST = 1_000_000
_MICROSECOND = timedelta(microseconds=1)
_SLOT, _FAILED = np.uint64(0xD1B54A32D192ED03), np.uint64(0x8CB92BA72F3D8DD7)


class Seen:
    """Keys of the rows that came last, in the order of their arrival.

    Memory is bounded: at most `most` keys of eight bytes in all, 8 MB, and those of one segment.
    Of the rows that came last, at least half as many are known. A row that comes again after more
    rows than that is not found by a sidecar, though by the monitoring pipeline.

    Args:
        kept: generation and keys of what was added before, in that order.
        most: keys that are known at most.
    """

    def __init__(self, kept: Iterable[tuple[int, np.ndarray]] = (), most: int = MOST) -> None:
        self._half = max(most // 2, 1)
        self._generation, self._size = 0, 0
        self._older: list[np.ndarray] = []
        self._recent: list[np.ndarray] = []
        for generation, keys in kept:
            self.add(keys, generation)

    def fresh(self, keys: np.ndarray) -> np.ndarray:
        """Which of these rows are not known, the first of each alone, bool [rows]."""
        known = np.zeros(len(keys), bool)
        for run in (*self._older, *self._recent):
            at = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            known |= run[at] == keys
        return first_of_each(keys) & ~known

    def generation(self, rows: int) -> int:
        """Of so many rows when they are added; what is two generations older is forgotten then."""
        is_full = self._size > 0 and self._size + rows > self._half
        return self._generation + is_full

    def add(self, keys: np.ndarray, generation: int) -> None:
        """Remember rows.

        Args:
            generation: that `generation` said.
        """
        if generation > self._generation:
            self._older = self._recent if generation == self._generation + 1 else []
            self._recent, self._size, self._generation = [], 0, generation
        if not len(keys):
            return
        self._size += len(keys)
        self._recent.append(np.sort(keys))
        while len(self._recent) > 1 and len(self._recent[-2]) <= 2 * len(self._recent[-1]):
            last = self._recent.pop()
            self._recent[-1] = np.sort(np.concatenate([self._recent[-1], last]))


def first_of_each(keys: np.ndarray) -> np.ndarray:
    """Where a key is the first of its kind, bool [rows]."""
    first = np.zeros(len(keys), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first


def window_keys(
    table: pa.Table, keys: np.ndarray, model_digest: str, window: timedelta
) -> np.ndarray:
    """Keys that a row has once in each window, uint64 [rows]; a failure has another than an answer.

    A request that failed and is asked again is answered then, and that answer counts.

    Args:
        table: users' rows of the log.
        keys: of `row_keys`.
        model_digest: of the model.
        window: event time of a window.
    """
    slots = table["event_time"].cast(pa.int64()).to_numpy() // (window // _MICROSECOND)
    failed = table["error"].is_valid().to_numpy()
    salt = np.uint64(int.from_bytes(hashlib.blake2b(model_digest.encode(), digest_size=8).digest()))
    return keys + slots.astype(np.uint64) * _SLOT + np.where(failed, _FAILED, np.uint64(0)) + salt
