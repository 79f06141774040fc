"""Why features differ: hypotheses tried on some of their rows, with the past that those need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from phasegate.features.definitions import FeatureColumn, FeatureDefinitions
from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.causes import likeliest
from phasegate.monitoring.skew.comparison import numbers, texts
from phasegate.monitoring.skew.hypotheses.sample import Sample
from phasegate.monitoring.skew.past import Past, Values
from phasegate.monitoring.skew.recomputation import Recomputed, read_pasts
from phasegate.monitoring.skew.report import Cause

SAMPLED = 2_000
"""Differing rows, and as many others, that hypotheses are tried on."""


@dataclass(frozen=True, eq=False)
class Difference:
    """A feature that differs in some of the matched rows.

    Attributes:
        column: the feature.
        served, recomputed: [sampled rows].
        differing: [sampled rows].
        sampled: [sampled rows] positions among the matched rows, ascending.
    """

    column: FeatureColumn
    served: pa.ChunkedArray
    recomputed: pa.ChunkedArray
    differing: NDArray[np.bool_]
    sampled: NDArray[np.int64]


def explain(
    differences: Sequence[Difference],
    recomputed: Recomputed,
    times: NDArray[np.int64],
    rules: SkewRules,
) -> dict[str, Cause]:
    """The likeliest cause of each difference; the past is read once for all of them.

    Args:
        differences: of distinct features.
        recomputed: has the events.
        times: [matched rows] microseconds.
        rules: what is no difference.

    Returns:
        Causes by feature.
    """
    if not differences:
        return {}
    matched, definitions = recomputed.matched, recomputed.definitions
    places = np.unique(np.concatenate([one.sampled for one in differences]))
    names = [one.column.name for one in differences]
    values = [item.statistic.value for item in definitions.windows if item.name in names]
    sources = [name for name in names if name in definitions.sources]
    pasts, calendar = read_pasts(
        recomputed,
        recomputed.rows[matched][places],
        times[places],
        list(dict.fromkeys((*values, *sources))),
    )
    others = {
        column.name: _values(recomputed.column(column.name).take(pa.array(places)))
        for column in definitions.columns
    }
    causes = {}
    for one in differences:
        within = np.searchsorted(places, one.sampled)
        sample = _sample(one, definitions, times, within, pasts, calendar, others)
        causes[one.column.name] = likeliest(sample, rules.tolerance)
    return causes


def _sample(
    one: Difference,
    definitions: FeatureDefinitions,
    times: NDArray[np.int64],
    within: NDArray[np.int64],
    pasts: Mapping[str, Past],
    calendar: NDArray[np.int64],
    others: Mapping[str, Values],
) -> Sample:
    name, kind = one.column.name, one.column.kind
    parts = definitions.calendar
    named = dict(zip(parts.names(), parts.parts, strict=True)) if parts else {}
    windows = {window.name: window for window in definitions.windows}
    return Sample(
        name=name,
        kind=kind,
        source=name if name in (*definitions.numeric, *definitions.categorical) else "",
        part=named.get(name, ""),
        window=windows.get(name),
        served=_values(one.served),
        recomputed=_values(one.recomputed),
        differing=one.differing,
        time=times[one.sampled],
        calendar=calendar[within],
        others={
            column.name: others[column.name][within]
            for column in definitions.columns
            if column.kind == kind and column.name != name
        },
        pasts={
            entity: replace(past, rows=past.rows[within], moments=past.moments[within])
            for entity, past in pasts.items()
        },
    )


def chosen_rows(differing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Differing rows, and others from the first of them on, both evenly in the order of rows."""
    there = np.flatnonzero(differing)
    others = np.flatnonzero(~differing)
    others = others[np.searchsorted(others, there[0]) :]
    return np.sort(np.concatenate([_evenly(there), _evenly(others)]))


def _evenly(places: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(places) <= SAMPLED:
        return places
    return places[np.arange(SAMPLED) * len(places) // SAMPLED]


def _values(column: pa.ChunkedArray) -> Values:
    return numbers(column) if pa.types.is_floating(column.type) else texts(column)
