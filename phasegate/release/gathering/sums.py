"""Sums that are the same bits whatever the order of the rows and the number of threads."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phasegate.release.gathering.sealed import SealedTable
from phasegate.statistics.bounded import Moments
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import counts

_BITS = 62
_LARGEST_SHIFT = 1000


def clusters(table: SealedTable, source: str, value: str) -> Clusters:
    """Values of rows, summed by entity.

    Floats are added as integers on a grid of 2^-62 of the largest: integers have one sum. The sums
    of each entity stay in the table ``entities``: key, n (rows) and y.

    Args:
        table: to ask.
        source: relation of it with the columns ``key``, which names the entity, and the value's.
        value: SQL of a double; rows where it is null are left out.
    """
    present = f"""(
        SELECT key, CAST({value} AS DOUBLE) AS value FROM {source} WHERE {value} IS NOT NULL)"""
    (shift,) = _shifts(table, present, ["value"])
    table.run(
        f"""CREATE OR REPLACE TEMPORARY TABLE entities AS
        SELECT key, CAST(n AS DOUBLE) AS n, CAST(on_grid AS DOUBLE) * {_power(-shift)} AS y
        FROM (
            SELECT key, count(*) AS n, sum({_on_grid("value", shift)}) AS on_grid
            FROM {present} GROUP BY key
        )"""
    )
    products = ("n", "n * n", "y", "y * y", "y * n")
    shifts = _shifts(table, "entities", products)
    sums = [f"sum({_on_grid(what, shift)})" for what, shift in zip(products, shifts, strict=True)]
    number, *found = table.run(f"SELECT count(*), {', '.join(sums)} FROM entities")[0]
    totals = [math.ldexp(float(t or 0), -shift) for t, shift in zip(found, shifts, strict=True)]
    return Clusters(float(number), *totals)


def moments(table: SealedTable, query: str, lower: float, upper: float) -> Moments:
    """Moments of the one column of a query, in the order of its rows.

    Args:
        table: to ask.
        query: ordered; its values lie between lower and upper but for rounding.
        lower: least value.
        upper: largest value.
    """
    found = Moments(0.0, 0.0, 0.0)
    for part in table.batches(query):
        found = found.then(np.clip(part.column(0).to_numpy(), lower, upper), lower, upper)
    return found


def histograms(
    table: SealedTable, source: str, columns: dict[str, tuple[str, NDArray[np.float64]]]
) -> dict[str, tuple[int, ...]]:
    """Counts of columns on fixed edges, by `phasegate.statistics.distances.counts`.

    Args:
        table: to ask.
        source: relation of it, or a query in brackets.
        columns: name -> SQL of a double, and its edges; null is not counted.
    """
    totals = {name: np.zeros(len(edges) - 1, np.int64) for name, (_, edges) in columns.items()}
    asked = ", ".join(f'CAST({sql} AS DOUBLE) AS "{name}"' for name, (sql, _) in columns.items())
    for part in table.batches(f"SELECT {asked} FROM {source}"):
        for name, (_, edges) in columns.items():
            totals[name] += counts(part.column(name).drop_null().to_numpy(), edges)
    return {name: tuple(total.tolist()) for name, total in totals.items()}


def _shifts(table: SealedTable, source: str, values: Sequence[str]) -> list[int]:
    """Powers of two that make the largest of each value almost 2^62."""
    asked = ", ".join(f"max(abs({value}))" for value in values)
    wanted = (
        _BITS - math.frexp(largest or 0.0)[1]
        for largest in table.run(f"SELECT {asked} FROM {source}")[0]
    )
    return [max(-_LARGEST_SHIFT, min(_LARGEST_SHIFT, shift)) for shift in wanted]


def _on_grid(value: str, shift: int) -> str:
    return f"CAST({value} * {_power(shift)} AS BIGINT)"


def _power(exponent: int) -> str:
    return f"CAST('{2.0**exponent!r}' AS DOUBLE)"
