"""A backend of one's own, and clients that give up soon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from phasegate.kubeflow import credentials
from phasegate.kubeflow.api import ENDPOINTS, NAMESPACE, UI_ENDPOINT, Kubeflow, connect
from tests.kubeflow.fake import FakeKubeflow

ROOT = Path(__file__).parents[2]
COMPILED = ROOT / "pipelines" / "compiled"
RETRY_SECONDS = 2.0


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No backend and no credentials of whoever runs the tests."""
    means = (credentials.TOKEN_PATH, credentials.COOKIE_FILE, *credentials.CLIENT_IDS)
    for name in (*ENDPOINTS, *means, NAMESPACE, UI_ENDPOINT, "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(credentials, "MOUNTED_TOKEN", tmp_path / "none")


@pytest.fixture
def fake() -> Iterator[FakeKubeflow]:
    """A fake backend."""
    with FakeKubeflow.start() as found:
        yield found


@pytest.fixture
def kubeflow(fake: FakeKubeflow) -> Kubeflow:
    """A client of it."""
    return connect(fake.url, retry_seconds=RETRY_SECONDS)
