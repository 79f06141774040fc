"""The bank's data: what happens, what of it is known at a time, and what the card terminals ask.

Under its folder::

    simulated/           everything that will happen; nobody in the story reads it
    requests/            a file for each piece of traffic: features by what was known at the time
    truth.parquet        what became of the payments that are sent; for the summary alone
    events/              payments so far, files by time; labels where they are known yet
    labels/              what became of payments, in files by the time at which it became known
    training.parquet     the last weeks of payments whose labels are all known
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from examples.production import parquet
from examples.replay.story import WEEK, Story
from phasegate.digests import digest_json
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.project.load import Project
from phasegate.simulation.writer import write
from phasegate.values import to_json

_DONE = "simulated.digest"


@dataclass(frozen=True)
class Warehouse:
    """Where the data lie; see the module.

    Attributes:
        folder: of all of it.
        story: what happens.
    """

    folder: Path
    story: Story

    @property
    def training(self) -> Path:
        """Payments that a model is trained on."""
        return self.folder / "training.parquet"

    @property
    def truth(self) -> Path:
        """``transaction_id``, ``event_time`` and ``is_fraud`` of everything, known yet or not."""
        return self.folder / "truth.parquet"

    def requests(self, since: datetime) -> Path:
        """A piece of traffic: features, ``transaction_id``, ``event_time``, ``customer_id``."""
        return self.folder / "requests" / f"{since:%Y-%m-%dT%H}.parquet"

    def prepare(self, project: Project) -> bool:
        """Simulate everything and compute the features of what will be sent.

        Returns:
            Whether there was anything to do: the same story and features are there already.
        """
        definitions = FeatureDefinitions.parse(
            project.sections["features"], project.sections["data"]
        )
        wanted = digest_json([to_json(self.story), definitions.digest])
        if self._prepared() == wanted:
            return False
        shutil.rmtree(self.folder, ignore_errors=True)
        write(self.story.simulation, self.folder / "simulated", threads=2)
        with parquet.connection() as connection:
            parquet.copy(
                connection,
                f"SELECT * FROM '{self.folder}/simulated/*.parquet' "
                "ORDER BY event_time, transaction_id",
                self._happened,
            )
            parquet.copy(
                connection,
                f"SELECT transaction_id, event_time, is_fraud FROM '{self._happened}'",
                self.truth,
            )
        self._write_requests(definitions)
        (self.folder / _DONE).write_text(wanted)
        return True

    def reset(self) -> None:
        """Go back to the time before the first request: nothing later is known."""
        for name in ("events", "labels"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        first, now = self.story.live_from - self.story.simulated * WEEK, self.story.live_from
        with parquet.connection() as connection:
            for span in self._spans(now):
                self._write_events(connection, span, now)
            self._write_labels(connection, first, now)
            self._export(connection, now)

    def advance(self, since: datetime, now: datetime) -> None:
        """Let time pass: payments were made, labels became known.

        Args:
            since: what was known then is there already.
            now: event time, the end of a piece of traffic.
        """
        with parquet.connection() as connection:
            for span in self._spans(now):
                if span[1] > since - self.story.label_delay:  # not all of its labels were known
                    self._write_events(connection, span, now)
            self._write_labels(connection, since, now)
            self._export(connection, now)

    def _spans(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Start and end of each file of events until a time: weeks, then pieces of traffic."""
        first = self.story.live_from - self.story.simulated * WEEK
        before = [(first + n * WEEK, first + (n + 1) * WEEK) for n in range(self.story.simulated)]
        return before + [span for span in self.story.moments() if span[1] <= now]

    def _write_events(
        self,
        connection: duckdb.DuckDBPyConnection,
        span: tuple[datetime, datetime],
        now: datetime,
    ) -> None:
        """Payments of a span, with what is known of them."""
        since, until = span
        parquet.copy(
            connection,
            "SELECT * EXCLUDE (label_time) REPLACE "
            f"(CASE WHEN label_time <= '{now}' THEN is_fraud END AS is_fraud) "
            f"FROM '{self._happened}' WHERE event_time >= '{since}' AND event_time < '{until}'",
            self.folder / "events" / f"{since:%Y-%m-%dT%H}.parquet",
        )

    def _write_labels(
        self, connection: duckdb.DuckDBPyConnection, since: datetime, now: datetime
    ) -> None:
        parquet.copy(
            connection,
            f"SELECT transaction_id, is_fraud FROM '{self._happened}' "
            f"WHERE label_time > '{since}' AND label_time <= '{now}'",
            self.folder / "labels" / f"{now:%Y-%m-%dT%H}.parquet",
        )

    def _export(self, connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
        until = now - self.story.label_delay
        parquet.copy(
            connection,
            f"SELECT * EXCLUDE (label_time) FROM '{self._happened}' WHERE event_time < '{until}' "
            f"AND event_time >= '{until - self.story.trained * WEEK}'",
            self.training,
        )

    def _write_requests(self, definitions: FeatureDefinitions) -> None:
        """Features by what was known when each card was used, as the feature platform serves them.

        Customers are numbered; the last two digits of the number say who is served.
        """
        computed = self.folder / "features.parquet"
        compute_features([self._happened], definitions, computed, threads=2)
        (self.folder / "requests").mkdir()
        with parquet.connection() as connection:
            connection.execute(
                "CREATE TABLE live AS SELECT features.* EXCLUDE (_row, _time, _label, _entity), "
                "events.transaction_id, events.customer_id, events.event_time "
                f"FROM '{computed}' AS features JOIN (SELECT file_row_number AS _row, * FROM "
                f"read_parquet('{self._happened}', file_row_number = true)) AS events USING (_row) "
                f"WHERE events.event_time >= '{self.story.live_from}' "
                f"AND right(events.customer_id, 2)::INT < {self.story.served}"
            )
            for since, until in self.story.moments():
                parquet.copy(
                    connection,
                    f"SELECT * FROM live WHERE event_time >= '{since}' AND event_time < '{until}' "
                    "ORDER BY event_time, transaction_id",
                    self.requests(since),
                )
        computed.unlink()

    def _prepared(self) -> str:
        try:
            return (self.folder / _DONE).read_text()
        except OSError:
            return ""

    @property
    def _happened(self) -> Path:
        return self.folder / "happened.parquet"
