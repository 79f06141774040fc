"""The code at work with each account's rights: a bucket refuses what is not granted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.claim_training.__main__ import claimed
from phasegate.digests import digest_bytes
from phasegate.errors import BadInput
from phasegate.monitoring.events import PERSON_ASKED, about, send
from phasegate.monitoring.observed import log_files
from phasegate.monitoring.policy import MonitoringPolicy, RetrainingRules
from phasegate.monitoring.retraining.entry import Event, EventKind
from phasegate.monitoring.retraining.journal import models_with_journals, open_journal
from phasegate.registry.models import MODEL_FILES
from phasegate.registry.publishing import publish
from phasegate.release.store import open_releases
from phasegate.release.store.documents import entry_name
from phasegate.store import open_store
from phasegate.store.bucket import Bucket
from phasegate.store.named import open_named
from phasegate.traffic.kserve.serverless.bookmark import Bookmarks
from phasegate.training.distributed.job import Jobs
from phasegate.training.fit import Fit
from tests.infra.granted import Grants, Rights
from tests.infra.work import (
    LOG,
    PREDICTIONS,
    SNAPSHOTS,
    STORE,
    a_log,
    a_model,
    a_release,
    an_artifact_of_kubeflow_pipelines,
)
from tests.monitoring.test_claiming import DECISION
from tests.release import chains
from tests.release.store.writing import put
from tests.store.emulator import storage_emulator
from tests.store.preconditions import preconditions
from tests.training.distributed.test_shards import a_job

Acting = Callable[[str], AbstractContextManager[Rights]]


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with storage_emulator("artifacts") as address:
        yield address


@pytest.fixture
def buckets(emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of the emulator, with the three buckets, empty."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    with monkeypatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", emulator)
        client = storage.Client(project="test", credentials=AnonymousCredentials())
        for name in ("artifacts", "snapshots", "log"):
            bucket = client.lookup_bucket(name) or client.create_bucket(name)
            for blob in bucket.list_blobs():
                blob.delete()
    return emulator


@pytest.fixture
def acting(buckets: str, monkeypatch: pytest.MonkeyPatch) -> Acting:
    """A context in which all that reaches the buckets does so as one account."""
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "5")

    @contextmanager
    def act(account: str) -> Iterator[Rights]:
        rights = Rights(Grants.read(), account)
        with preconditions(buckets, rights.allow) as proxy, monkeypatch.context() as patch:
            patch.setenv("STORAGE_EMULATOR_HOST", proxy.address)
            yield rights

    return act


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(1000))
    return path


def test_a_pipeline_does_all_that_its_steps_do(acting: Acting, file: Path, tmp_path: Path) -> None:
    with acting("predictor"):
        a_log(file)
    version, digest = a_model(tmp_path / "version")
    with acting("pipeline") as rights:
        # ingest and validate
        snapshots = open_store(SNAPSHOTS)
        part = digest_bytes(file.read_bytes())
        snapshots.put_file(file, part)
        snapshots.put_file(file, part)
        snapshots.fetch(part, tmp_path / "fetched")
        # train, by several workers
        jobs = Jobs(SNAPSHOTS, tmp_path)
        job = jobs.put(a_job(jobs))
        assert jobs.result(job) is None
        jobs.put_result(job, Fit(b"booster", 1, ({"logloss": 0.3, "aucpr": 0.7},)), {})
        assert jobs.ended(job)[0].booster == b"booster"
        # deploy_shadow: a second time, it reads what is there
        for attempt in ("first", "second"):
            (tmp_path / attempt).mkdir()
            where = publish(version, digest, f"{STORE}/models", tmp_path / attempt)
        assert where == f"{STORE}/models/{digest}"
        # release_step
        a_release(STORE)
        assert open_releases(STORE).models() == [chains.MODEL]
        # claim_training, notify and whoever looks at the journal
        policy = MonitoringPolicy(retraining=RetrainingRules(automatic=True))
        for holder in ("one", "another"):
            claimed(
                DECISION, policy, open_journal(STORE, "m"), open_releases(STORE),
                holder=holder, now=DECISION.now,
            )  # fmt: skip
        asked = Event(EventKind.PERSON_ASKED, DECISION.now, "test", "a person is asked")
        assert open_journal(STORE, "m").record(lambda _: asked)
        event = about(PERSON_ASKED, "m", DECISION, "a person is asked")
        for _ in range(2):
            send(event, open_named(STORE), "m", "", tmp_path)
        assert models_with_journals(STORE) == ["m"]
        # The shadow of the serverless mode
        bookmarks = Bookmarks(STORE, chains.MODEL)
        for number in range(2):
            bookmarks.add("a", "b", PREDICTIONS.replace("bbbb", f"{number:04x}", 1), 1, {})
        # observe, detect_skew, detect_drift
        log = open_named(LOG)
        day = datetime(2025, 3, 1, tzinfo=UTC)
        assert [one.name for one in log_files(log, chains.MODEL, day, day.replace(hour=1))]
        for name in (*log.names(f"monitoring/{chains.MODEL}/summaries/"), PREDICTIONS):
            log.fetch(name, tmp_path / "log")
        an_artifact_of_kubeflow_pipelines(file, tmp_path)
    assert rights.used == rights.given


def test_a_guard_rolls_back(acting: Acting) -> None:
    with acting("guard") as rights:
        a_release(STORE)
        before = open_releases(STORE).entries(chains.MODEL)[-1]
        options = chains.moves(before)
        entry = options[-1](before, before.at)
        assert put(open_releases(STORE), entry, before)
    assert rights.used == rights.given


def test_workers_read_shards_and_write_the_result_once(acting: Acting, tmp_path: Path) -> None:
    with acting("pipeline"):
        jobs = Jobs(SNAPSHOTS, tmp_path)
        job = a_job(jobs)
        digest = jobs.put(job)
    with acting("training") as rights:
        jobs = Jobs(SNAPSHOTS, tmp_path)
        assert jobs.get(digest) == job
        jobs.shard(job.shards[0])
        for _ in range(2):
            fit = Fit(b"booster", 1, ({"logloss": 0.3, "aucpr": 0.7},))
            jobs.put_result(digest, fit, {"max_depth": 2})
    assert rights.used == rights.given


def test_a_predictor_adds_to_the_log_and_reads_models(
    acting: Acting, file: Path, tmp_path: Path
) -> None:
    version, digest = a_model(tmp_path / "version")
    with acting("pipeline"):
        publish(version, digest, f"{STORE}/models", tmp_path)
    with acting("predictor") as rights:
        a_log(file)
        # As KServe's storage initializer does.
        bucket = Bucket("artifacts")
        found = bucket.list(f"phasegate/models/{digest}/")
        assert len(found) == len(MODEL_FILES) + 1
        bucket.download(found[0], tmp_path / "model")
    assert rights.used == rights.given


@pytest.mark.parametrize("account", ["runner", "kfp-ui", "mlflow"])
def test_what_kubeflow_pipelines_and_mlflow_bring_sees_its_own_only(
    acting: Acting, account: str
) -> None:
    folder = "mlflow/" if account == "mlflow" else "pipelines/"
    with acting(account):
        Bucket("artifacts").list(folder)
        for bucket, prefix in (
            ("artifacts", ""), ("artifacts", "phasegate/releases/"), ("log", "phasegate/"),
            ("snapshots", "phasegate/objects/"),
        ):  # fmt: skip
            with pytest.raises(BadInput, match="refused"):
                Bucket(bucket).list(prefix)


def test_a_predictor_cannot_read_the_log_nor_replace_it(
    acting: Acting, file: Path, tmp_path: Path
) -> None:
    with acting("predictor"):
        a_log(file)
        log, bucket = open_named(LOG), Bucket("log")
        with pytest.raises(BadInput, match="refused"):
            log.fetch(PREDICTIONS, tmp_path)
        (found,) = bucket.list(f"phasegate/{PREDICTIONS}")
        with pytest.raises(BadInput, match="refused"):
            bucket.replace(found.name, file, generation=found.generation)
        for name in ("phasegate/releases/", "phasegate/objects/"):
            with pytest.raises(BadInput, match="refused"):
                Bucket("artifacts").list(name)


@pytest.mark.parametrize("account", ["guard", "pipeline"])
def test_nobody_replaces_an_entry_of_the_audit_log(
    acting: Acting, file: Path, account: str
) -> None:
    name = f"phasegate/{entry_name(chains.MODEL, 1)}"
    with acting(account):
        a_release(STORE)
        bucket = Bucket("artifacts")
        found = bucket.find(name)
        assert found is not None
        with pytest.raises(BadInput, match="refused"):
            bucket.replace(name, file, generation=found.generation)
        # Who is refused what is there because it is there was only too late.
        assert not bucket.create(name, file)
        assert bucket.find(name) == found


@pytest.mark.parametrize("account", ["guard", "training", "runner", "kfp-ui", "mlflow"])
def test_others_do_not_see_the_log(acting: Acting, account: str) -> None:
    with acting(account), pytest.raises(BadInput, match="refused"):
        open_named(LOG).names(f"predictions/{chains.MODEL}/")
