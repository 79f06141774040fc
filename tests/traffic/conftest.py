"""A real Envoy in front of two upstreams."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import TrafficPlan
from phasegate.traffic.state import TrafficState
from tests.traffic.upstream import Upstream, upstreams


@dataclass
class Proxy:
    """An Envoy that runs, and how to steer it."""

    folder: Path
    process: EnvoyProcess
    target: EnvoyTarget

    @property
    def address(self) -> str:
        """``http://IP:PORT`` that it listens on."""
        return self.process.address

    def memory(self) -> int:
        """Bytes that Envoy holds in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) << 10

    def until(self, condition: Callable[[TrafficState], bool], seconds: float = 15) -> TrafficState:
        """Wait until Envoy's state is as wanted, and return it."""
        deadline = time.monotonic() + seconds
        while not condition(state := self.target.observe()):
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
        return state


@pytest.fixture
def champion() -> Iterator[Upstream]:
    with upstreams("champion-1") as (server,):
        yield server


@pytest.fixture
def challenger() -> Iterator[Upstream]:
    with upstreams("challenger-1") as (server,):
        yield server


@pytest.fixture
def plan(champion: Upstream, challenger: Upstream) -> TrafficPlan:
    """Both, with no share for the challenger yet."""
    return TrafficPlan(champion.backend, challenger.backend)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[TrafficPlan | None], Proxy]]:
    """Starts Envoy with a plan, in the same folder each time; all are stopped after the test."""
    folder = tmp_path / "proxy"
    with ExitStack() as stack:

        def started(plan: TrafficPlan | None) -> Proxy:
            process = stack.enter_context(EnvoyProcess(folder, plan))
            return Proxy(folder, process, EnvoyTarget(folder))

        yield started
