"""A profile as a page to read."""

from __future__ import annotations

import numpy as np

from phasegate.monitoring.profile import CategoricalReference, NumericReference, Profile
from phasegate.reports import (
    bar_chart,
    code,
    facts,
    figure,
    figures,
    histogram,
    number,
    page,
    percent,
    section,
)

BARS = 24
CATEGORIES = 12


def page_of(profile: Profile) -> str:
    """HTML: the scores, and each monitored feature, as the reference rows have them."""
    period = "no event time"
    if profile.since and profile.until:
        period = f"{profile.since:%Y-%m-%d %H:%M} to {profile.until:%Y-%m-%d %H:%M} UTC"
    return page(
        f"Reference of {profile.name}",
        f"{number(profile.rows)} held-out rows, {len(profile.features)} monitored features",
        [
            section(
                "Reference",
                facts(
                    {
                        "profile": code(profile.digest),
                        "model": code(profile.model_digest),
                        "period": period,
                        "decided 1": percent(profile.positive / profile.rows, 2),
                        "size": f"{number(len(profile.content) / 1024, 3)} KB",
                    }
                ),
            ),
            section("Scores", figures(_numbers(profile.scores, profile.rows))),
            section("Features", figures(*(_feature(one, profile) for one in profile.features))),
        ],
    )


def _feature(one: NumericReference | CategoricalReference, profile: Profile):
    if isinstance(one, NumericReference):
        return _numbers(one, profile.rows)
    ranked = sorted(zip(one.counts, one.categories, strict=True), key=lambda pair: -pair[0])
    bars = [(name, float(count)) for count, name in ranked[:CATEGORIES]]
    if rest := sum(count for count, _ in ranked[CATEGORIES:]) + one.others:
        bars.append(("all others", float(rest)))
    said = (
        f"{number(len(one.categories))} categories; {percent(one.missing / profile.rows)} missing"
    )
    return figure(one.name, bar_chart(one.name, bars, x_label="rows"), said)


def _numbers(one: NumericReference, rows: int):
    said = f"{percent((one.missing + one.infinite) / rows)} missing"
    if one.is_constant:
        values = "no value" if one.low != one.low else f"constant, {number(one.low)}"
        return figure(one.name, histogram(one.name, [0, 1], {one.name: [0]}, x_label=one.name),
                      f"{values}; {said}")  # fmt: skip
    edges, counts = _equal_bars(one)
    chart = histogram(one.name, edges, {one.name: counts}, x_label=one.name)
    return figure(one.name, chart, f"{number(one.low)} to {number(one.high)}; {said}")


def _equal_bars(one: NumericReference) -> tuple[list[float], list[float]]:
    """Bars of equal width, from counts between quantile edges: shared out evenly between two."""
    ends = np.clip(np.array([one.low, *one.edges, one.high]), one.low, one.high)
    below = np.concatenate([[0.0], np.cumsum(one.counts)])
    edges = np.linspace(one.low, one.high, BARS + 1)
    return edges.tolist(), np.diff(np.interp(edges, ends, below)).tolist()
