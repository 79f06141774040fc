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
_PROCESSES.set_forkserver_preload([__name__])
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


def crashes(place: Place, plan: TrafficPlan) -> Iterator[int]:
    """Apply a plan in one process after the other, each killed one step later than the last.

    Yields:
        The step at which a process was killed, while nobody else does anything. It ends after the
        first process that was not.
    """
    for step in itertools.count():
        process = _PROCESSES.Process(target=_apply, args=(place, plan.to_json(), step))
        process.start()
        process.join(_SECONDS)
        assert process.exitcode is not None, "it hangs"
        if process.exitcode == 0:
            return
        assert process.exitcode == -signal.SIGKILL, f"step {step}: exit {process.exitcode}"
        yield step


def _apply(place: Place, plan: Mapping[str, Any], step: int) -> None:
    target = place.opens(**place.options)
    _die_at(step)
    target.apply(TrafficPlan.from_json(plan))


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
