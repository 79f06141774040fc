"""From the table of judged answers to tallies: sums by window, entity and score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb
import numpy as np

from phasegate.monitoring.performance.series import Confusion
from phasegate.monitoring.performance.statements import Windows
from phasegate.monitoring.performance.tally import ScoreSums, WindowTally
from phasegate.monitoring.profile import Profile
from phasegate.statistics.clusters import Clusters

Place = tuple[int, int]
"""(window, model), each by its place."""

_GRID = 2.0**40  # integers have one sum, whatever the order and the number of threads
_RELEVANT = {
    "precision": ("decision = 1", "label"),
    "recall": ("label", "decision = 1"),
    "accuracy": ("true", "label = (decision = 1)"),
}


def read_tallies(
    connection: duckdb.DuckDBPyConnection,
    digests: Sequence[str],
    windows: Windows,
    profile: Profile,
    metric: str,
) -> tuple[WindowTally, ...]:
    """Tallies of the view ``judged``, in order of time, then of digest.

    Args:
        connection: with the view.
        digests: of models, in the places that the view names.
        windows: likewise.
        profile: whose model's scores are summed, on its bins.
        metric: whose rows are summed by entity.
    """
    clusters = _clusters(connection, metric)
    own = digests.index(profile.model_digest) if profile.model_digest in digests else -1
    scores = _scores(connection, profile.scores.edges, own)
    counted = connection.execute(
        """SELECT span, model, count(*),
            count(*) FILTER (label AND decision = 1), count(*) FILTER (NOT label AND decision = 1),
            count(*) FILTER (label AND decision = 0), count(*) FILTER (NOT label AND decision = 0),
            count(*) FILTER (NOT mature),
            count(*) FILTER (mature AND label IS NULL AND NOT contradictory),
            count(*) FILTER (contradictory), count(*) FILTER (named),
            count(*) FILTER (score IS NULL OR NOT isfinite(score))
        FROM judged GROUP BY span, model ORDER BY span, model"""
    ).fetchall()
    return tuple(
        WindowTally(
            windows.start(span), windows.end(span), digests[model], rows, Confusion(*confusion),
            pending, unlabelled, contradictory, named, clusters.get((span, model), Clusters.none()),
            scores.get(span) if model == own else None, unscored,
        )
        for span, model, rows, *confusion, pending, unlabelled, contradictory, named, unscored
        in counted
    )  # fmt: skip


def _clusters(connection: duckdb.DuckDBPyConnection, metric: str) -> dict[Place, Clusters]:
    counted, hit = _RELEVANT[metric]
    found = connection.execute(
        f"""SELECT span, model, count(*), sum(n), sum(n * n), sum(y), sum(y * y), sum(y * n)
        FROM (
            SELECT span, model, entity, count(*) AS n, count(*) FILTER ({hit}) AS y
            FROM judged WHERE label IS NOT NULL AND {counted} GROUP BY span, model, entity
        ) GROUP BY span, model"""
    ).fetchall()
    return {(span, model): Clusters(*map(float, sums)) for span, model, *sums in found}


def _scores(
    connection: duckdb.DuckDBPyConnection, edges: Sequence[float], model: int
) -> dict[int, ScoreSums]:
    size = len(edges) + 1
    # Scores that are no probabilities count as the nearest one; their bin tells where they were.
    found = connection.execute(
        f"""SELECT span, bin, decision, count(*),
            sum(round(p * {_GRID})::BIGINT), sum(round(p * p * {_GRID})::BIGINT)
        FROM (
            SELECT span, decision, {_bin(edges)} AS bin, least(greatest(score, 0.0), 1.0) AS p
            FROM judged WHERE model = {model} AND isfinite(score)
        ) GROUP BY span, bin, decision"""
    ).fetchall()
    sums: dict[int, ScoreSums] = defaultdict(
        lambda: ScoreSums(np.zeros((size, 2), np.int64), np.zeros((size, 2)), np.zeros((size, 2)))
    )
    for span, place, decision, rows, score, square in found:
        one = sums[span]
        one.rows[place, decision] = rows
        one.score[place, decision] = int(score) / _GRID
        one.square[place, decision] = int(square) / _GRID
    return dict(sums)


def _bin(edges: Sequence[float], first: int = 0) -> str:
    """SQL of a score's bin, by bisection: bin i holds those above edge i - 1 and up to edge i."""
    if not edges:
        return str(first)
    middle = len(edges) // 2
    below, above = _bin(edges[:middle], first), _bin(edges[middle + 1 :], first + middle + 1)
    edge = f"CAST('{float(edges[middle])!r}' AS DOUBLE)"
    return f"CASE WHEN score <= {edge} THEN {below} ELSE {above} END"
