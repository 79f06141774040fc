"""Releases step by step, by processes that die at one of their requests and others that go on."""

from __future__ import annotations

import http.client
import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from phasegate.traffic.kserve.slots import Deployment
from phasegate.traffic.plan import WHOLE, TrafficPlan

_PROCESSES = multiprocessing.get_context("forkserver")
# What a driver imports takes longer than what it does.
_PROCESSES.set_forkserver_preload(
    [
        __name__,
        "kserve",
        "kubernetes.client",
        "kubernetes.config",
        "phasegate.traffic.kserve.gateway",
        "phasegate.traffic.kserve.serverless",
    ]
)
_SECONDS = 180

# Three models as DIGEST=URI, for a cluster whose pods really fetch them.
GIVEN = [one for one in os.environ.get("PHASEGATE_TEST_MODELS", "").split(",") if one]


@dataclass(frozen=True)
class Site:
    """Where a release happens, for a process that knows nothing yet.

    Attributes:
        mode: ``gateway`` or ``serverless``.
        kubeconfig: of the account that releases.
        namespace: of the model.
        name: of the model.
    """

    mode: str
    kubeconfig: str
    namespace: str
    name: str

    def target(self) -> Any:
        """A new target. Nobody answers requests where there are no nodes: probes pass."""
        from phasegate.kubernetes.cluster import connect

        if self.mode == "gateway":
            from phasegate.traffic.kserve.gateway import KServeGatewayTarget as Target
        else:
            from phasegate.traffic.kserve.serverless import KServeServerlessTarget as Target
        cluster = connect(self.kubeconfig)
        return Target(cluster, self.namespace, self.name, counts=lambda _: {}, probe=lambda _: None)


@dataclass(frozen=True)
class Step:
    """What a release does in one go; it can be done again at any time.

    Attributes:
        name: for people.
        champion: number of the model that answers.
        challenger: number of the model that is tried; 0 is none.
        weight: the challenger's share, in basis points.
        mirror: share of copies, in basis points.
        deploys: number of a model that is put into a slot first; 0 is none.
        withdraws: number of a model whose slot becomes idle at last; 0 is none.
    """

    name: str
    champion: int
    challenger: int = 0
    weight: int = 0
    mirror: int = 0
    deploys: int = 0
    withdraws: int = 0


PROMOTED = (
    Step("the first model", 1, deploys=1),
    Step("shadow", 1, 2, mirror=WHOLE, deploys=2),
    Step("canary", 1, 2, weight=500, mirror=WHOLE),
    Step("ramp", 1, 2, weight=2500),
    Step("half", 1, 2, weight=5000),
    Step("bake", 1, 2, weight=WHOLE),
    Step("promote", 2, withdraws=1),
)
ROLLED_BACK = (
    Step("shadow again", 2, 3, mirror=WHOLE, deploys=3),
    Step("canary again", 2, 3, weight=1000, mirror=WHOLE),
    Step("roll back", 2, 3),
    Step("clear away", 2, withdraws=3),
)


def model(name: str, number: int) -> Deployment:
    """A model, told from others by its number; real ones where `GIVEN` names them."""
    digest = f"{number:02x}" * 32
    uri = f"gs://example-bucket/models/{digest}"
    if GIVEN:
        digest, _, uri = GIVEN[number - 1].partition("=")
    return Deployment(name, f"{name}/{number}", digest, uri)


def slot(number: int) -> str:
    """How a model's slot is named in plans."""
    return model("", number).digest[:12]


def carry_out(site: Site, step: Step) -> None:
    """Do a step, whatever of it was done before."""
    target = site.target()
    if step.deploys:
        target.deploy(model(site.name, step.deploys))
    champion = target.backend(slot(step.champion))
    assert champion is not None, f"{step.champion} is not ready"
    challenger = target.backend(slot(step.challenger)) if step.challenger else None
    target.apply(TrafficPlan(champion, challenger, weight=step.weight, mirror=step.mirror))
    if step.withdraws:
        target.withdraw(slot(step.withdraws))


def with_deaths(site: Site, step: Step) -> Iterator[int]:
    """Let processes carry a step out; each dies at a later point of it than the last.

    Yields:
        The point at which one was killed. It ends after the first that was not.
    """
    for point in (0, 1, 3, 6, 10, 16, 24, 40, 64, 1 << 30):
        process = _PROCESSES.Process(target=_run, args=(point, site, step))
        process.start()
        process.join(_SECONDS)
        assert process.exitcode is not None, "it hangs"
        if process.exitcode == 0:
            return
        assert process.exitcode == -signal.SIGKILL, f"point {point}: exit {process.exitcode}"
        yield point


def _run(point: int, site: Site, step: Step) -> None:
    points = itertools.count()
    asked, answered = http.client.HTTPConnection.endheaders, http.client.HTTPConnection.getresponse

    def passes() -> None:
        if next(points) == point:
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
    carry_out(site, step)
