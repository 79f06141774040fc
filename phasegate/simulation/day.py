"""One simulated day as an Arrow table: the unit that is made, tested and written."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.simulation.changes import Bug, new_ways_share, spending_factor
from phasegate.simulation.configuration import Simulation
from phasegate.simulation.fraud import SCENARIOS, commit_fraud
from phasegate.simulation.population import CATEGORIES, COUNTRIES, Population, populate
from phasegate.simulation.streams import Stream, generator
from phasegate.simulation.transactions import (
    CHANNELS,
    DAY,
    MILLISECOND,
    ONLINE,
    Transactions,
    genuine_transactions,
)

_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("transaction_id", pa.int64(), nullable=False),
        pa.field("event_time", _TIME, nullable=False),
        ("customer_id", pa.string()),
        ("terminal_id", pa.string()),
        ("amount", pa.float64()),
        ("category", pa.string()),
        ("channel", pa.string()),
        ("country", pa.string()),
        ("distance_km", pa.float64()),
        pa.field("is_fraud", pa.int8(), nullable=False),
        pa.field("label_time", _TIME, nullable=False),
    ]
)


def schema_of(simulation: Simulation) -> pa.Schema:
    """Columns of a simulation's table."""
    return (
        SCHEMA.append(pa.field("scenario", pa.string())) if simulation.scenario_column else SCHEMA
    )


def simulate_day(simulation: Simulation, day: date) -> pa.Table:
    """All transactions of a day in event-time order.

    Depends on the simulation's seed, population and changes and on the date, and on nothing else.
    """
    population = populate(
        simulation.customers, simulation.terminals, simulation.transactions_per_day, simulation.seed
    )
    seed, changes = simulation.seed, simulation.changes
    genuine = genuine_transactions(population, day, spending_factor(changes, day), seed)
    new_ways = new_ways_share(changes, day)
    rows = commit_fraud(genuine, population, day, new_ways, seed, times=simulation.fraud)
    # Numbers are given after sorting: an id must not tell what was added last.
    table = _tabulate(rows.take(np.argsort(rows.time, kind="stable")), population, simulation, day)
    for index, change in enumerate(changes):
        if isinstance(change, Bug) and change.strikes(day):
            table = _break(table, change, generator(seed, Stream.BUGS, day, index))
    return table


def _tabulate(
    rows: Transactions, population: Population, simulation: Simulation, day: date
) -> pa.Table:
    size = len(rows)
    offset = population.home[rows.customer] - population.place[rows.terminal]
    distance = np.where(rows.channel == ONLINE, 0.0, np.hypot(offset[:, 0], offset[:, 1]))
    prefix = (day.year * 10_000 + day.month * 100 + day.day) * 100_000_000
    columns = [
        pa.array(prefix + np.arange(size, dtype=np.int64)),
        pa.array(rows.time).cast(_TIME),
        population.customer_ids.take(pa.array(rows.customer)),
        population.terminal_ids.take(pa.array(rows.terminal)),
        pa.array(np.round(rows.amount, 2)),
        _names(CATEGORIES, population.category[rows.terminal]),
        _names(CHANNELS, rows.channel),
        _names(COUNTRIES, population.country[rows.terminal]),
        pa.array(np.round(distance, 1)),
        pa.array((rows.scenario > 0).astype(np.int8)),
        pa.array(rows.time + _label_delay(simulation, day, size)).cast(_TIME),
    ]
    if simulation.scenario_column:
        columns.append(_names(SCENARIOS, rows.scenario))
    return pa.Table.from_arrays(columns, schema=schema_of(simulation))


def _label_delay(simulation: Simulation, day: date, size: int) -> np.ndarray:
    """Microseconds until each label arrives: the same law for both classes, so it tells nothing."""
    rng = generator(simulation.seed, Stream.LABELS, day)
    # Beta(2, 2) as the middle of three uniforms: most labels half-way, none at or after the limit.
    share = np.median(rng.random((3, size)), axis=0)
    limit = simulation.label_delay * (DAY // MILLISECOND)
    return (share * limit).astype(np.int64) * MILLISECOND


def _names(names: tuple[str, ...], index: np.ndarray) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(index))


def _break(table: pa.Table, bug: Bug, rng: np.random.Generator) -> pa.Table:
    """Write a table down wrongly in the way of a bug."""
    hit = pa.array(rng.random(table.num_rows) < bug.share)
    name = {"cents": "amount", "case": "category", "null": bug.column}[bug.kind]
    column = table[name]
    wrong = {
        "cents": lambda: pc.round(pc.multiply(column, 100.0)),
        "case": lambda: pc.utf8_upper(column),
        "null": lambda: pa.scalar(None, column.type),
    }[bug.kind]()
    position = table.schema.get_field_index(name)
    return table.set_column(position, table.schema.field(name), pc.if_else(hit, wrong, column))
