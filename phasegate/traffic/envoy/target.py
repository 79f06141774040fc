"""`EnvoyTarget`: a plan carried out by a running Envoy, without restart and without a lost request.

Envoy reads clusters and routes from two files. New clusters go in first and are warm before a
route names them; old ones go out when no route names them and their last request is answered.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Set
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.traffic.envoy import kill
from phasegate.traffic.envoy.admin import Admin
from phasegate.traffic.envoy.bootstrap import STATISTICS
from phasegate.traffic.envoy.clusters import clusters, require_ip
from phasegate.traffic.envoy.folder import Folder
from phasegate.traffic.envoy.observation import counter_pattern, plan_in_force, traffic_state
from phasegate.traffic.envoy.routes import REQUEST_SECONDS, ROUTES, routes
from phasegate.traffic.envoy.subscription import Refused, Subscription
from phasegate.traffic.envoy.waiting import awaited
from phasegate.traffic.plan import TrafficPlan
from phasegate.traffic.state import TrafficState

_WARM_SECONDS = 15
# Envoy hands new routes to its worker threads one after the other, within milliseconds.
_SETTLE_SECONDS = 0.05


class EnvoyTarget:
    """Works from any process on Envoy's machine; see `phasegate.traffic.target.TrafficTarget`.

    Args:
        folder: the folder that Envoy was started in.
        admin: ``IP:PORT`` of its admin interface; read from the folder when None.
    Raises:
        Unavailable: when no address is given and no Envoy was started in the folder.
    """

    def __init__(self, folder: Path, admin: str | None = None) -> None:
        self._folder = Folder(folder)
        self._admin = Admin(admin or self._folder.admin())
        log = self._folder.log
        self._clusters = Subscription(
            self._folder.clusters, log, self._admin, "cluster_manager.cds"
        )
        self._routes = Subscription(
            self._folder.routes, log, self._admin, f"http.{STATISTICS}.rds.{ROUTES}"
        )

    def apply(self, plan: TrafficPlan) -> None:
        """Make traffic follow the plan; returns once it does, and backends that left are idle.

        Raises:
            BadInput: when Envoy refuses it; traffic, and the plan that is kept, are as they were.
            Unavailable: when Envoy does not answer; it follows the plan when it starts again.
        """
        with self._folder.lock():
            self._apply(plan, self._folder.plan())

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        """Apply what a function makes of the plan that is kept, and nobody else in between.

        Returns:
            The new plan.

        Raises:
            BadInput: when there is no plan, or see `apply`.
            Unavailable: see `apply`.
        """
        with self._folder.lock():
            previous = self._kept()
            plan = change(previous)
            self._apply(plan, previous)
        return plan

    def observe(self) -> TrafficState:
        """What traffic is like now.

        Raises:
            Unavailable: when Envoy does not answer.
        """
        routes = self._admin.routes()
        plan = plan_in_force(routes)
        return traffic_state(
            plan,
            version=routes["version_info"],
            killed=self._admin.switch(kill.SPLIT_KEY) == "0",
            hosts=self._admin.hosts(),
            counters=self._admin.statistics(counter_pattern(plan)),
        )

    def kill(self) -> None:
        """Let the champion answer everything, now, and stop copies; needs no lock.

        Raises:
            Unavailable: when Envoy does not answer; it starts killed then.
        """
        kill.kill(self._admin.address, self._folder.path)

    def revive(self) -> None:
        """End a kill: traffic follows the last plan again.

        Raises:
            BadInput: when there is no plan, or Envoy refuses it.
            Unavailable: when Envoy does not answer.
        """
        with self._folder.lock():
            plan = self._kept().revive()
            self._converge(plan)
            self._folder.keep_plan(plan)
            kill.forget(self._folder.path)
            self._admin.set_switch(kill.SPLIT_KEY, "100")

    def _kept(self) -> TrafficPlan:
        plan = self._folder.plan()
        if plan is None:
            raise BadInput("there is no traffic plan", where=str(self._folder.path))
        return plan

    def _apply(self, plan: TrafficPlan, previous: TrafficPlan | None) -> None:
        """Keep the plan and follow it, with the folder's lock held."""
        require_ip(plan)
        self._folder.keep_plan(plan)
        try:
            if plan.killed or self._is_killed():
                plan = plan.kill()
                self._folder.keep_plan(plan)
                self.kill()
            self._converge(plan)
        except Refused:
            if previous is not None:
                self._folder.keep_plan(previous)
            raise

    def _is_killed(self) -> bool:
        return kill.is_kept(self._folder.path) or self._admin.switch(kill.SPLIT_KEY) == "0"

    def _converge(self, plan: TrafficPlan) -> None:
        """Do what is missing, whatever an earlier call has left half done."""
        wanted = clusters(plan)
        staying = {cluster["name"] for cluster in wanted}
        active = {cluster["name"] for cluster in self._admin.clusters()}
        leaving = [
            cluster for cluster in self._clusters.resources() if cluster["name"] in active - staying
        ]
        self._clusters.publish(wanted + leaving)
        self._await_warm()
        self._routes.publish([routes(plan, kill.SPLIT_KEY)])
        if leaving:
            self._await_idle({cluster["name"] for cluster in leaving})
            self._clusters.publish(wanted)

    def _await_warm(self) -> None:
        """Wait until new clusters know whether their backend is healthy."""
        warming = "cluster_manager.warming_clusters"

        def warm() -> bool:
            return self._admin.statistics(f"^{warming}$").get(warming, "0") == "0"

        awaited(warm, _WARM_SECONDS, "new backends are not checked")

    def _await_idle(self, names: Set[str]) -> None:
        """Wait until every request of these clusters is answered, or too late anyway."""
        pattern = rf"^cluster\.({'|'.join(map(re.escape, names))})\.upstream_rq_(pending_)?active$"

        def idle() -> bool:
            return not any(int(value) for value in self._admin.statistics(pattern).values())

        def settled() -> bool:
            if not idle():
                return False
            time.sleep(_SETTLE_SECONDS)
            return idle()

        awaited(settled, REQUEST_SECONDS, "requests to a backend that leaves do not end")
