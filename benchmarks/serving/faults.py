"""What users notice when something beside the champion fails, at a steady rate of requests.

``python -m benchmarks.serving.faults``: the champion has a core to itself; Envoy, challenger,
sidecar and load share the other one. Healthy and faulty windows take turns, so that both meet the
same machine; the fault comes shortly after a window's begin, so that its discovery is part of it.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.serving.breakable import Breakable, Impostor, RealServer, impostor
from benchmarks.serving.deployment import envoy
from benchmarks.serving.log_faults import print_log_faults
from benchmarks.serving.model import saved_model
from benchmarks.serving.open_loop import OpenLoop, Seen, Window
from benchmarks.serving.processor import LOAD_CORE, pinned
from benchmarks.serving.servers import INFER, Phasegate
from benchmarks.serving.table import print_table
from phasegate.errors import BadInput, ExitCode, Unavailable
from phasegate.server_process import ServerFailure
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan
from phasegate.traffic.state import TrafficState

SHADOW_FAULTS = (
    ("killed", "killed (SIGKILL)"),
    ("hung", "hung (SIGSTOP)"),
    ("slow", "answers after 2 s"),
    ("garbage", "answers no HTTP"),
    ("error", "answers 500"),
)
CANARY_FAULTS = (("killed", "killed (SIGKILL)"), ("hung", "hung (SIGSTOP)"))
CANARY = WHOLE // 10
FAULT_AFTER = 0.3
"""Seconds from a window's begin to its fault."""


@dataclass(frozen=True)
class Ground:
    """What stands ready for every fault.

    Attributes:
        champion: gets the requests.
        target: the proxy's.
        loop: sends the requests.
        options: of this run.
    """

    champion: Backend
    target: EnvoyTarget
    loop: OpenLoop
    options: argparse.Namespace

    def window(self) -> Window:
        """The next window, with ids of its own."""
        return Window(self.options.seconds, self.options.rate, f"{time.monotonic_ns()}-")

    def until(self, condition: str, seconds: float = 30) -> float:
        """Wait until the challenger is ``healthy``, ``sick``, or no copy waits (``idle``).

        Returns:
            Seconds that it took.

        Raises:
            Unavailable: it takes too long.
        """
        started = time.monotonic()
        while not _holds(condition, self.target.observe()):
            if time.monotonic() - started > seconds:
                raise Unavailable(f"the challenger is not {condition} in {seconds:g} seconds")
            time.sleep(0.02)
        return time.monotonic() - started


def _holds(condition: str, state: TrafficState) -> bool:
    assert state.challenger
    assert state.mirror
    return {
        "healthy": state.challenger.healthy,
        "sick": not state.challenger.healthy,
        "idle": state.mirror.active == 0,
    }[condition]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--seconds", type=float, default=3, help="of a window [3]")
    parser.add_argument("--rounds", type=int, default=4, help="windows of each kind [4]")
    parser.add_argument("--kills", type=int, default=20, help="of the sidecar [20]")
    options = parser.parse_args()
    try:
        # Impostors run in this process.
        with pinned(LOAD_CORE), tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            saved_model(folder / "models" / "old", seed=7)
            saved_model(folder / "models" / "new", seed=8)
            with started(folder, options) as (ground, real, pretending):
                print_shadow_faults(ground, real, pretending)
                print_canary_faults(ground, real)
                ground.target.apply(TrafficPlan(ground.champion, real.backend, mirror=WHOLE))
                ground.until("healthy")
                print_log_faults(folder, ground.loop, options.rate, options.kills)
    except (BadInput, ServerFailure) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED


@contextmanager
def started(
    folder: Path, options: argparse.Namespace
) -> Iterator[tuple[Ground, RealServer, Impostor]]:
    """Champion, proxy, load and challengers."""
    spool = folder / "spool"
    with ExitStack() as stack:
        enter = stack.enter_context
        champion = enter(Phasegate(folder / "models" / "old", folder / "champion", spool=spool))
        arguments = [f"--spool={spool}", "--segment-seconds=2"]
        real = enter(RealServer(folder / "models" / "new", folder / "real.log", arguments))
        pretending = enter(impostor())
        plan = TrafficPlan(champion.backend, real.backend, mirror=WHOLE)
        proxy = enter(envoy(folder / "proxy", plan))
        loop = enter(OpenLoop(proxy.address + INFER))
        ground = Ground(champion.backend, EnvoyTarget(folder / "proxy"), loop, options)
        loop.run(ground.window())  # warm
        yield ground, real, pretending


def print_shadow_faults(ground: Ground, real: RealServer, pretending: Impostor) -> None:
    """One line for each fault of a challenger that gets copies of all requests."""
    table = []
    for how, title in SHADOW_FAULTS:
        shadow: Breakable = real if how in ("killed", "hung") else pretending
        ground.target.apply(TrafficPlan(ground.champion, shadow.backend, mirror=WHOLE))
        ground.until("healthy")
        before = copies(ground)
        pairs = [one_round(ground, shadow, how) for _ in range(ground.options.rounds)]
        ground.until("idle")
        after = copies(ground)
        made, lost = (now - then for now, then in zip(after, before, strict=True))
        table.append((title, *_cells(pairs), f"{made:,}", f"{lost:,}"))
    print_table(
        (
            "shadow", "requests", "user-visible errors", "p99 ms, healthy", "p99 ms, faulty",
            "change", "copies made", "copies lost",
        ),
        table,
    )  # fmt: skip


def copies(ground: Ground) -> tuple[int, int]:
    """Copies made, and those without an answer, since the challenger was added."""
    mirror = ground.target.observe().mirror
    assert mirror
    return mirror.copies, sum(mirror.lost.values())


def one_round(ground: Ground, broken: Breakable, how: str) -> tuple[Seen, Seen]:
    """A healthy window, and one in which a challenger breaks; it is mended then."""
    healthy = ground.loop.run(ground.window())
    ground.loop.start(ground.window())
    time.sleep(FAULT_AFTER)
    broken.spoil(how)
    faulty = ground.loop.seen()
    broken.mend()
    ground.until("healthy")
    return healthy, faulty


def print_canary_faults(ground: Ground, real: RealServer) -> None:
    """One line for each fault of a challenger that answers a tenth of the requests."""
    table = []
    for how, title in CANARY_FAULTS:
        windows, reactions, fallbacks = [], [], 0
        for _ in range(ground.options.rounds):
            # Added anew: the proxy lets one that failed before wait longer each time.
            ground.target.apply(TrafficPlan(ground.champion))
            ground.target.apply(TrafficPlan(ground.champion, real.backend, weight=CANARY))
            ground.until("healthy")
            ground.loop.start(ground.window())
            time.sleep(FAULT_AFTER)
            real.spoil(how)
            reactions.append(ground.until("sick"))
            windows.append(ground.loop.seen())
            fallbacks += ground.target.observe().fallbacks
            real.mend()
        table.append(
            (
                title,
                f"{sum(one.requests for one in windows):,}",
                f"**{sum(one.errors for one in windows)}**",
                f"{fallbacks:,}",
                f"{max(reactions):.2f}",
            )
        )
    print_table(
        (
            "challenger at 10 %", "requests", "user-visible errors", "answered by the champion "
            "instead", "health check reacts, seconds at most",
        ),
        table,
    )  # fmt: skip


def _cells(pairs: Sequence[tuple[Seen, Seen]]) -> tuple[str, ...]:
    both = [one for pair in pairs for one in pair]
    # Of all windows together: one alone has too few slow requests to tell.
    healthy, faulty = (
        float(np.quantile([ms for one in kind for ms in one.latencies], 0.99))
        for kind in zip(*pairs, strict=True)
    )
    return (
        f"{sum(one.requests for one in both):,}",
        f"**{sum(one.errors for one in both)}**",
        f"{healthy:.2f}",
        f"{faulty:.2f}",
        f"**{faulty / healthy - 1:+.0%}**",
    )


if __name__ == "__main__":
    sys.exit(main())
