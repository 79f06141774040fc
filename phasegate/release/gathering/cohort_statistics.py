"""What each model answered for its own entities, as statistics."""

from __future__ import annotations

from typing import Any

import duckdb

from phasegate.release.evidence import Cohort, Cohorts
from phasegate.release.gathering.business import COLUMNS, BadMetric, BusinessValue
from phasegate.release.gathering.rows import KEY, feature_columns, feature_names, is_empty
from phasegate.release.gathering.sealed import SealedTable, sealed
from phasegate.release.gathering.sums import clusters, histograms, moments
from phasegate.release.policy import Policy
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US

_ROLES = ("champion", "challenger")


def cohort_statistics(
    connection: duckdb.DuckDBPyConnection, answers: duckdb.DuckDBPyRelation, policy: Policy
) -> Cohorts:
    """Statistics of the two cohorts by intention to treat; the relation is read once.

    An entity is in the challenger's cohort as soon as the challenger has logged anything of it,
    and with all its requests: traffic sticks, so that the champion meets it only where the
    challenger did not answer. Such a request is the challenger's failure, whether the challenger
    logged an error, or nothing because it was down, hung, or known to be sick. Its rows count with
    the decision and the value that the champion's answer gave them: leaving them out would compare
    the champion's requests with those that the challenger found easy. Where both answered one
    request, because the challenger was late, its own answer counts; its latency tells the rest.

    A request without an entity is an entity of its own. What cannot be seen in a log: an entity of
    which the challenger never logged anything counts as the champion's, which the test of the
    cohorts' sizes notices.

    Args:
        connection: of the relation.
        answers: one record for each request_id, row and role; columns request_id, row, event_time,
            entity, role (champion or challenger), score, decision, latency_us, error (null in an
            answer), features (a struct), and label: a boolean, null where it is not known yet.
            A failure is row 0; a request that has a failure has failed, answered later or not.
        policy: with the business metric.

    Raises:
        BadMetric: the business metric cannot be computed.
        BadInput: it took too long.
    """
    known = feature_names(answers)
    try:
        value = BusinessValue(policy.metric, known) if policy.metric else None
    except BadMetric:
        if not is_empty(answers):
            raise
        value = None  # nothing was logged, so nobody knows which features there are
    columns = [
        *(KEY, "request_id", '"row"', "entity", "epoch_us(event_time) AS event_us", "role"),
        *("score", "decision", "latency_us", "error IS NOT NULL AS failed"),
        *("CAST(label AS BOOLEAN) AS label", *feature_columns(value.features if value else ())),
    ]
    with sealed(connection, answers.project(", ".join(columns))) as table:
        _assign(table)
        unvalued = dict.fromkeys(_ROLES, 0)
        if value:
            source = "(SELECT *, make_timestamp(event_us) AS event_time FROM heard)"
            value.add_to(table, source, {"value": {name: name for name in COLUMNS}})
            asked = "SELECT cohort, count(*) FILTER (value IS NULL) FROM asked GROUP BY cohort"
            unvalued |= dict(table.run(asked))
        crossed = table.run("SELECT count(DISTINCT key) FROM assigned WHERE role <> cohort")
        cohorts = {
            role: Cohort(
                **_requests(table, role),
                **_values(table, role, value, policy),
                unvalued=unvalued[role],
            )
            for role in _ROLES
        }
        return Cohorts(**cohorts, crossed=crossed[0][0])


def _assign(table: SealedTable) -> None:
    """Views of the rows with their cohort, of its requests, and of the answers that it heard."""
    table.run(
        """CREATE TEMPORARY TABLE met AS SELECT DISTINCT key FROM rows WHERE role = 'challenger'"""
    )
    table.run(
        """CREATE TEMPORARY VIEW assigned AS
        SELECT rows.*, CASE WHEN met.key IS NULL THEN 'champion' ELSE 'challenger' END AS cohort
        FROM rows LEFT JOIN met USING (key)"""
    )
    table.run(
        """CREATE TEMPORARY VIEW requests AS
        SELECT cohort, key, request_id,
            coalesce(bool_or(failed) FILTER (role = cohort), true) AS failed
        FROM assigned GROUP BY cohort, key, request_id"""
    )
    table.run(
        """CREATE TEMPORARY VIEW heard AS
        SELECT * FROM assigned WHERE role = cohort AND NOT failed
        UNION ALL
        SELECT * FROM assigned WHERE role <> cohort AND NOT failed AND request_id NOT IN (
            SELECT request_id FROM rows WHERE role = 'challenger' AND NOT failed
        )"""
    )


def _requests(table: SealedTable, role: str) -> dict[str, Any]:
    requests, failed, entities = table.run(
        f"""SELECT count(*), count(*) FILTER (failed), count(DISTINCT key)
        FROM requests WHERE cohort = '{role}'"""
    )[0]
    own = f"""(
        FROM assigned WHERE cohort = '{role}' AND role = cohort AND NOT failed AND "row" = 0)"""
    return {
        "requests": requests,
        "failed": failed,
        "entities": entities,
        **histograms(table, own, {"latency": ("latency_us", LATENCY_EDGES_US)}),
        "decisions": clusters(
            table,
            f"(FROM heard WHERE cohort = '{role}')",
            "CASE WHEN decision = 1 THEN 1 ELSE 0 END",
        ),
    }


def _values(
    table: SealedTable, role: str, value: BusinessValue | None, policy: Policy
) -> dict[str, Any]:
    if policy.metric is None:
        return {}
    if value is None:
        return {"value": Clusters.none()}
    own = f"(FROM valued WHERE cohort = '{role}')"
    found = {"value": clusters(table, own, "value")}
    if value.is_bounded:
        # An entity counts once, with what will not change at a later look.
        found["bounded"] = moments(
            table,
            f"""SELECT value FROM {own}
            QUALIFY 1 = row_number() OVER (
                PARTITION BY key ORDER BY event_us, request_id, "row"
            )
            ORDER BY event_us, request_id, "row" """,
            value.metric.lower,
            value.metric.upper,
        )
    return found
