"""Challenger and champion on the same frozen rows, and what the gates make of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from components.evaluate.rows import TestRows
from components.evaluate.settings import Settings
from phasegate.contracts.verdict import Judgement
from phasegate.evaluation import (
    METRICS,
    Comparison,
    Measure,
    Scorecard,
    Slicing,
    compare,
    judge,
    replicate_weights,
    slicing,
)
from phasegate.evaluation.fairness import fairlearn_disparities
from phasegate.evaluation.metrics import Confusion, confusion
from phasegate.models import Model

GATE = "evaluate"
AGREEMENT = 1e-9


@dataclass(frozen=True, eq=False)
class Contender:
    """A model that has scored the test rows."""

    digest: str
    card: Scorecard
    version: int | None = None

    @property
    def confusion(self) -> Confusion:
        """Decisions of each kind, in rows."""
        return confusion(self.card.ranking.whole, self.card.threshold)


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Everything that evaluation found out."""

    rows: TestRows
    settings: Settings
    challenger: Contender
    champion: Contender | None
    slicings: tuple[Slicing, ...]
    results: dict[Measure, Comparison]
    judgement: Judgement
    fairlearn: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def contenders(self) -> dict[str, Contender]:
        """Challenger, then champion if there is one."""
        both = {"challenger": self.challenger, "champion": self.champion}
        return {name: one for name, one in both.items() if one is not None}

    @property
    def headline(self) -> dict[str, float]:
        """The challenger's metrics on all rows that are defined."""
        found = {metric: self.results[Measure(metric)].challenger.estimate for metric in METRICS}
        return {metric: value for metric, value in found.items() if math.isfinite(value)}


def contend(
    model: Model,
    rows: TestRows,
    slicings: tuple[Slicing, ...],
    settings: Settings,
    version: int | None = None,
) -> Contender:
    """Let a model score rows that carry its features."""
    scores = model.score(model.matrix(rows.features))
    card = Scorecard(
        rows.labels,
        scores,
        model.threshold,
        settings.values,
        slicings,
        settings.protected,
        settings.ranked,
    )
    return Contender(model.digest, card, version)


def slice_rows(rows: TestRows, settings: Settings) -> tuple[Slicing, ...]:
    """The test rows divided by every column they are measured by."""
    return tuple(
        slicing(name, values, settings.minimum_slice) for name, values in rows.columns.items()
    )


def evaluate(
    rows: TestRows,
    slicings: tuple[Slicing, ...],
    challenger: Contender,
    champion: Contender | None,
    settings: Settings,
    progress: Callable[[float], None] | None = None,
) -> Evaluated:
    """Measure, compare and judge.

    Args:
        progress: told the share of bootstrap replicates that are done.
    """
    weights = replicate_weights(len(rows), settings.replicates, settings.seed, rows.entities)
    compared = compare(
        challenger.card,
        None if champion is None else champion.card,
        len(rows),
        _watched(weights, settings.replicates, progress),
        settings.confidence,
    )
    results = dict(zip(challenger.card.measures, compared, strict=True))
    checks = judge(settings.gates, results, champion is not None)
    return Evaluated(
        rows=rows,
        settings=settings,
        challenger=challenger,
        champion=champion,
        slicings=slicings,
        results=results,
        judgement=Judgement(GATE, challenger.digest, rows.digest, checks),
        fairlearn=_confirmed_by_fairlearn(rows, slicings, challenger, results, settings),
    )


def _confirmed_by_fairlearn(
    rows: TestRows,
    slicings: tuple[Slicing, ...],
    challenger: Contender,
    results: dict[Measure, Comparison],
    settings: Settings,
) -> dict[str, dict[str, float]]:
    """Fairlearn's own figures, which ours must equal wherever ours are defined."""
    found = {}
    for groups in slicings:
        if groups.column not in settings.protected:
            continue
        theirs = fairlearn_disparities(groups, rows.labels, challenger.card.decisions)
        for metric, value in theirs.items():
            ours = results[Measure(metric, groups.column)].challenger.estimate
            if math.isfinite(ours) and not abs(ours - value) <= AGREEMENT:
                raise ArithmeticError(
                    f"{metric} by {groups.column} is {ours} here and {value} by Fairlearn"
                )
        found[groups.column] = theirs
    return found


def _watched(
    weights: Iterable[np.ndarray], count: int, progress: Callable[[float], None] | None
) -> Iterator[np.ndarray]:
    for index, one in enumerate(weights):
        if progress and index % 50 == 0:
            progress(index / count)
        yield one
