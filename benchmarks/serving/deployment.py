"""What stands around a predictor in production, on the core of the load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.processor import LOAD_CORE, pinned
from phasegate.local.environments import environment
from phasegate.sidecar.process import SidecarProcess
from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.plan import TrafficPlan


@contextmanager
def envoy(folder: Path, plan: TrafficPlan) -> Iterator[EnvoyProcess]:
    """Envoy with one thread for requests, carrying out a plan."""
    with pinned(LOAD_CORE):
        proxy = EnvoyProcess(folder, plan, workers=1).__enter__()
    try:
        yield proxy
    finally:
        proxy.stop()


@contextmanager
def sidecar(folder: Path, spool: Path) -> Iterator[SidecarProcess]:
    """A sidecar that seals a spool into a store in a folder, which is made."""
    current = environment("sidecar")
    current.require_current()
    folder.mkdir()
    spool.mkdir(exist_ok=True)
    process = SidecarProcess(
        [spool],
        str(folder / "store"),
        state=folder / "state",
        log=folder / "sidecar.log",
        python=current.python,
    )
    with pinned(LOAD_CORE):
        process.__enter__()
    try:
        yield process
    finally:
        process.stop()
