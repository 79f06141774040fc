"""Stores of releases: a folder, and a bucket that holds generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.emulator import storage_emulator
from tests.store.preconditions import Preconditions, preconditions

BUCKET = "phasegate-releases"


@pytest.fixture(scope="session")
def proxy() -> Iterator[Preconditions]:
    """A bucket over HTTP, with preconditions."""
    with storage_emulator(BUCKET) as emulator, preconditions(emulator) as running:
        yield running


@pytest.fixture
def bucket(proxy: Preconditions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a store in the bucket, for this process and those it starts."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.address)
    proxy.lose = proxy.fail = proxy.refused = 0
    return f"gs://{BUCKET}/{tmp_path.name}"


@pytest.fixture(params=["folder", "bucket"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a store of either kind."""
    if request.param == "folder":
        return str(tmp_path / "store")
    return request.getfixturevalue("bucket")
