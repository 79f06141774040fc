"""The business value of each row: a user's expression, and what it must come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from phasegate.release.gathering.expression import BadMetric, Expression, refused
from phasegate.release.gathering.sealed import SealedTable
from phasegate.release.policy import BusinessMetric

COLUMNS = ("role", "score", "decision", "label", "entity", "event_time", "latency_us")
_ROUNDING = 1e-9  # share of the range
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


class BusinessValue:
    """A business metric over the columns that a log's rows have.

    An expression names role, score, decision, label, entity, event_time (a TIMESTAMP in UTC),
    latency_us, and each feature by its name; ``features.NAME`` is a feature that has the name of
    one of those.

    Args:
        metric: of the policy.
        features: that the rows have.

    Raises:
        BadMetric: its SQL is not one harmless expression over these columns.
    """

    def __init__(self, metric: BusinessMetric, features: Sequence[str]) -> None:
        self.metric = metric
        self._expression = Expression(metric.sql)
        self._known = (*COLUMNS, *(f"features.{name}" for name in features))
        self.columns = self._expression.columns(self._known)

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it names."""
        return tuple(name.removeprefix("features.") for name in self.columns if name not in COLUMNS)

    @property
    def is_bounded(self) -> bool:
        """Whether it is declared what a row can be worth, at least and at most."""
        return self.metric.lower is not None and self.metric.upper is not None

    def add_to(
        self, table: SealedTable, source: str, values: Mapping[str, Mapping[str, str]]
    ) -> int:
        """Make a view ``valued``: the rows that have a value, with their values as columns.

        A row whose value is null is left out. Where it has several values, all or none are null: a
        null that depends on the decision would choose the rows on which models are compared.

        Args:
            table: to make it in.
            source: relation with the columns ``label``, key, and those that are named below.
            values: name of the value -> column of `COLUMNS` -> column of the table.

        Returns:
            How many rows are left out although a value was asked for.

        Raises:
            BadMetric: a value is not a number, not finite or beyond its declared bounds; it cannot
                be computed; or it is null for one model alone.
        """
        sqls = {name: self._bound(places) for name, places in values.items()}
        labelled = "WHERE label IS NOT NULL" if self.metric.needs_label else ""
        try:
            for sql in sqls.values():
                (kind,) = table.types(f"SELECT {sql} FROM {source}")
                if not kind.removeprefix("U").startswith(_NUMBERS):
                    raise self._refused(f"its values are {kind}, not numbers")
            columns = ", ".join(f'CAST({sql} AS DOUBLE) AS "{name}"' for name, sql in sqls.items())
            table.run(
                f"CREATE OR REPLACE TEMPORARY VIEW asked AS "
                f"SELECT *, {columns} FROM {source} {labelled}"
            )
            some_null = " OR ".join(f'"{name}" IS NULL' for name in values)
            table.run(
                f"CREATE OR REPLACE TEMPORARY VIEW valued AS FROM asked WHERE NOT ({some_null})"
            )
            return self._checked(table, list(values))
        except duckdb.Error as error:
            text = (str(error).splitlines() or [""])[0]
            raise self._refused(f"DuckDB says: {text[:300]}") from None

    def _checked(self, table: SealedTable, names: Sequence[str]) -> int:
        nulls = " + ".join(f'("{name}" IS NULL)::INTEGER' for name in names)
        infinite = " OR ".join(f'NOT isfinite("{name}")' for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        missing, uneven, wrong, lowest, highest = table.run(
            f"""SELECT count(*) FILTER (nulls = {len(names)}),
                count(*) FILTER (nulls BETWEEN 1 AND {len(names) - 1}),
                count(*) FILTER (infinite), min(least({columns})), max(greatest({columns}))
            FROM (SELECT *, {nulls} AS nulls, {infinite} AS infinite FROM asked)"""
        )[0]
        if uneven:
            raise self._refused(
                f"{uneven:,} rows have a value for one model and null for the other: say what the"
                " row is worth in both cases, such as ELSE 0"
            )
        if wrong:
            raise self._refused(f"{wrong:,} rows have a value that is infinite or not a number")
        lower, upper = self.metric.lower, self.metric.upper
        slack = _ROUNDING * (upper - lower) if self.is_bounded else 0.0
        for limit, found, beyond in (
            (lower, lowest, lower is not None and lowest is not None and lowest < lower - slack),
            (upper, highest, upper is not None and highest is not None and highest > upper + slack),
        ):
            if beyond:
                raise self._refused(f"a row is worth {found:g}, beyond the declared {limit:g}")
        return missing

    def _bound(self, places: Mapping[str, str]) -> str:
        features = {name: name for name in self._known if name not in COLUMNS}
        return f"({self._expression.bound_to({**places, **features})})"

    def _refused(self, reason: str) -> BadMetric:
        return refused(self.metric.sql, reason, self._known)
