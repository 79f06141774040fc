"""What each answer to past traffic was worth, by the business metric as production reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb
import numpy as np

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.release.backtest.rows import Rows
from phasegate.release.backtest.statistics import Numbers, Values
from phasegate.release.backtest.table import TABLE, TRUTH
from phasegate.release.gathering.business import COLUMNS, BusinessValue
from phasegate.release.gathering.rows import KEY, feature_columns, feature_names
from phasegate.release.gathering.sealed import sealed
from phasegate.release.policy import BusinessMetric, Policy

_ROLES = ("champion", "challenger")
_OWN = ("role", "score", "decision", "latency_us")


@dataclass(frozen=True, slots=True, eq=False)
class Valuation:
    """Business value of each row before and after its label is known.

    Attributes:
        early: while the label is not known.
        late: from then on; for ever `early` where it never becomes known.
        known_from: microseconds since 1970, [rows].
    """

    early: Values
    late: Values
    known_from: np.ndarray

    def at(self, now: datetime) -> Values:
        """What is known at a time."""
        known = self.known_from <= microseconds(now)
        return replace(
            self.late,
            champion=np.where(known, self.late.champion, self.early.champion),
            challenger=np.where(known, self.late.challenger, self.early.challenger),
            asked=np.where(known, self.late.asked, self.early.asked),
        )


def valuation(connection: duckdb.DuckDBPyConnection, policy: Policy, rows: Rows) -> Valuation:
    """The value of each row under a policy's business metric.

    Args:
        connection: has the tables `TABLE` and `TRUTH`.
        policy: with a business metric.
        rows: the table's.

    Raises:
        BadInput: the metric needs labels and no row has one.
        BadMetric: the metric's SQL is not allowed or cannot be computed.
    """
    assert policy.metric is not None
    metric, labels = policy.metric, policy.labels
    late = _values(connection, metric, len(rows), "label")
    if metric.needs_label:
        labelled = connection.sql(f"SELECT place FROM {TRUTH} WHERE label IS NOT NULL")
        late = replace(late, asked=_marked(labelled, len(rows)))
    if metric.needs_label and np.isnan(late.champion).all():
        raise BadInput(
            f"no label is known of any request, and business metric '{metric.name}' needs them",
            where=labels.source or "labels",
            expected=f"'{labels.key}' equal to the requests' ids",
            fix="name a source: phasegate backtest --labels FILE",
        )
    nothing = np.full(len(rows), np.nan)
    early = (
        Values(nothing, nothing, np.zeros(len(rows), bool), metric.lower, metric.upper)
        if metric.needs_label
        else _values(connection, metric, len(rows), "NULL::BOOLEAN")
    )
    return Valuation(early, late, rows.time + labels.delay // timedelta(microseconds=1))


def _values(
    connection: duckdb.DuckDBPyConnection, metric: BusinessMetric, count: int, label: str
) -> Values:
    past = connection.sql(
        f"SELECT past.*, truth.label FROM {TABLE} AS past LEFT JOIN {TRUTH} AS truth USING (place)"
    )
    value = BusinessValue(metric, feature_names(past))
    columns = [
        *("place", KEY, "entity", "epoch_us(event_time) AS event_us"),
        *(f"{role}_{what}" for role in _ROLES for what in ("score", "decision")),
        *(f"champion_latency_us AS {role}_latency_us" for role in _ROLES),
        *(f"CAST({label} AS BOOLEAN) AS label", *feature_columns(value.features)),
    ]
    source = f"""(
        SELECT *, make_timestamp(event_us) AS event_time,
            {", ".join(f"'{role}' AS {role}_role" for role in _ROLES)}
        FROM rows)"""
    places = {
        role: {name: f"{role}_{name}" if name in _OWN else name for name in COLUMNS}
        for role in _ROLES
    }
    found: dict[str, Numbers] = {role: np.full(count, np.nan) for role in _ROLES}
    with sealed(connection, past.project(", ".join(columns))) as table:
        value.add_to(table, source, places)
        for part in table.batches("SELECT place, champion, challenger FROM valued"):
            at = part["place"].to_numpy()
            for role in _ROLES:
                found[role][at] = part[role].to_numpy()
    every = np.ones(count, bool)
    return Values(found["champion"], found["challenger"], every, metric.lower, metric.upper)


def _marked(places: duckdb.DuckDBPyRelation, count: int) -> np.ndarray:
    marked = np.zeros(count, bool)
    marked[places.to_arrow_table()["place"].to_numpy()] = True
    return marked
