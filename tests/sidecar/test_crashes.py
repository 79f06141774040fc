from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sidecar.crash_points import IDS
from tests.sidecar.reading import stored_ids


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder whose files need not wait for a disk, where the system has one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("kind", ["seal", "export"])
def test_killed_before_any_effect_on_the_disk_each_record_is_stored_exactly_once(
    in_memory: Path, kind: str
) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.sidecar.crash_points", kind, str(in_memory)], check=True
    )
    cases = sorted(in_memory.iterdir(), key=lambda case: int(case.name))
    assert len(cases) > 20
    for case in cases:
        assert stored_ids(case / "store") == Counter(IDS), f"killed at effect {case.name}"
        assert not list((case / "spool").glob("*.closed"))
        assert not list((case / "spool").glob("*.open"))
