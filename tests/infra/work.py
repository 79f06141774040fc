"""What the code does in the buckets, as the accounts that it runs as do it."""

from __future__ import annotations

from pathlib import Path

from phasegate.digests import digest_files
from phasegate.monitoring.reference import FOLDER as REFERENCE
from phasegate.monitoring.summaries import summary_name
from phasegate.registry.models import MODEL_FILES
from phasegate.release.store import open_releases
from phasegate.sidecar.drift.verdict import alert_name
from phasegate.store.bucket import Bucket
from phasegate.store.named import open_named
from tests.release import chains, samples
from tests.release.store.writing import put

STORE, SNAPSHOTS, LOG = "gs://artifacts/phasegate", "gs://snapshots/phasegate", "gs://log/phasegate"
PIPELINES = "pipelines/phasegate-training/run/train/model"
DIGEST = "a" * 64
PREDICTIONS = f"predictions/{chains.MODEL}/date=2025-03-01/model={DIGEST[:12]}/{'b' * 64}.parquet"


def a_release(store: str) -> None:
    """A release to its end, unless it is there."""
    releases = open_releases(store)
    if releases.head(chains.MODEL) is not None:
        return
    before = None
    for entry in chains.promoted():
        releases.save_evidence(chains.MODEL, samples.evidence(entry.record, entry.at))
        assert put(releases, entry, before)
        before = entry
    assert len(releases.entries(chains.MODEL)) == len(chains.promoted())


def a_log(file: Path) -> None:
    """What a sidecar adds to the log, again when it was killed in between."""
    log = open_named(LOG, retry_seconds=2)
    for name in (PREDICTIONS, summary_name(PREDICTIONS), alert_name(chains.MODEL, "day-1")):
        log.create(name, file)
        assert not log.create(name, file)


def a_model(folder: Path) -> tuple[Path, str]:
    """Files of a version, as register fetches them, and the model's digest."""
    for name in (*(f"model/{one}" for one in MODEL_FILES), f"{REFERENCE}/profile.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder, digest_files(folder / "model", MODEL_FILES)


def an_artifact_of_kubeflow_pipelines(file: Path, folder: Path) -> None:
    """Its launcher writes what a step made, again when the step is tried again, and reads it."""
    bucket = Bucket("artifacts")
    found = bucket.find(PIPELINES)
    assert bucket.replace(PIPELINES, file, generation=found.generation if found else 0)
    found = bucket.find(PIPELINES)
    assert found is not None
    assert bucket.replace(PIPELINES, file, generation=found.generation)
    (found,) = bucket.list(PIPELINES)
    bucket.download(found, folder / "artifact")
