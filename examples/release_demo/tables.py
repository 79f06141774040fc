"""The demo's data: what happened, what two broken exports made of it, and what is sent live.

Every table has the column ``disputed``: whether the card holder has disputed the payment. When a
card is used, nobody has yet; what the column holds then are clerical errors.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from examples.production import parquet
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.project.load import Project
from phasegate.simulation.configuration import Simulation
from phasegate.simulation.writer import write

LABEL_DAYS = 2  # after which every label is known
EXPORTS = ("honest", "backfilled", "lost-labels")

# The columns as each export has them.
_ERROR = "hash(transaction_id) % 1000 < 2"
_DISPUTED = {
    "honest": _ERROR,
    # Made weeks later, when the disputes had arrived: the answer is in the table.
    "backfilled": f"{_ERROR} OR is_fraud = 1",
    "lost-labels": _ERROR,
}
_IS_FRAUD = {
    "honest": "is_fraud",
    "backfilled": "is_fraud",
    # The files of one acquirer were not there when labels were joined.
    "lost-labels": "CASE WHEN channel = 'online' THEN 0 ELSE is_fraud END::TINYINT",
}


@dataclass(frozen=True)
class Tables:
    """Where the data lie.

    Attributes:
        folder: of all of it.
        start: the first day.
        training_days: days from the first one that models are trained on.
        live_days: days after them, on which requests are sent.
    """

    folder: Path
    start: date
    training_days: int
    live_days: int

    @property
    def live_from(self) -> datetime:
        """Event time of the first request."""
        first = datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)
        return first + timedelta(days=self.training_days)

    def export(self, name: str) -> Path:
        """Training data, as one of `EXPORTS`."""
        return self.folder / f"{name}.parquet"

    @property
    def labels(self) -> Path:
        """What became of every transaction: ``transaction_id`` and ``is_fraud``."""
        return self.folder / "labels.parquet"

    def requests(self, day: datetime) -> Path:
        """A live day: the models' inputs, ``transaction_id``, ``event_time``, ``customer_id``."""
        return self.folder / "live" / f"{day:%Y-%m-%d}.parquet"

    def write(self, customers: int, seed: int) -> None:
        """Simulate everything; the same arguments give the same bytes."""
        shutil.rmtree(self.folder, ignore_errors=True)
        days = self.training_days + self.live_days
        simulation = Simulation(
            self.start, days, customers, max(customers // 5, 20), seed, label_delay=LABEL_DAYS
        )
        write(simulation, self.folder / "simulated", threads=2)
        with parquet.connection() as connection:
            connection.execute(
                "CREATE VIEW happened AS SELECT * EXCLUDE (label_time) "
                f"FROM '{self.folder}/simulated/*.parquet'"
            )
            for name in EXPORTS:
                changed = f"({_DISPUTED[name]})::TINYINT AS disputed"
                parquet.copy(
                    connection,
                    f"SELECT * REPLACE ({_IS_FRAUD[name]} AS is_fraud), {changed} FROM happened "
                    f"WHERE event_time < '{self.live_from:%Y-%m-%d}' ORDER BY event_time",
                    self.export(name),
                )
            parquet.copy(connection, "SELECT transaction_id, is_fraud FROM happened", self.labels)
            parquet.copy(
                connection,
                f"SELECT *, ({_DISPUTED['honest']})::TINYINT AS disputed FROM happened "
                "ORDER BY event_time, transaction_id",
                self._events,
            )

    def write_features(self, project: Project) -> None:
        """Compute the features of the live days, by what was known when each card was used."""
        definitions = FeatureDefinitions.parse(
            project.sections["features"], project.sections["data"]
        )
        computed = self.folder / "features.parquet"
        compute_features([self._events], definitions, computed, threads=2)
        (self.folder / "live").mkdir(exist_ok=True)
        with parquet.connection() as connection:
            connection.execute(
                "CREATE TABLE live AS SELECT features.* EXCLUDE (_row, _time, _label, _entity), "
                "events.transaction_id, events.customer_id, events.event_time "
                f"FROM '{computed}' AS features JOIN (SELECT file_row_number AS _row, * FROM "
                f"read_parquet('{self._events}', file_row_number = true)) AS events USING (_row) "
                f"WHERE events.event_time >= '{self.live_from:%Y-%m-%d}'"
            )
            for number in range(self.live_days):
                day = self.live_from + timedelta(days=number)
                parquet.copy(
                    connection,
                    f"SELECT * FROM live WHERE event_time >= '{day:%Y-%m-%d}' "
                    f"AND event_time < '{day + timedelta(days=1):%Y-%m-%d}' "
                    "ORDER BY event_time, transaction_id",
                    self.requests(day),
                )

    @property
    def _events(self) -> Path:
        return self.folder / "events.parquet"
