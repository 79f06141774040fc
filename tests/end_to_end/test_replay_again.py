"""Eighteen weeks of the replay, twice: what is decided in event time, wall time does not change."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.replay.first import PROJECT
from examples.replay.record import What
from examples.replay.replaying import Told, replay
from examples.replay.story import Story
from phasegate.registry.address import ADDRESS, STARTING

BUSY = "while True: pass"


@contextmanager
def busy() -> Iterator[None]:
    """Other work on every processor."""
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in others:
            one.kill()
            one.wait()


@pytest.mark.nightly
def test_a_busy_machine_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release was over, or not, for a run of monitoring that began before its last step."""
    for name in (ADDRESS, STARTING):
        monkeypatch.delenv(name, raising=False)

    def told(name: str) -> Told:
        return replay(tmp_path / name, Story().shorter(18), PROJECT)

    first = told("idle")
    with busy():
        second = told("busy")

    assert first.history.happened(What.PROMOTED)
    assert second.history.happenings == first.history.happenings
    for one, other in zip(first.history.pieces, second.history.pieces, strict=True):
        assert (other.guarded, other.by_model) == (one.guarded, one.by_model)
