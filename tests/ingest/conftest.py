"""Tables and an emulated bucket for tests of `ingest`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.ingest.ingest import ingest
from phasegate.snapshots import Snapshot

NOW = datetime(2026, 2, 1, tzinfo=UTC)

CSV = (
    "id,event_time,amount,count,city,is_fraud\n"
    "1,2026-01-01 00:00:00,1.5,3,Graz,0\n"
    "2,2026-01-01 00:00:01.250,NA,4,,1\n"
    '3,2026-01-02 10:00:00,2.25,5,"Aa, ""b""",0\n'
)

Run = Callable[..., Snapshot]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Ingest a source (a path, or text or bytes of one CSV file) into a fresh store."""

    def _run(
        source: Any, *, store: str | None = None, now: datetime = NOW, **data: Any
    ) -> Snapshot:
        if isinstance(source, str) and "\n" in source:
            source = source.encode()
        if isinstance(source, bytes):
            path = tmp_path / "events.csv"
            path.write_bytes(source)
            source = str(path)
        section = {"source": source, **data}
        return ingest(
            section, store or str(tmp_path / "store"), tmp_path / "snapshot", now=now, threads=2
        )

    return _run
