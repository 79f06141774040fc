"""`KServeServerlessTarget`: a plan carried out by one field of one InferenceService.

A plan is written down before KServe is told, so that whoever dies in between leaves something
that the next one can complete; only what goes back to the champion is told at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, Stale
from phasegate.traffic.kserve.counts import Counted, Pages
from phasegate.traffic.kserve.probing import ask
from phasegate.traffic.kserve.serverless.counting import RevisionCounts, RevisionPages
from phasegate.traffic.kserve.serverless.deploying import (
    champion_again,
    deployed,
    deployment,
    probed,
)
from phasegate.traffic.kserve.serverless.keeping import Keeping
from phasegate.traffic.kserve.serverless.observing import drift, in_force, traffic_state
from phasegate.traffic.kserve.serverless.percent import percent_of
from phasegate.traffic.kserve.serverless.replay import Shadow
from phasegate.traffic.kserve.serverless.replayed import read_replayed
from phasegate.traffic.kserve.serverless.service import ATTEMPTS, Service
from phasegate.traffic.kserve.serverless.standing import Standing, editors
from phasegate.traffic.kserve.serverless.traffic import Traffic
from phasegate.traffic.plan import Backend, TrafficPlan, effective
from phasegate.traffic.state import TrafficState

if TYPE_CHECKING:
    from phasegate.traffic.kserve.slots import Deployment

_PORT = 80


class KServeServerlessTarget:
    """See `phasegate.traffic.target.TrafficTarget`, and `ClusterTarget` for the rest.

    Knative draws the model for each request anew: no entity sticks to one, and nobody else is
    asked when a revision fails. A model that has no share any more has no pods after a while:
    going back to it from 100 % makes the first requests wait for one.

    Args:
        cluster: where the InferenceService is.
        namespace: its namespace.
        name: its name, which the models are served under too.
        counts: reads the metrics pages of a revision's pods; None asks the pods themselves.
        probe: asks a model that was deployed something real; raises where it does not answer.
        ready_seconds: for how long a revision may become ready.
        probe_seconds: for how long one that is ready may take to answer.
        route_seconds: for how long Knative may take to follow.
        domain: of the cluster.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        *,
        counts: Pages | None = None,
        probe: Callable[[Backend], None] = ask,
        ready_seconds: float = 600.0,
        probe_seconds: float = 30.0,
        route_seconds: float = 60.0,
        domain: str = "cluster.local",
    ) -> None:
        self._cluster, self._namespace, self._name = cluster, namespace, name
        self._counts = RevisionCounts(counts or RevisionPages(cluster, namespace))
        self._probe, self._domain = probe, domain
        self._ready_seconds, self._probe_seconds = ready_seconds, probe_seconds
        self._service = Service(cluster, namespace, name)
        self._keeping = Keeping(cluster, namespace, name)
        self._traffic = Traffic(self._service, self._keeping, route_seconds)

    def apply(self, plan: TrafficPlan) -> None:
        """See `TrafficTarget.apply`.

        Raises:
            BadInput: KServe cannot do it or refuses it; traffic and the plan are as they were.
            Unavailable: the cluster does not answer, or the newest revision is not ready.
        """
        self._traffic.change(lambda _: plan)

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        """See `TrafficTarget.change`."""

        def changed(previous: TrafficPlan | None) -> TrafficPlan:
            if previous is None:
                raise BadInput("there is no traffic plan", where=self._keeping.where)
            return change(previous)

        return self._traffic.change(changed)

    def observe(self) -> TrafficState:
        """What Knative routes, and what a plan says of the rest; see `TrafficTarget.observe`."""
        kept = self._keeping.read()
        service = self._service.read()
        standing = self._service.standing(service)
        return traffic_state(
            kept,
            standing,
            lambda slot: self._backend(standing, slot),
            lambda slot: self._counted(standing, slot),
            partial(read_replayed, self._cluster, self._namespace, self._name),
            drift(kept, standing, editors(service)),
        )

    def kill(self) -> None:
        """See `TrafficTarget.kill`: traffic first, then it is written down.

        Last, writers who have read what was kept before find the InferenceService changed.
        """
        for _ in range(ATTEMPTS):
            try:
                kept = self._keeping.read()
                plan = kept.plan.kill() if kept.plan else None
                refusal = self._traffic.cut(plan)
                self._keeping.write(plan, True, kept)
                self._service.fence()
            except Stale:
                continue
            except Unavailable:
                raise
            except BadInput:  # what is kept cannot be read or written: users come first
                self._traffic.cut(None)
                raise
            if refusal is not None:
                raise refusal
            if plan is not None:
                self._traffic.converge()
                self._traffic.settle(plan)
            return
        raise self._service.contended()

    def revive(self) -> None:
        """See `TrafficTarget.revive`."""
        for _ in range(ATTEMPTS):
            kept = self._keeping.read()
            if kept.plan is None:
                raise BadInput("there is no traffic plan", where=self._keeping.where)
            plan = kept.plan.revive()
            percent_of(plan, self._service.standing(self._service.read()))
            try:
                written = self._keeping.write(plan, False, kept, before=kept.plan)
            except Stale:
                continue
            self._traffic.follow(plan, kept, written)
            return
        raise self._service.contended()

    def backend(self, slot: str) -> Backend | None:
        """Who serves a model that traffic can be sent to, ready; None where nobody does.

        A revision that only Knative still knows is none: KServe cannot go back to it.
        """
        standing = self._service.standing(self._service.read())
        return None if standing.serving(slot) is None else self._backend(standing, slot)

    def deploy(self, model: Deployment) -> Backend:
        """Make a model the newest one, with no traffic, and wait until it answered.

        It may be called again at any time. Where no model answered yet, this one does at once.

        Raises:
            BadInput: another challenger's release is under way, or KServe refuses it.
            Unavailable: it does not become ready, or does not answer.
        """
        for _ in range(ATTEMPTS):
            service = self._service.read()
            patch = deployment(model, self._service.standing(service), self._keeping.read())
            if patch is None:
                break
            try:
                self._service.patch(service, patch)
            except Stale:
                continue
            break
        else:
            raise self._service.contended()
        return self._answering(model.digest)

    def withdraw(self, slot: str) -> None:
        """Serve a model no more: the champion's becomes the newest one again.

        Raises:
            BadInput: it is the champion, or has a share.
            Unavailable: the champion's new revision does not become ready.
        """
        standing, kept = self._service.standing(self._service.read()), self._keeping.read()
        again = champion_again(slot, standing, kept)
        if again is not None:
            self.deploy(again)
        elif kept.plan is None or kept.plan.champion.name != standing.slot:
            return
        if kept.plan is not None:
            self._traffic.settle(self._traffic.converge())

    def shadow(self) -> Shadow | None:
        """Which copies the plan in force wants; None where it wants none, or nobody can get them.

        Raises:
            BadInput: what is kept is no plan.
            Unavailable: the cluster does not answer.
        """
        kept, standing = self._keeping.read(), self._service.standing(self._service.read())
        plan = in_force(kept, standing)
        if plan is None or plan.challenger is None or kept.killed or not effective(plan).mirror:
            return None
        slot = plan.challenger.name
        if standing.serving(slot) is None:
            return None
        return Shadow(plan.champion.name, self._backend(standing, slot), plan.mirror)

    def _answering(self, digest: str) -> Backend:
        standing = deployed(self._service, digest, self._ready_seconds)
        backend = self._backend(standing, digest[:12])
        probed(self._probe, backend, self._probe_seconds)
        if not self._service.standing(self._service.read()).answers:
            raise Unavailable(
                f"{digest[:12]} answered once, and is not ready any more", where=self._service.where
            )
        return backend

    def _backend(self, standing: Standing, slot: str) -> Backend:
        found = standing.known(slot)
        host = found.name if found else slot
        return Backend(slot, f"{host}.{self._namespace}.svc.{self._domain}:{_PORT}", self._name)

    def _counted(self, standing: Standing, slot: str) -> Counted:
        found = standing.known(slot)
        return self._counts(found.name, self._name, slot) if found else Counted()
