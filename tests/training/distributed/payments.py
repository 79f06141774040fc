"""Simulated card payments with the features of a real project, made once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.features.compute import compute_features
from phasegate.simulation import Simulation, simulate_day
from phasegate.training.plan import Plan
from phasegate.training.train import read_features
from tests.training.examples import sections

_SIMULATED = Simulation(
    date(2026, 3, 1), 24, customers=1500, terminals=300, fraud=4.0, label_delay=2
)


def plan(**training: Any) -> Plan:
    """A plan for these payments, with some of training replaced."""
    whole = sections(
        **{"rounds": 80, "early_stopping": 10, "parameters": {"max_depth": 4}, **training}
    )
    whole["data"] = {
        "time": "event_time",
        "key": "transaction_id",
        "entity": "customer_id",
        "label": {"column": "is_fraud", "positive": 1, "delay": "2d"},
    }
    whole["features"] = {
        "numeric": ["amount", "distance_km"],
        "categorical": ["category", "channel"],
        "windows": [
            {
                "entity": "customer_id",
                "value": "amount",
                "aggregates": ["count", "mean"],
                "over": ["1d", "7d"],
            },
            {
                "entity": "terminal_id",
                "value": "is_fraud",
                "aggregates": ["count", "mean"],
                "over": ["7d"],
                "delay": "2d",
            },
        ],
    }
    return Plan.of_sections("payments", whole)


def features(folder: Path) -> pa.Table:
    """Features and labels of all payments."""
    table = pa.concat_tables([simulate_day(_SIMULATED, day) for day in _SIMULATED.dates()])
    pq.write_table(table, folder / "payments.parquet")
    made = folder / "features.parquet"
    compute_features([folder / "payments.parquet"], plan().definitions, made, threads=1)
    return read_features(made, plan(), threads=1)
