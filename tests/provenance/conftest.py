"""A model that was trained from a snapshot in a store, with its provenance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from components.train.outputs import record
from phasegate.digests import digest_file
from phasegate.features.compute import compute_features
from phasegate.provenance import Record
from phasegate.training.train import read_features, train_model

from ..training.examples import plan, snapshot

LOCK = """\
numpy==2.4.6 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
    # via xgboost-cpu
xgboost-cpu==3.2.0 ; sys_platform == 'linux' \\
    --hash=sha256:cccc
"""


@dataclass(frozen=True)
class Trained:
    """A trained model's folder with `model/` and `provenance/`, and the store of its snapshot."""

    folder: Path
    store: Path
    record: Record


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock of this environment."""
    path = tmp_path / "lock.txt"
    path.write_text(LOCK)
    monkeypatch.setenv("PHASEGATE_LOCK", str(path))
    return path


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """A model of two parts of events, trained here and now."""
    folder, data = tmp_path / "trained", snapshot(tmp_path)
    features = tmp_path / "features.parquet"
    compute_features(data.local_parts(), plan().definitions, features, threads=1)
    training = train_model(read_features(features, plan(), threads=1), plan())
    training.model.save(folder / "model")
    made = record(training, plan(), data, digest_file(features))
    made.save(folder / "provenance")
    return Trained(folder, tmp_path / "store", made)
