"""A bounded sample of reference rows, for detectors that need rows and not counts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from phasegate.monitoring.profile import Profile

SAMPLE_ROWS = 2000


def sample(table: pa.Table, numbers: np.ndarray, profile: Profile) -> pa.Table:
    """At most `SAMPLE_ROWS` rows, those whose numbers have the smallest hashes.

    The same rows, whatever order they come in and however many others are added behind them.

    Args:
        table: of reference rows.
        numbers: what tells each row from the others, int64 [rows].
        profile: whose monitored features are taken, as the log has them: float64 or string.
    """
    chosen = np.argsort(_hash(numbers), kind="stable")[:SAMPLE_ROWS]
    kinds = {
        one.name: pa.float64() if one.kind == "numeric" else pa.string() for one in profile.features
    }
    rows = table.select(list(kinds)).take(pa.array(chosen)).combine_chunks()
    return rows.cast(pa.schema(list(kinds.items())))


def _hash(numbers: np.ndarray) -> np.ndarray:
    """SplitMix64's finalizer (Steele, Lea and Flood 2014) of row numbers, uint64 [rows]."""
    value = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
