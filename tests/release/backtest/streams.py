"""Past traffic whose truth is known: entities that return, and models that find some frauds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.release.backtest.past import past_of_features
from phasegate.release.backtest.replay import Contest
from phasegate.release.backtest.score import SCHEMA
from phasegate.release.backtest.table import fill_table
from phasegate.release.policy import BusinessMetric, Gate, Labels, Minimum, Phase, Policy
from phasegate.release.record import ModelVersion
from phasegate.traffic.plan import WHOLE

START = datetime(2025, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CHAMPION = ModelVersion("fraud/1", "a" * 64)
CHALLENGER = ModelVersion("fraud/2", "b" * 64)
SALT = "bbbbbbbbbbbb"
METRIC = BusinessMetric(
    "saved", "CASE WHEN decision AND label THEN 5 WHEN decision THEN -1 ELSE 0 END", "EUR",
    lower=-1.0, upper=5.0,
)  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """A folder with a feature set, and what each model answers to it.

    Attributes:
        folder: of the feature set; the labels lie in it.
        champion: its scores.
        challenger: its scores.
    """

    folder: Path
    champion: Path
    challenger: Path

    def fill(self, connection: duckdb.DuckDBPyConnection, *features: str) -> None:
        """Make the table of the past."""
        fill_table(
            connection, past_of_features(self.folder), [self.champion], [self.challenger],
            features or ("channel",), SALT, None, None,
        )  # fmt: skip

    @property
    def labels(self) -> Labels:
        """Its own labels, known three days later."""
        return Labels(str(self.folder), "_row", "_label", 1, 3 * DAY)

    def contest(self, days: int = 30, every: timedelta = DAY) -> Contest:
        """Both models, from the first day on."""
        return Contest("fraud", CHAMPION, CHALLENGER, START, START + days * DAY, every)


def stream(
    folder: Path,
    *,
    gain: float = 0.0,
    seed: int = 3,
    days: int = 30,
    entities: int = 1_500,
    per_day: int = 1_500,
) -> Stream:
    """A stream where one request in five is positive and the champion finds 60 % of them.

    Args:
        gain: how many more, or fewer, of the positives the challenger finds.
        seed: of all random numbers.
        days: of traffic.
        entities: that come again and again; one request in ten has none.
        per_day: requests.
    """
    random = np.random.default_rng(seed)
    rows = days * per_day
    time = np.sort(random.integers(0, days * 86_400_000_000, rows))
    label = random.random(rows) < 0.2
    found = random.random(rows)
    entity = random.integers(0, entities, rows)
    names = pa.array(
        [
            None if lone else f"E{e}"
            for e, lone in zip(entity, random.random(rows) < 0.1, strict=True)
        ]
    )
    channel = random.choice(["web", "shop", "phone"], rows)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.table(
            {
                "_row": np.arange(rows),
                "_time": time + int(START.timestamp() * 1_000_000),
                "_label": label.astype(np.int8),
                "_entity": names,
                "amount": random.gamma(2.0, 30.0, rows),
                "channel": pa.array(channel, mask=random.random(rows) < 0.05),
            }
        ),
        folder / "features.parquet",
    )
    noise = random.random(rows) < 0.02
    sides = []
    # The two see much the same, and now and then something else.
    own = np.where(random.random(rows) < 0.1, random.random(rows), found)
    for name, share, seen in (("champion", 0.6, found), ("challenger", 0.6 + gain, own)):
        decision = (label & (seen < share)) | (~label & noise)
        score = np.where(decision, 0.9, 0.1) + random.normal(0, 0.01, rows)
        path = folder.parent / f"{folder.name}-{name}.parquet"
        pq.write_table(
            pa.Table.from_arrays([pa.array(score), pa.array(decision.astype(np.int8))],
                                 schema=SCHEMA), path,
        )  # fmt: skip
        sides.append(path)
    return Stream(folder, *sides)


def policy(labels: Labels, **changes: object) -> Policy:
    """Shadow, 10 %, half, all: business value has to be shown not to be worse by 0.05 EUR."""
    worth = Gate("value", 0.05, "champion")
    cohorts = (Gate("errors", 0.02, "champion", on="cohorts"),)
    minimum = Minimum(2 * DAY, 500, 30)
    phases = (
        Phase("shadow", 0, WHOLE, Minimum(5 * DAY, 3_000, 300), 20 * DAY,
              gates=(Gate("coverage", 0.99, weight=0.0), worth)),
        Phase("canary", 1_000, WHOLE, minimum, 10 * DAY, gates=cohorts,
              guardrails=(Gate("value", 0.05, "champion", on="cohorts"),)),
        Phase("half", 5_000, 0, minimum, 10 * DAY, "freeze", gates=cohorts),
        Phase("bake", WHOLE, 0, minimum, 10 * DAY,
              gates=(Gate("errors", 0.05, on="cohorts"),)),
    )  # fmt: skip
    return replace(Policy(phases, slices=("channel",), metric=METRIC, labels=labels), **changes)
