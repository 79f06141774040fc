"""The statistics of production's evidence, of a part of past traffic, without asking a database.

A replay looks hundreds of times. A test holds that what is counted here equals what
`phasegate.release.gathering` counts of the same rows, integers exactly and sums up to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phasegate.release.backtest.rows import Rows, Whole
from phasegate.release.evidence import Cohort, Pairs, Proportion
from phasegate.release.gathering.pair_statistics import MISSING, MOST_VALUES, OTHER
from phasegate.statistics.bounded import Moments
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES

Numbers = NDArray[np.float64]
Choice = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Business value of each row, as far as it is known at a time; NaN where it is not.

    Attributes:
        champion: of the champion's answer, [rows].
        challenger: of the challenger's, [rows].
        lower: least that a row can be worth; None without bounds.
        upper: most that a row can be worth.
        asked: whether a row was to have a value, [rows].
    """

    champion: Numbers
    challenger: Numbers
    asked: NDArray[np.bool_]
    lower: float | None
    upper: float | None

    @property
    def is_bounded(self) -> bool:
        """Whether least and most are declared."""
        return self.lower is not None and self.upper is not None


def count_pairs(rows: Rows, asked: Choice, copied: Choice, values: Values | None) -> Pairs:
    """Champion and challenger on the same requests.

    Args:
        rows: of the past.
        asked: positions of the rows that the champion answered.
        copied: those of them that the challenger got a copy of, and answered too.
        values: None without a business metric.
    """
    differ = rows.champion_decision[copied] != rows.challenger_decision[copied]
    requests, answered = (int(rows.first[where].sum()) for where in (asked, copied))
    latency = _counted(rows.latency[copied][rows.first[copied]], LATENCY_EDGES_US)
    return Pairs(
        requests=requests,
        answered=answered,
        failed=0,
        absent=requests - answered,
        conflicting=0,
        rows=len(copied),
        entities=_distinct(rows.key[copied]),
        disagreements=Proportion(int(differ.sum()), len(copied)),
        slices={
            name: _by_value(names, codes[copied], differ)
            for name, (names, codes) in rows.slices.items()
        },
        differing=_clusters(rows.key[copied], differ.astype(float)),
        champion_scores=_counted(rows.champion_score[copied], SCORE_EDGES),
        challenger_scores=_counted(rows.challenger_score[copied], SCORE_EDGES),
        champion_latency=latency,
        challenger_latency=latency,
        **(_paired_values(rows, copied, values) if values else {}),
    )


def count_cohort(
    rows: Rows, answered: Choice, role: Literal["champion", "challenger"], values: Values | None
) -> Cohort:
    """What one model answered for its own entities.

    Args:
        rows: of the past.
        answered: positions of the rows that it answered.
        role: who it is.
        values: None without a business metric.
    """
    own: dict[str, object] = {}
    if values is not None:
        value = getattr(values, role)
        known = answered[~np.isnan(value[answered])]
        own["value"] = _clusters(rows.key[known], value[known])
        own["unvalued"] = int(values.asked[answered].sum()) - len(known)
        if values.is_bounded:
            _, first = np.unique(rows.key[known], return_index=True)
            own["bounded"] = _moments(value[known[np.sort(first)]], values.lower, values.upper)
    decisions = getattr(rows, f"{role}_decision")
    return Cohort(
        requests=int(rows.first[answered].sum()),
        failed=0,
        entities=_distinct(rows.key[answered]),
        latency=_counted(rows.latency[answered][rows.first[answered]], LATENCY_EDGES_US),
        decisions=_clusters(rows.key[answered], decisions[answered].astype(float)),
        **own,
    )


def _paired_values(rows: Rows, copied: Choice, values: Values) -> Mapping[str, object]:
    known = copied[~np.isnan(values.champion[copied])]
    difference = values.challenger[known] - values.champion[known]
    found: dict[str, object] = {
        "champion_value": _clusters(rows.key[known], values.champion[known]),
        "difference": _clusters(rows.key[known], difference),
    }
    found["unvalued"] = int(values.asked[copied].sum()) - len(known)
    if values.is_bounded:
        reach = values.upper - values.lower
        found["bounded"] = _moments(difference, -reach, reach)
    return found


def _by_value(names: tuple[str, ...], codes: Whole, differ: NDArray[np.bool_]) -> dict:
    """Disagreements for each value, and for all the rare ones together."""
    totals = np.bincount(codes + 1, minlength=len(names) + 1)
    counts = np.bincount(codes + 1, weights=differ, minlength=len(names) + 1).astype(int)
    found: dict[str, list[int]] = {}
    ranked = sorted(range(len(names)), key=lambda code: (-totals[code + 1], names[code]))
    for place, code in enumerate([*ranked, -1]):
        name = MISSING if code < 0 else names[code] if place < MOST_VALUES else OTHER
        if totals[code + 1]:
            both = found.setdefault(name, [0, 0])
            both[0] += int(counts[code + 1])
            both[1] += int(totals[code + 1])
    return {name: Proportion(*both) for name, both in found.items()}


def _clusters(keys: Whole, values: Numbers) -> Clusters:
    if not len(keys):
        return Clusters.none()
    return Clusters.of(np.bincount(keys), np.bincount(keys, weights=values))


def _moments(values: Numbers, lower: float, upper: float) -> Moments:
    return Moments(0.0, 0.0, 0.0).then(np.clip(values, lower, upper), lower, upper)


def _distinct(keys: Whole) -> int:
    return int(np.count_nonzero(np.bincount(keys))) if len(keys) else 0


def _counted(bins: Whole, edges: Numbers) -> tuple[int, ...]:
    return tuple(np.bincount(bins, minlength=len(edges) - 1).tolist())
