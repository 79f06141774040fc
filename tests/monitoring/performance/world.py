"""A log of four weeks, with labels and a reference, as the component finds them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from phasegate.clock import microseconds
from phasegate.contracts import ObservedWindow, ReferenceProfile
from phasegate.digests import canonical_json
from phasegate.monitoring.observed import FILE, Observed, log_files
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.release.policy import Labels
from phasegate.store.named import open_named
from tests.monitoring.performance.samples import DIGEST, profile_of
from tests.release.gathering.relations import START

DAY = timedelta(days=1)
OTHER = "b" * 64
# Windows of 7 days are aligned to the epoch, whatever the day that one looks.
ORIGIN = START - (START - START.fromtimestamp(0, START.tzinfo)) % (7 * DAY)
UNTIL = ORIGIN + 30 * DAY


class World:
    """Four weeks of answers; the model of the first one is another one."""

    def __init__(self, folder: Path) -> None:
        self.folder, rng = folder, np.random.default_rng(0)
        self.store = open_named(str(folder / "log"))
        self.count = 2400
        self.scores = rng.beta(0.6, 0.8, self.count)
        self.labels = (rng.random(self.count) < self.scores).astype(int)
        self.days = np.sort(rng.random(self.count)) * 30
        reference = rng.beta(0.6, 0.8, 20_000)
        self.profile = profile_of(reference, (rng.random(20_000) < reference).astype(int))
        self.log(range(self.count))

    def digest(self, request: int) -> str:
        return OTHER if self.days[request] < 7 else DIGEST

    def log(
        self, requests: Any, role: str = "champion", later: float = 0.0, **changes: Any
    ) -> None:
        """Log requests, in segments by model."""
        for digest in (OTHER, DIGEST):
            records = [
                self.record(request, role, later, **changes)
                for request in requests
                if self.digest(request) == digest
            ]
            if records:
                self.seal(records, digest)

    def record(self, request: int, role: str, later: float, **changes: Any) -> Prediction:
        score = np.array([self.scores[request]])
        known: dict[str, Any] = {
            "request_id": f"r{request}",
            "event_time": microseconds(ORIGIN + (self.days[request] + later) * DAY),
            "entity": f"card-{request % 700}",
            "role": role,
            "latency": 900,
            "error": None,
            "numeric": score.astype("<f8").tobytes(),
            "scores": score.astype("<f8").tobytes(),
            "decisions": (score >= 0.5).astype("i1").tobytes(),
        }
        return Prediction(**{**known, **changes})

    def seal(self, records: list[Prediction], digest: str) -> None:
        names = ("amount",) if digest == DIGEST else ("other",)
        source = Source("fraud", digest, "fraud/1", names, (), "writer")
        segment = f"{len(list(self.folder.rglob('*.parquet'))):064x}"
        for name, part in partitions(table(records, source), source, segment):
            file = self.folder / "part"
            file.write_bytes(parquet_bytes(part))
            assert self.store.create(name, file)

    def write_labels(self, lines: list[str], name: str = "labels.csv") -> Path:
        path = self.folder / name
        path.write_text("\n".join(["id,fraud", *lines]) + "\n")
        return path

    def all_labels(self) -> list[str]:
        return [f"r{number},{label}" for number, label in enumerate(self.labels)]

    def inputs(self, until: Any = UNTIL) -> dict[str, Any]:
        window, reference = self.folder / "window", self.folder / "reference"
        window.mkdir(exist_ok=True)
        reference.mkdir(exist_ok=True)
        history = UNTIL - 120 * DAY
        observed = Observed(
            "fraud", "fraud/2", DIGEST, self.profile.digest, until - DAY, until, history, until,
            tuple(log_files(self.store, "fraud", history, until)),
        )  # fmt: skip
        (window / FILE).write_bytes(canonical_json(observed.to_json()))
        for name in ReferenceProfile.FILES:
            (reference / name).write_bytes(b"")
        (reference / "profile.json").write_bytes(self.profile.content)
        return {
            "window": ObservedWindow(
                model_digest=DIGEST, profile_digest=self.profile.digest,
                since=observed.since.isoformat(), until=until.isoformat(),
                files=len(observed.files),
            ).stored_at(window, "window"),
            "reference": ReferenceProfile(
                model_digest=DIGEST, features_digest="f" * 64,
                profile_digest=self.profile.digest, rows=20_000, features=0,
            ).stored_at(reference, "reference"),
        }  # fmt: skip


def labels_of(file: Path, **changes: Any) -> Labels:
    return Labels(str(file), "id", "fraud", **{"positive": 1, "delay": 7 * DAY, **changes})


def expected(world: World, metric: str, first: float, last: float) -> tuple[int, int]:
    """Numerator and denominator over days, from what the world knows."""
    rows = (world.days >= first) & (world.days < last)
    decided, positive = world.scores[rows] >= 0.5, world.labels[rows] == 1
    if metric == "precision":
        return int((decided & positive).sum()), int(decided.sum())
    if metric == "recall":
        return int((decided & positive).sum()), int(positive.sum())
    return int((decided == positive).sum()), len(decided)
