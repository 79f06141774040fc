"""`KServeGatewayTarget`: a plan carried out by an HTTPRoute between two InferenceServices.

All that decides about traffic is on the route, and is written there in one server-side apply:
rules, plan and kill switch. Pods are not touched when weights move, so that the way back is one
write and the model that it leads to is warm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import Cluster, Manifest
from phasegate.traffic.kserve import probing
from phasegate.traffic.kserve.counts import Pages, PodPages
from phasegate.traffic.kserve.deploying import Deploying
from phasegate.traffic.kserve.keeping import Kept, applied, own_rules, rules_in
from phasegate.traffic.kserve.moving import edits, gaining, respect
from phasegate.traffic.kserve.observing import Pods, traffic_state, with_real_challenger
from phasegate.traffic.kserve.reading import Slots
from phasegate.traffic.kserve.route import only_the_first, rules_of
from phasegate.traffic.kserve.routing import Route
from phasegate.traffic.kserve.shares import Shares, shares_of, version_of
from phasegate.traffic.kserve.slots import Deployment, predictor, service_of, slot_names
from phasegate.traffic.plan import Backend, TrafficPlan
from phasegate.traffic.state import TrafficState


class KServeGatewayTarget:
    """See `phasegate.traffic.target.TrafficTarget`, and `phasegate.traffic.addresses` for the rest.

    Gateway API asks nobody else when the challenger fails, so `TrafficState.fallbacks` is 0.

    Args:
        cluster: where the route and the slots are.
        namespace: their namespace.
        name: of the route and of the model; slots are ``NAME-a`` and ``NAME-b``.
        counts: reads the metrics pages of a Service's pods; None asks the pods themselves.
        probe: asks a model something real; raises where it does not answer. None asks for the
            score of a row without values.
        ready_seconds: for how long a model may take to become ready.
        probe_seconds: for how long one that is ready may take to answer.
        route_seconds: for how long a gateway may take to follow the route.
        refusal_seconds: for how long a gateway may refuse a route before that is believed: one
            that has not heard of a new Service yet says so.
        domain: of the cluster's names.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        *,
        counts: Pages | None = None,
        probe: Callable[[Backend], None] | None = None,
        ready_seconds: float = 600.0,
        probe_seconds: float = 30.0,
        route_seconds: float = 30.0,
        refusal_seconds: float = 2.0,
        domain: str = "cluster.local",
    ) -> None:
        self._namespace, self._name = namespace, name
        self._route = Route(cluster, namespace, name, route_seconds, refusal_seconds)
        self._pods = Pods(counts or PodPages(cluster, namespace), self._service)
        self._slots = Slots(cluster, namespace, name, probe=probe or probing.ask, domain=domain)
        self._deploying = Deploying(
            self._slots, ready_seconds=ready_seconds, probe_seconds=probe_seconds
        )

    def apply(self, plan: TrafficPlan) -> None:
        """Make traffic follow the plan; returns once every gateway says that it does.

        Raises:
            BadInput: the cluster or a gateway refuses it, a model that is to get more does not
                answer, or somebody edited the route and that is to be respected; traffic is as it
                was.
            Unavailable: the cluster does not answer, or a gateway does not follow yet; the plan is
                kept for when it does.
        """
        self._write(lambda _: plan)

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        """Apply what a function makes of the plan that is kept, and nobody else in between.

        The function is called again when somebody else was faster.

        Raises:
            BadInput: there is no plan, or see `apply`.
            Unavailable: see `apply`.
        """
        return self._write(lambda kept: change(self._present(kept)))

    def observe(self) -> TrafficState:
        """What traffic is like now, whoever made it so.

        Raises:
            BadInput: there is no route, or no plan on it.
            Unavailable: the cluster does not answer, or a gateway does not follow the route.
        """
        route = self._route.taken(self._route.read())
        kept = Kept.of(route)
        plan = self._present(kept.plan)
        found = shares_of(rules_in(route), self._name)
        slots = self._slots.read()
        shown = with_real_challenger(plan, found, slots, self._service, self._slots.backend_in)
        self._pods.look(shown.champion, shown.challenger)
        return traffic_state(
            kept,
            shown,
            found,
            version=version_of(rules_in(route)),
            drift=self._told(route, kept, found),
            service=self._service,
            healthy=lambda backend: self._slots.answers(backend, slots),
            counted=self._pods.counted,
        )

    def kill(self) -> None:
        """Let the champion answer everything, now, and stop copies: one write to the route.

        It needs no plan that can be read, and no model to be ready.

        Raises:
            BadInput: there is no route, or the cluster refuses.
            Unavailable: the cluster does not answer; or a gateway does not follow yet, and the
                route says champion only.
        """

        def killed(route: Manifest) -> dict[str, Any]:
            try:
                kept = Kept.of(route)
                plan = kept.plan.kill() if kept.plan else None
                rules = rules_of(plan, self._service) if plan else own_rules(route)
            except BadInput:
                kept, plan, rules = Kept(), None, only_the_first(rules_in(route), self._name)
            return applied(route, replace(kept, plan=plan, killed=True), rules)

        self._route.write(killed)

    def revive(self) -> None:
        """End a kill: traffic follows the last plan again.

        Raises:
            BadInput: there is no plan, or see `apply`.
            Unavailable: see `apply`.
        """
        self._write(lambda kept: self._present(kept).revive(), revives=True)

    def backend(self, slot: str) -> Backend | None:
        """Who serves a model, by its digest's first 12 digits, ready; None where nobody does."""
        return self._slots.backend(slot)

    def deploy(self, model: Deployment) -> Backend:
        """Serve a model in the slot without traffic, and wait until it answered a real request.

        It may be called again at any time: what was done already is not done again.

        Raises:
            BadInput: both slots have traffic, the cluster refuses, or the model cannot be served.
            Unavailable: it is not ready or does not answer in time; traffic is as it was.
        """
        self._route.read()
        backend = self._deploying.deploy(model, lambda: self._used(planned=True))
        self._note_answer(model.slot)
        return backend

    def withdraw(self, slot: str) -> None:
        """Serve a model no more: its slot becomes idle.

        Args:
            slot: first 12 digits of the model's digest.

        Raises:
            BadInput: it has traffic, is the champion, or the cluster refuses.
        """
        self._deploying.withdraw(slot, lambda: self._used(planned=False))

    def _write(
        self, change: Callable[[TrafficPlan | None], TrafficPlan], *, revives: bool = False
    ) -> TrafficPlan:
        """Write what a function makes of the kept plan, by compare-and-set."""
        answered: set[str] = set()
        plan: TrafficPlan | None = None
        gained: list[Backend] = []

        def planned(route: Manifest) -> dict[str, Any]:
            nonlocal plan
            kept = Kept.of(route)
            plan = change(kept.plan)
            killed = plan.killed or (kept.killed and not revives)
            heeded = replace(plan, killed=killed)
            rules = rules_of(heeded, self._service)
            found = shares_of(rules_in(route), self._name)
            respect(route, heeded, self._told(route, kept, found))
            gained[:] = gaining(heeded, kept.plan, found, self._service)
            for backend in gained:
                self._slots.require_answer(
                    backend, probed=backend.name in kept.answered or backend.name in answered
                )
                answered.add(backend.name)
            known = tuple(sorted({*kept.answered, *answered}))
            new = Kept(heeded, killed, known, self._pods.since(kept.counts, heeded))
            return applied(route, new, rules)

        self._route.write(planned, confirm=lambda: self._slots.require_served(gained))
        assert plan is not None
        return plan

    def _note_answer(self, slot: str) -> None:
        """Keep on the route that a model has answered; forget models that are served no more."""

        def noted(route: Manifest) -> dict[str, Any]:
            kept = Kept.of(route)
            known = {*kept.answered, slot} & self._slots.served()
            return applied(route, replace(kept, answered=tuple(sorted(known))), own_rules(route))

        self._route.write(noted, waits=False)

    def _told(self, route: Manifest, kept: Kept, found: Shares) -> str:
        if kept.plan is None:
            return ""
        wanted = rules_of(replace(kept.plan, killed=kept.killed), self._service)
        return edits(route, found, shares_of(wanted, self._name))

    def _used(self, *, planned: bool) -> set[str]:
        """Slots that the route leads to, or will when a kill ends, or that a plan merely names."""
        route = self._route.read()
        plan = Kept.of(route).plan
        services = shares_of(rules_in(route), self._name).services()
        if plan is not None:
            services.add(self._service(plan.champion))
            if plan.challenger is not None and (planned or plan.weight or plan.mirror):
                services.add(self._service(plan.challenger))
        return {slot for slot in slot_names(self._name) if predictor(slot) in services}

    def _present(self, plan: TrafficPlan | None) -> TrafficPlan:
        if plan is None:
            raise BadInput(
                "there is no traffic plan", where=self._route.where, fix="apply the first one"
            )
        return plan

    def _service(self, backend: Backend) -> str:
        return service_of(backend, self._namespace)
