"""Distributions of the features that are furthest from their reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from phasegate.monitoring.counts import CategoryCounts, WindowCounts
from phasegate.monitoring.drift.judgement import FeatureDrift
from phasegate.monitoring.drift.report import DriftFindings
from phasegate.monitoring.profile import (
    CategoricalReference,
    NumericReference,
    Profile,
    Reference,
)
from phasegate.reports import Markup, Series, figure, figures, line_chart, table

WORST = 4
LISTED = 12


def worst_shapes(
    found: DriftFindings, profile: Profile, counts: Mapping[datetime, WindowCounts]
) -> Markup | None:
    """A figure for each of the worst features, in the window where it is furthest; None of none."""
    ranked: dict[str, tuple[float, FeatureDrift, datetime]] = {}
    for window in found.windows:
        for one in window.features:
            if math.isfinite(one.distance) and one.rows:
                best = ranked.get(one.feature)
                if best is None or one.distance > best[0]:
                    ranked[one.feature] = (one.distance, one, window.since)
    worst = sorted(ranked.values(), key=lambda one: (-one[0], one[1].feature))[:WORST]
    references = {one.name: one for one in profile.features}
    drawn = [_shape(references[one.feature], counts[at], one, at) for _, one, at in worst]
    return figures(*drawn) if drawn else None


def _shape(reference: Reference, counts: WindowCounts, drift: FeatureDrift, at: datetime) -> Markup:
    title = f"{drift.feature}, window of {at:%Y-%m-%d}"
    caption = f"distance {drift.distance:.3f}, PSI {drift.psi:.3f}"
    window = counts.features[drift.feature]
    if isinstance(reference, NumericReference):
        series = [
            Series("reference", *_curve(reference, np.asarray(reference.counts))),
            Series("window", *_curve(reference, np.asarray(window.bins))),
        ]
        chart = line_chart(
            title, series, x_label=drift.feature, y_label="share up to here", y_range=(0.0, 1.0)
        )
        return figure(title, chart, caption)
    assert isinstance(window, CategoryCounts)
    return figure(title, _categories(reference, window), caption)


def _curve(reference: NumericReference, counts: np.ndarray) -> tuple[list[float], list[float]]:
    """The distribution function at the edges."""
    share = np.cumsum(counts)[:-1] / max(counts.sum(), 1)
    return list(reference.edges), share.tolist()


def _categories(reference: CategoricalReference, window: CategoryCounts) -> Markup:
    names = [*reference.categories, "others", "unseen"]
    before = np.array([*reference.counts, reference.others, 0], float)
    now = np.array([*window.bins, window.others, window.unseen], float)
    before, now = before / max(before.sum(), 1), now / max(now.sum(), 1)
    order: Sequence[int] = np.argsort(-np.abs(now - before), kind="stable")[:LISTED].tolist()
    rows = [(names[one], f"{before[one]:.1%}", f"{now[one]:.1%}") for one in order]
    return table(("category", "reference", "window"), rows, align="lrr")
