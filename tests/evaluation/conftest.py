"""A small fraud-like table, its snapshot, its features, and models of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.contracts import DataSnapshot, FeatureSet, TrainedModel
from phasegate.digests import digest_file
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.snapshots import Snapshot, write_manifest
from phasegate.store import open_store
from phasegate.training.plan import Plan
from phasegate.training.train import train_model

ROWS = 4000
FEATURES = "features.parquet"
NAME = "card-fraud"
DATA = {
    "time": None,
    "entity": "customer",
    "label": {"column": "fraud", "positive": "yes", "delay": "0d"},
    "protected": ["sex"],
    "exclude": [],
}
SPLIT = {"order": "row", "validation": 0.15, "calibration": 0.15, "test": 0.3}
TRAINING = {
    "seed": 7,
    "threads": 1,
    "rounds": 20,
    "early_stopping": 10,
    "parameters": {"max_depth": 3},
    "imbalance": "none",
    "calibration": "isotonic",
    "threshold": {"maximize": "f1"},
    "search": {"trials": 0, "seconds": 60, "space": {}},
}
EVALUATION = {
    "bootstrap": {"replicates": 100, "confidence": 0.95, "unit": "row"},
    "value": {
        "true_positive": 10,
        "false_positive": -1,
        "true_negative": 0,
        "false_negative": -5,
    },
    "slices": ["<b>shop"],
    "minimum_slice": 100,
    "gates": [{"metric": "roc_auc", "min": 0.6, "bound": "lower"}],
}


def features_section(*numeric: str) -> dict[str, Any]:
    return {"numeric": list(numeric), "categorical": [], "calendar": None, "windows": []}


@dataclass(frozen=True)
class Project:
    """A snapshot, and what the components between it and `evaluate` make of it."""

    snapshot: DataSnapshot
    part: Path

    def featurize(self, folder: Path, *numeric: str) -> FeatureSet:
        """Features of the given columns, as `featurize` would write them."""
        definitions = FeatureDefinitions.parse(features_section(*numeric), DATA)
        folder.mkdir(parents=True)
        made = compute_features([self.part], definitions, folder / FEATURES, threads=1)
        artifact = FeatureSet(
            rows=made.rows,
            columns=made.columns,
            snapshot_digest=self.snapshot.digest,
            definitions_digest=definitions.digest,
        )
        return artifact.stored_at(folder, "featurize")

    def train(self, folder: Path, *numeric: str, **training: Any) -> TrainedModel:
        """A model that sees the given columns, as `train` would write it."""
        feature_set = self.featurize(folder, *numeric)
        section = {**TRAINING, **training}
        plan = Plan(NAME, DATA, features_section(*numeric), SPLIT, section, EVALUATION["value"])
        training_result = train_model(pq.read_table(feature_set.path / FEATURES), plan)
        model = training_result.model
        model.save(folder / "model")
        artifact = TrainedModel(
            name=NAME,
            threshold=model.threshold,
            rows=training_result.split.sizes["train"],
            snapshot_digest=self.snapshot.digest,
            features_digest=feature_set.digest,
            definitions_digest=model.definitions_digest,
            run_id="",
        )
        return artifact.stored_at(folder / "model", "train")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("project")
    generator = np.random.default_rng(0)
    fraud = generator.random(ROWS) < 0.25
    sex = generator.choice(["f", "m"], ROWS)
    amount = generator.normal(size=ROWS) + 1.6 * fraud
    table = pa.table(
        {
            "amount": amount,
            "noise": generator.normal(size=ROWS),
            "is_f": (sex == "f").astype(float),
            "biased": amount + 1.5 * (sex == "f"),
            "sex": sex,
            "customer": generator.integers(0, 300, ROWS),
            "<b>shop": generator.choice(["<script>", "b", "rare"], ROWS, p=[0.5, 0.49, 0.01]),
            "fraud": np.where(fraud, "yes", "no"),
        }
    )
    scratch = root / "part.parquet"
    pq.write_table(table, scratch)
    digest = digest_file(scratch)
    store = open_store(str(root / "store"))
    store.put_file(scratch, digest)
    size = scratch.stat().st_size
    manifest = {
        "version": 1,
        "columns": [{"name": field.name, "type": str(field.type)} for field in table.schema],
        "rows": ROWS,
        "bytes": size,
        "time": None,
        "parts": [{"digest": digest, "bytes": size, "rows": ROWS}],
        "sources": [],
    }
    folder = root / "snapshot"
    write_manifest(manifest, folder)
    opened = Snapshot.open(folder, store.uri)
    snapshot = DataSnapshot(**opened.metadata()).stored_at(folder, "ingest")

    return Project(snapshot, scratch)


@pytest.fixture(scope="session")
def feature_set(project: Project, tmp_path_factory: pytest.TempPathFactory) -> FeatureSet:
    """The features that models are judged on, unless a test says otherwise."""
    return project.featurize(tmp_path_factory.mktemp("features") / "made", "amount", "noise")


@pytest.fixture(scope="session")
def challenger(project: Project, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """A decent model of the project's own features."""
    return project.train(tmp_path_factory.mktemp("challenger") / "made", "amount", "noise")
