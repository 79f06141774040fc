"""Champion and challenger on the same requests, as statistics."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from phasegate.errors import BadInput
from phasegate.prediction_log.pairs import Coverage
from phasegate.release.evidence import Pairs, Proportion
from phasegate.release.gathering.business import COLUMNS, BusinessValue
from phasegate.release.gathering.rows import (
    KEY,
    feature,
    feature_columns,
    feature_names,
    is_empty,
)
from phasegate.release.gathering.sealed import SealedTable, sealed
from phasegate.release.gathering.sums import clusters, histograms, moments
from phasegate.release.policy import Policy
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES

MOST_VALUES = 50
OTHER, MISSING = "(other)", "(missing)"

_ROLES = ("champion", "challenger")
_OWN = ("score", "decision", "latency_us")


def pair_statistics(
    connection: duckdb.DuckDBPyConnection,
    pairs: duckdb.DuckDBPyRelation,
    counts: Coverage,
    policy: Policy,
) -> Pairs:
    """Statistics of matched pairs; the relation is read once.

    A request without an entity is an entity of its own. Latencies are counted once for each
    request, at its row 0. Of each slice's column the 50 most frequent values are told apart.

    Args:
        connection: of the relation.
        pairs: columns request_id, row, event_time, entity, ROLE_score, ROLE_decision and
            ROLE_latency_us of champion and challenger, features (a struct), and label: a boolean,
            null where it is not known yet.
        counts: what became of the champion's requests.
        policy: with the slices and the business metric.

    Raises:
        BadMetric: the business metric cannot be computed.
        BadInput: a slice's column is not among the features; or it took too long.
    """
    known = feature_names(pairs)
    try:
        value = BusinessValue(policy.metric, known) if policy.metric else None
        slices = _known(policy.slices, known)
    except BadInput:
        if not is_empty(pairs):
            raise
        value, slices = None, ()  # nothing was logged, so nobody knows which features there are
    features = (*slices, *(value.features if value else ()))
    columns = [
        *(KEY, "request_id", '"row"', "entity", "epoch_us(event_time) AS event_us"),
        *(f"{role}_{what}" for role in _ROLES for what in _OWN),
        *("CAST(label AS BOOLEAN) AS label", *feature_columns(features)),
    ]
    with sealed(connection, pairs.project(", ".join(columns))) as table:
        is_differing = "champion_decision IS DISTINCT FROM challenger_decision"
        differ = f"count(*) FILTER ({is_differing})"
        rows, entities, disagreements = table.run(
            f"SELECT count(*), count(DISTINCT key), {differ} FROM rows"
        )[0]
        return Pairs(
            requests=counts.requests,
            answered=counts.answered,
            failed=sum(counts.failed.values()),
            absent=counts.absent,
            conflicting=counts.conflicting,
            rows=rows,
            entities=entities,
            disagreements=Proportion(disagreements, rows),
            slices={name: _by_value(table, name, differ) for name in slices},
            differing=clusters(table, "rows", f"CAST({is_differing} AS INTEGER)"),
            **_distributions(table),
            **(_values(table, value) if value else _no_values(policy)),
        )


def _known(slices: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := sorted(set(slices) - set(known)):
        raise BadInput(
            f"'{unknown[0]}' is not in the log",
            where="slices",
            expected=f"one of {', '.join(known)}",
        )
    return slices


def _by_value(table: SealedTable, name: str, differ: str) -> Mapping[str, Proportion]:
    """Disagreements for each value of a column, and for all the rare ones together."""
    found = table.run(
        f"""SELECT CASE WHEN place <= {MOST_VALUES} OR value IS NULL THEN coalesce(value,
                '{MISSING}') ELSE '{OTHER}' END AS value, sum(differ)::BIGINT, sum(n)::BIGINT
        FROM (
            SELECT *, row_number() OVER (ORDER BY value IS NULL, n DESC, value) AS place
            FROM (
                SELECT CAST({feature(name)} AS VARCHAR) AS value, {differ} AS differ,
                    count(*) AS n
                FROM rows GROUP BY 1
            )
        ) GROUP BY 1 ORDER BY 3 DESC, 1"""
    )
    return {value: Proportion(count, of) for value, count, of in found}


def _distributions(table: SealedTable) -> dict[str, tuple[int, ...]]:
    columns = {}
    for role in _ROLES:
        columns[f"{role}_scores"] = (f"{role}_score", SCORE_EDGES)
        first = f'CASE WHEN "row" = 0 THEN {role}_latency_us END'
        columns[f"{role}_latency"] = (first, LATENCY_EDGES_US)
    return histograms(table, "rows", columns)


def _values(table: SealedTable, value: BusinessValue) -> dict[str, Clusters | object]:
    source = f"""(
        SELECT *, make_timestamp(event_us) AS event_time,
            {", ".join(f"'{role}' AS {role}_role" for role in _ROLES)}
        FROM rows)"""
    places = {
        role: {name: f"{role}_{name}" if name in ("role", *_OWN) else name for name in COLUMNS}
        for role in _ROLES
    }
    unvalued = value.add_to(table, source, places)
    difference = "challenger - champion"
    bounded = None
    if value.is_bounded:
        reach = value.metric.upper - value.metric.lower
        ordered = f'SELECT {difference} FROM valued ORDER BY event_us, request_id, "row"'
        bounded = moments(table, ordered, -reach, reach)
    return {
        "champion_value": clusters(table, "valued", "champion"),
        "difference": clusters(table, "valued", difference),
        "bounded": bounded,
        "unvalued": unvalued,
    }


def _no_values(policy: Policy) -> dict[str, Clusters]:
    """Of no rows; nothing at all without a business metric."""
    if policy.metric is None:
        return {}
    return {"champion_value": Clusters.none(), "difference": Clusters.none()}
