"""`KServeServerlessTarget`: a plan carried out by one field of one InferenceService.

A plan is written down before KServe is told, so that whoever dies in between leaves something
that the next one can complete; only what goes back to the champion is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, Manifest, Stale
from phasegate.kubernetes.kinds import INFERENCE_SERVICE, KNATIVE_REVISION
from phasegate.traffic.kserve.counts import Counted, Pages
from phasegate.traffic.kserve.keeping import CORRECT, DRIFT, RESPECT
from phasegate.traffic.kserve.probing import ask
from phasegate.traffic.kserve.serverless.counting import RevisionCounts, RevisionPages
from phasegate.traffic.kserve.serverless.deploying import champion_again, deployed, deployment
from phasegate.traffic.kserve.serverless.keeping import Keeping, Kept
from phasegate.traffic.kserve.serverless.observing import drift, in_force, shares_of, traffic_state
from phasegate.traffic.kserve.serverless.percent import percent_of
from phasegate.traffic.kserve.serverless.replay import Shadow
from phasegate.traffic.kserve.serverless.replayed import read_replayed
from phasegate.traffic.kserve.serverless.standing import (
    Standing,
    editors,
    revision_names,
    standing_of,
)
from phasegate.traffic.plan import Backend, TrafficPlan, effective
from phasegate.traffic.state import TrafficState

if TYPE_CHECKING:
    from phasegate.traffic.kserve.slots import Deployment

_ATTEMPTS = 20
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
        route_seconds: float = 60.0,
        domain: str = "cluster.local",
    ) -> None:
        self._cluster, self._namespace, self._name = cluster, namespace, name
        self._counts, self._probe = (
            RevisionCounts(counts or RevisionPages(cluster, namespace)),
            probe,
        )
        self._ready_seconds, self._route_seconds = ready_seconds, route_seconds
        self._domain = domain
        self._keeping = Keeping(cluster, namespace, name)
        self._where = f"InferenceService {namespace}/{name}"

    def apply(self, plan: TrafficPlan) -> None:
        """See `TrafficTarget.apply`.

        Raises:
            BadInput: KServe cannot do it or refuses it; traffic and the plan are as they were.
            Unavailable: the cluster does not answer, or the newest revision is not ready.
        """
        self._change(lambda _: plan)

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        """See `TrafficTarget.change`."""

        def changed(previous: TrafficPlan | None) -> TrafficPlan:
            if previous is None:
                raise BadInput("there is no traffic plan", where=self._keeping.where)
            return change(previous)

        return self._change(changed)

    def observe(self) -> TrafficState:
        """What Knative routes, and what a plan says of the rest; see `TrafficTarget.observe`."""
        kept = self._keeping.read()
        service = self._service()
        standing = self._standing(service)
        return traffic_state(
            kept,
            standing,
            lambda slot: self._backend(standing, slot),
            lambda slot: self._counted(standing, slot),
            partial(read_replayed, self._cluster, self._namespace, self._name),
            drift(kept, standing, editors(service)),
        )

    def kill(self) -> None:
        """See `TrafficTarget.kill`: traffic first, then it is written down."""
        for _ in range(_ATTEMPTS):
            kept = self._keeping.read()
            plan = kept.plan.kill() if kept.plan else None
            try:
                refusal = self._cut(plan)
                self._keeping.write(plan, True, kept)
            except Stale:
                continue
            if refusal is not None:
                raise refusal
            if plan is not None:
                self._converge()
                self._await(plan)
            return
        raise self._contended()

    def revive(self) -> None:
        """See `TrafficTarget.revive`."""
        for _ in range(_ATTEMPTS):
            kept = self._keeping.read()
            if kept.plan is None:
                raise BadInput("there is no traffic plan", where=self._keeping.where)
            plan = kept.plan.revive()
            percent_of(plan, self._standing(self._service()))
            try:
                written = self._keeping.write(plan, False, kept, before=kept.plan)
            except Stale:
                continue
            self._follow(plan, kept, written)
            return
        raise self._contended()

    def backend(self, slot: str) -> Backend | None:
        """Who serves a model that traffic can be sent to, ready; None where nobody does.

        A revision that only Knative still knows is none: KServe cannot go back to it.
        """
        standing = self._standing(self._service())
        return None if standing.serving(slot) is None else self._backend(standing, slot)

    def deploy(self, model: Deployment) -> Backend:
        """Make a model the newest one, with no traffic, and wait until it answered.

        It may be called again at any time. Where no model answered yet, this one does at once.

        Raises:
            BadInput: another challenger's release is under way, or KServe refuses it.
            Unavailable: it does not become ready, or does not answer.
        """
        for _ in range(_ATTEMPTS):
            service = self._service()
            patch = deployment(model, self._standing(service), self._keeping.read())
            if patch is None:
                break
            try:
                self._patch(service, patch)
            except Stale:
                continue
            break
        else:
            raise self._contended()
        return self._answering(model.digest)

    def withdraw(self, slot: str) -> None:
        """Serve a model no more: the champion's becomes the newest one again.

        Raises:
            BadInput: it is the champion, or has a share.
            Unavailable: the champion's new revision does not become ready.
        """
        standing, kept = self._standing(self._service()), self._keeping.read()
        again = champion_again(slot, standing, kept)
        if again is not None:
            self.deploy(again)
        elif kept.plan is None or kept.plan.champion.name != standing.slot:
            return
        if kept.plan is not None:
            self._await(self._converge())

    def shadow(self) -> Shadow | None:
        """Which copies the plan in force wants; None where it wants none, or nobody can get them.

        Raises:
            BadInput: what is kept is no plan.
            Unavailable: the cluster does not answer.
        """
        kept, standing = self._keeping.read(), self._standing(self._service())
        plan = in_force(kept, standing)
        if plan is None or plan.challenger is None or kept.killed or not effective(plan).mirror:
            return None
        slot = plan.challenger.name
        if standing.serving(slot) is None:
            return None
        return Shadow(plan.champion.name, self._backend(standing, slot), plan.mirror)

    def _change(self, change: Callable[[TrafficPlan | None], TrafficPlan]) -> TrafficPlan:
        for _ in range(_ATTEMPTS):
            kept = self._keeping.read()
            plan = change(kept.plan)
            if kept.killed:
                plan = plan.kill()
            service = self._service()
            standing = self._standing(service)
            percent = percent_of(plan, standing)
            self._respect(service, plan, kept, standing)
            try:
                if percent != standing.percent and _is_way_back(plan, kept.plan):
                    self._patch(service, _percent(percent))
                written = kept
                if plan != kept.plan:
                    before = in_force(kept, standing)
                    written = self._keeping.write(plan, plan.killed, kept, before=before)
            except Stale:
                continue
            return self._follow(plan, kept, written)
        raise self._contended()

    def _respect(
        self, service: Manifest, plan: TrafficPlan, kept: Kept, standing: Standing
    ) -> None:
        """Leave a percentage alone that a person set, where the overlay asks for that.

        A plan that takes the challenger's share is carried out all the same.

        Raises:
            BadInput: it is left alone.
        """
        policy = (service["metadata"].get("annotations") or {}).get(DRIFT, CORRECT)
        if policy not in (CORRECT, RESPECT):
            raise BadInput(
                f"{DRIFT} is '{policy}'", where=self._where, expected=f"{CORRECT} or {RESPECT}"
            )
        if policy == CORRECT or not effective(plan).weight:
            return
        if told := drift(kept, standing, editors(service)):
            raise BadInput(
                f"{told}; left alone, as its annotation {DRIFT} says",
                where=self._where,
                fix=f"undo that, or set the annotation to {CORRECT}",
            )

    def _follow(self, plan: TrafficPlan, previous: Kept, written: Kept) -> TrafficPlan:
        """Do what is written; where KServe refuses it, what was written before is again."""
        try:
            kept = self._converge()
        except Unavailable:
            raise
        except BadInput:
            if previous.plan is not None and written.version != previous.version:
                self._keeping.write(previous.plan, previous.killed, written)
            raise
        self._await(kept)
        return plan

    def _converge(self) -> TrafficPlan:
        """Make the field what the kept plan asks for, until both are seen to agree."""
        for _ in range(_ATTEMPTS):
            kept = self._keeping.read()
            service = self._service()
            standing = self._standing(service)
            if kept.plan is None:
                raise Unavailable("the plan is gone", where=self._keeping.where)
            percent = percent_of(kept.plan, standing)
            if percent != standing.percent:
                try:
                    self._patch(service, _percent(percent))
                except Stale:
                    continue
            if self._keeping.read().version == kept.version:
                return kept.plan
        raise self._contended()

    def _cut(self, plan: TrafficPlan | None) -> BadInput | None:
        """Take everything from the challenger.

        Returns:
            Why that cannot be done.
        """
        service = self._service()
        standing = self._standing(service)
        if plan is None:
            newest = standing.ready == standing.rolled_out
            percent = standing.percent if newest or standing.percent is None else 0
        else:
            try:
                percent = percent_of(plan, standing)
            except BadInput as refusal:
                return refusal
        if percent != standing.percent:
            self._patch(service, _percent(percent))
        return None

    def _await(self, plan: TrafficPlan) -> None:
        """Wait until Knative routes what a plan says, for as long as it is the one that counts."""
        wanted = shares_of(plan)

        def followed(service: Manifest | None) -> bool:
            if service is not None and self._standing(service).shares() == wanted:
                return True
            return self._keeping.read().plan != plan  # somebody wants something else by now

        self._cluster.await_(
            INFERENCE_SERVICE,
            self._namespace,
            self._name,
            followed,
            self._route_seconds,
            f"Knative routes {_told(wanted)}",
        )

    def _answering(self, digest: str) -> Backend:
        standing = deployed(
            self._cluster, self._namespace, self._name, digest, self._standing, self._ready_seconds
        )
        backend = self._backend(standing, digest[:12])
        self._probe(backend)
        if not self._standing(self._service()).answers:
            raise Unavailable(
                f"{digest[:12]} answered once, and is not ready any more", where=self._where
            )
        return backend

    def _backend(self, standing: Standing, slot: str) -> Backend:
        found = standing.serving(slot)
        host = found.name if found else slot
        return Backend(slot, f"{host}.{self._namespace}.svc.{self._domain}:{_PORT}", self._name)

    def _counted(self, standing: Standing, slot: str) -> Counted:
        found = standing.serving(slot)
        return self._counts(found.name, self._name, slot) if found else Counted()

    def _service(self) -> Manifest:
        found = self._cluster.get(INFERENCE_SERVICE, self._namespace, self._name)
        if found is None:
            raise BadInput("it is not there", where=self._where, fix="apply the serverless overlay")
        return found

    def _standing(self, service: Mapping[str, Any]) -> Standing:
        names = revision_names(service)
        get = self._cluster.get
        return standing_of(service, [get(KNATIVE_REVISION, self._namespace, one) for one in names])

    def _patch(self, service: Manifest, patch: Mapping[str, Any]) -> None:
        about = {**patch.get("metadata", {})}
        about["resourceVersion"] = service["metadata"]["resourceVersion"]
        whole = {**patch, "metadata": about}
        self._cluster.merge(INFERENCE_SERVICE, self._namespace, self._name, whole)

    def _contended(self) -> Unavailable:
        return Unavailable("others change traffic all the time", where=self._where)


def _percent(percent: int | None) -> dict[str, Any]:
    return {"spec": {"predictor": {"canaryTrafficPercent": percent}}}


def _is_way_back(plan: TrafficPlan, previous: TrafficPlan | None) -> bool:
    """Whether a plan gives everything to who was the champion already: that is done at once."""
    kept = previous is not None and plan.champion.name == previous.champion.name
    return kept and not effective(plan).weight


def _told(shares: Mapping[str, int]) -> str:
    return ", ".join(f"{share / 100:g} % to {slot}" for slot, share in sorted(shares.items()))
