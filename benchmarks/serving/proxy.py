"""What Envoy costs, and what logging and mirroring cost the champion behind it.

``python -m benchmarks.serving.proxy``: the champion has a core to itself; Envoy, the challenger,
the sidecar and wrk share the other one, and requests come at a rate that leaves room on both, the
same for both sides of each comparison. Rounds are interleaved; ratios are medians of the rounds'
own. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.deployment import envoy, sidecar
from benchmarks.serving.load import Load, write_bodies
from benchmarks.serving.model import one_tensor, rows, saved_model
from benchmarks.serving.processor import LOAD_CORE
from benchmarks.serving.rounds import Round, one_round, print_rounds
from benchmarks.serving.servers import INFER, Phasegate, PhasegateUnlogged
from benchmarks.serving.table import print_table
from phasegate.errors import BadInput, ExitCode
from phasegate.server_process import ServerFailure
from phasegate.serving.client import ServingFailure
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import WHOLE, TrafficPlan
from phasegate.traffic.state import MirrorState

BODIES = 1000


@dataclass(frozen=True)
class Route:
    """A way to a champion: where requests go, and which process answers them."""

    url: str
    pid: int


@dataclass(frozen=True)
class Ways:
    """Three ways to the same model, all there at once.

    Attributes:
        direct: to a champion that logs nothing.
        plain: to the same one, through Envoy.
        watched: through Envoy to a champion that logs, each request mirrored to a challenger
            that logs too, with a sidecar that seals the log.
        target: the Envoy of `watched`.
    """

    direct: Route
    plain: Route
    watched: Route
    target: EnvoyTarget


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=10, help="of each run")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--pause", type=int, default=30, help="ms of each connection, on average")
    options = parser.parse_args()
    load = Load(options.seconds, options.connections, options.pause)
    try:
        with tempfile.TemporaryDirectory() as temporary, started(Path(temporary)) as ways:
            bodies = write_bodies(
                Path(temporary) / "bodies", [one_tensor(rows(1, seed)) for seed in range(BODIES)]
            )
            before = mirror(ways.target)
            results = measure(ways, bodies, load, options.rounds)
            print_costs(results)
            print_copies(before, mirror(ways.target))
    except (BadInput, ServerFailure, ServingFailure) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED


@contextmanager
def started(folder: Path) -> Iterator[Ways]:
    """The servers, two proxies and a sidecar."""
    old, new, spool = folder / "models" / "old", folder / "models" / "new", folder / "spool"
    saved_model(old, seed=7)
    saved_model(new, seed=8)
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(sidecar(folder / "sidecar", spool))
        quiet = enter(PhasegateUnlogged(old, folder / "quiet"))
        champion = enter(Phasegate(old, folder / "champion", spool=spool))
        challenger = enter(Phasegate(new, folder / "challenger", LOAD_CORE, spool=spool))
        plain = enter(envoy(folder / "plain", TrafficPlan(quiet.backend)))
        plan = TrafficPlan(champion.backend, challenger.backend, mirror=WHOLE)
        watched = enter(envoy(folder / "watched", plan))
        yield Ways(
            direct=Route(quiet.url, quiet.pid),
            plain=Route(plain.address + INFER, quiet.pid),
            watched=Route(watched.address + INFER, champion.pid),
            target=EnvoyTarget(folder / "watched"),
        )


def measure(ways: Ways, bodies: Path, load: Load, rounds: int) -> dict[str, list[Round]]:
    """Rounds of each way, taken in turn."""
    routes = {"direct": ways.direct, "plain": ways.plain, "watched": ways.watched}
    for route in routes.values():
        one_round(route.url, route.pid, bodies, Load(1, load.connections, load.pause))
    results: dict[str, list[Round]] = {name: [] for name in routes}
    for _ in range(rounds):
        for name, route in routes.items():
            results[name].append(one_round(route.url, route.pid, bodies, load))
    return results


def mirror(target: EnvoyTarget) -> MirrorState:
    """What has become of the copies so far."""
    found = target.observe().mirror
    assert found is not None, "the plan has a challenger"
    return found


def print_costs(results: dict[str, list[Round]]) -> None:
    """One line for each way; ratios are to the line before."""
    direct, plain, watched = (results[name] for name in ("direct", "plain", "watched"))
    print_rounds(
        "champion, ratios to the line before",
        [
            ("no proxy", direct, direct),
            ("through Envoy", plain, direct),
            ("through Envoy, logged, 100 % mirrored", watched, plain),
        ],
    )


def print_copies(before: MirrorState, after: MirrorState) -> None:
    """Copies made by the proxy, and those without an answer, by reason."""
    lost = {reason: count - before.lost[reason] for reason, count in after.lost.items()}
    counts = [after.copies - before.copies, *lost.values()]
    print_table(
        ("copies", "made", *(f"lost: {reason}" for reason in lost)),
        [("of all requests", *(f"{count:,}" for count in counts))],
    )


if __name__ == "__main__":
    sys.exit(main())
