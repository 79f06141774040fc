"""Rows that tell two engines for the same trees apart, if anything does."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable

import numpy as np

from phasegate.models import CATEGORICAL, Model

PROBES = 512
_REPEATS = 16

Engine = Callable[[np.ndarray], np.ndarray]
"""From a float32 matrix [rows, inputs] to raw probabilities, float32 [rows]."""


def probe_rows(booster: bytes, model: Model) -> np.ndarray:
    """Rows of categories, of numbers that trees split at and their lower neighbours, and of gaps.

    Args:
        booster: the model's, as JSON.

    Returns:
        float32 [PROBES, inputs], always the same for the same model.
    """
    random = np.random.default_rng(0)
    splits: list[list[float]] = [[0.0] for _ in model.inputs]
    for tree in json.loads(booster)["learner"]["gradient_booster"]["model"]["trees"]:
        for left, feature, value in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], strict=True
        ):
            if left != -1:
                splits[feature].append(value)
    columns = []
    for one, values in zip(model.inputs, splits, strict=True):
        if one.kind == CATEGORICAL:
            drawn = random.integers(0, max(1, len(model.encoding[one.name])), PROBES)
        else:
            drawn = random.choice(np.array(values, np.float32), PROBES)
            below = np.nextafter(drawn, np.float32(-np.inf))
            drawn = np.where(random.random(PROBES) < 0.5, drawn, below)
        columns.append(np.where(random.random(PROBES) < 0.1, np.nan, drawn))
    return np.ascontiguousarray(np.stack(columns, axis=1), np.float32)


def differing(engine: Engine, reference: Engine, rows: np.ndarray) -> int:
    """How many rows two engines score differently, asked in batches of several sizes."""
    expected = reference(rows)
    worst = 0
    for size in (1, 7, len(rows)):
        parts = [engine(rows[start : start + size]) for start in range(0, len(rows), size)]
        worst = max(worst, int(np.count_nonzero(np.concatenate(parts) != expected)))
    return worst


def seconds(engine: Engine, rows: np.ndarray, size: int) -> float:
    """Least time of one batch, of other rows each time: a processor remembers rows' ways."""
    best = math.inf
    for start in range(0, len(rows) - size + 1, max(size, len(rows) // _REPEATS)):
        batch = rows[start : start + size]
        started = time.perf_counter()
        engine(batch)
        best = min(best, time.perf_counter() - started)
    return best
