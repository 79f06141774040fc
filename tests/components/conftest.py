"""A cluster for components: an API with KServe at work, real model servers behind its names."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.registry import aliases
from phasegate.registry.models import CHALLENGER, CHAMPION, RegisteredVersion
from phasegate.registry.models import connect as connect_models
from phasegate.registry.tracking import tracked_run
from phasegate.release.drivers.starting import VERDICTS
from phasegate.serving.process import ModelServerProcess
from tests.components.cluster import SAMPLE, Cluster, Run, Served, network
from tests.conftest import START_SECONDS
from tests.kubernetes.fake import FakeApi
from tests.serving.conftest import small_model
from tests.store.emulator import storage_emulator
from tests.store.preconditions import preconditions
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, manifests


@pytest.fixture(scope="session")
def served_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Served]]:
    """Two models and their servers."""
    with ExitStack() as stack:
        found = []
        for seed in (7, 8):
            folder = tmp_path_factory.mktemp(f"model-{seed}")
            model = small_model(seed)
            model.save(folder / "model")
            (folder / "profile").mkdir()
            pq.write_table(pa.table(SAMPLE), folder / "profile" / "sample.parquet")
            process = ModelServerProcess(
                folder / "model", model.digest, MODEL, log=folder / "server.log",
                start_seconds=START_SECONDS,
            )  # fmt: skip
            found.append(Served(model, folder, stack.enter_context(process)))
        yield found[0], found[1]


@pytest.fixture(scope="session")
def bucket_address() -> Iterator[str]:
    """A storage emulator with generations, and the bucket ``models``."""
    with storage_emulator("models") as emulator, preconditions(emulator) as proxy:
        yield proxy.address


@pytest.fixture
def cluster(
    tmp_path: Path,
    mlflow: str,
    bucket_address: str,
    served_models: tuple[Served, Served],
    run_component: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cluster]:
    """An overlay that was just applied: two idle slots, a route without rules."""
    del mlflow
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket_address)
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "3")
    with ExitStack() as stack:
        api = stack.enter_context(FakeApi.start())
        api.namespace(NAMESPACE)
        for manifest in manifests():
            api.put(manifest)
        addresses = {f"{MODEL}-a": "10.1.0.1", f"{MODEL}-b": "10.1.0.2"}
        controllers = stack.enter_context(api.reconcile(NAMESPACE, addresses=addresses))
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path / "kubeconfig")))
        versions = tuple(registered(one) for one in served_models)
        registry = aliases.connect()
        registry.point(MODEL, CHAMPION, versions[0].version)
        registry.remove(MODEL, CHALLENGER)

        def clock(moment: datetime) -> None:
            monkeypatch.setenv("PHASEGATE_NOW", moment.isoformat())

        found = Cluster(
            api, controllers, tmp_path, served_models, (versions[0], versions[1]),
            run_component, clock,
        )  # fmt: skip
        monkeypatch.setattr(socket, "create_connection", network(found, addresses))
        yield found


def registered(one: Served) -> RegisteredVersion:
    """A model in the registry, with the verdicts of its gates."""
    with tracked_run(MODEL, one.model.digest) as run:
        pass
    registry = connect_models()
    folders = {"model": one.folder / "model", "profile": one.folder / "profile"}
    return registry.register(
        MODEL, run.run_id, one.model.digest,
        source=registry.upload(run.run_id, one.model.digest, folders),
        tags=dict.fromkeys(VERDICTS, "0" * 64), description="",
    )  # fmt: skip
