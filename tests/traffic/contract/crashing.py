"""A process that is killed with SIGKILL at one of its calls to a proxy, before or after it.

Every target speaks HTTP to its proxy, so one place sees all of their calls.
"""

from __future__ import annotations

import http.client
import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phasegate.traffic.plan import TrafficPlan
from phasegate.traffic.target import TrafficTarget

_PROCESSES = multiprocessing.get_context("forkserver")
# Loaded once, in the process that all of them are forked from.
_PROCESSES.set_forkserver_preload([__name__, "kserve", "kubernetes.config"])
_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """Where a target is, for a process that knows nothing yet.

    Attributes:
        opens: opens the target; a function of a module.
        options: for it.
    """

    opens: Callable[..., TrafficTarget]
    options: Mapping[str, str]


def crashes(act: Callable[..., None], *args: Any) -> Iterator[int]:
    """Let processes do the same, one after the other, each killed one step later than the last.

    Args:
        act: function of a module.
        args: for it.

    Yields:
        The step at which a process was killed. It ends after the first that was not.
    """
    for step in itertools.count():
        process = _PROCESSES.Process(target=_run, args=(step, act, args))
        process.start()
        process.join(_SECONDS)
        assert process.exitcode is not None, "it hangs"
        if process.exitcode == 0:
            return
        assert process.exitcode == -signal.SIGKILL, f"step {step}: exit {process.exitcode}"
        yield step


def apply(place: Place, plan: TrafficPlan) -> None:
    """Apply a plan."""
    place.opens(**place.options).apply(plan)


def _run(step: int, act: Callable[..., None], args: tuple[Any, ...]) -> None:
    _die_at(step)
    act(*args)


def _die_at(step: int) -> None:
    """Die before call ``step / 2`` leaves, or after its answer is there and nobody has seen it."""
    steps = itertools.count()
    asked, answered = http.client.HTTPConnection.endheaders, http.client.HTTPConnection.getresponse

    def passes() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def endheaders(self: http.client.HTTPConnection, *args: Any, **options: Any) -> None:
        passes()
        asked(self, *args, **options)

    def getresponse(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = answered(self)
        passes()
        return response

    http.client.HTTPConnection.endheaders = endheaders  # type: ignore[method-assign]
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]


def open_envoy(folder: str) -> TrafficTarget:
    """The target of an Envoy's folder."""
    from phasegate.traffic.envoy.target import EnvoyTarget

    return EnvoyTarget(Path(folder))


def open_gateway(kubeconfig: str, namespace: str, name: str) -> TrafficTarget:
    """The target of a route on a cluster, whose models need no probe."""
    from phasegate.kubernetes.cluster import connect
    from phasegate.traffic.kserve.gateway import KServeGatewayTarget

    return KServeGatewayTarget(
        connect(kubeconfig), namespace, name, counts=lambda _: {}, probe=lambda _: None
    )
