"""The route on the cluster: written by compare-and-set, and awaited until gateways follow it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, Manifest, Stale
from phasegate.kubernetes.kinds import HTTP_ROUTE
from phasegate.traffic.kserve.acceptance import acceptance
from phasegate.traffic.kserve.keeping import is_applied, ours, rules_in

_ATTEMPTS = 40
_PAUSE_SECONDS = 0.05


class RouteRefused(BadInput):
    """A gateway does not accept the route."""


class Route:
    """The HTTPRoute of a model.

    Args:
        cluster: where it is.
        namespace: that it is in.
        name: of it.
        seconds: for how long a gateway may take to follow it.
        refusal_seconds: for how long a gateway may refuse it before that is believed.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        seconds: float,
        refusal_seconds: float,
    ) -> None:
        self._cluster, self._namespace, self._name = cluster, namespace, name
        self._seconds, self._refusal_seconds = seconds, refusal_seconds
        self.where = f"HTTPRoute {namespace}/{name}"

    def read(self) -> Manifest:
        """The route.

        Raises:
            BadInput: there is none, or the cluster does not know its kind.
            Unavailable: the cluster does not answer.
        """
        route = self._cluster.get(HTTP_ROUTE, self._namespace, self._name)
        if route is None:
            raise BadInput(
                "the route is not there, so nobody gets requests through it",
                where=self.where,
                fix="apply the overlay again; then let the release settle, or apply its plan",
            )
        return route

    def write(
        self,
        change: Callable[[Manifest], dict[str, Any]],
        *,
        waits: bool = True,
        confirm: Callable[[], None] | None = None,
    ) -> None:
        """Apply what a function makes of the route, with nobody else in between.

        The function is called again when the route changed meanwhile.

        Args:
            waits: until every gateway follows it.
            confirm: raises BadInput where what was written must not stay; then, and where a gateway
                refuses it, what was there before is put back. None leaves it there.

        Raises:
            BadInput: the cluster or a gateway refuses it, or see the function.
            Unavailable: the cluster does not answer, or a gateway does not follow yet.
        """
        for attempt in range(_ATTEMPTS):
            route = self.read()
            manifest = change(route)
            try:
                # By force: a plan's carrying out takes the rules back from whoever edited them.
                written = (
                    route
                    if is_applied(route, manifest)
                    else self._cluster.apply(HTTP_ROUTE, manifest, force=True)
                )
            except Stale:
                time.sleep(random.uniform(0, _PAUSE_SECONDS * min(attempt + 1, 10)))
                continue
            try:
                if confirm is not None:
                    confirm()
                if waits:
                    self.taken(written)
            except Unavailable:
                raise
            except BadInput:
                if confirm is not None:
                    self._put_back(written, route)
                raise
            return
        raise Unavailable("others change it all the time", where=self.where)

    def taken(self, route: Manifest) -> Manifest:
        """The route once every gateway follows it, as it is then.

        Raises:
            RouteRefused: a gateway does not accept it.
            Unavailable: a gateway has not said so in time.
        """
        state = acceptance(route)
        if state.accepted:
            return route

        def settled(found: Manifest | None) -> bool:
            nonlocal state
            if found is None:
                raise BadInput("the route was deleted", where=self.where)
            state = acceptance(found)
            return state.accepted or bool(state.refused)

        try:
            if not state.refused:
                route = self._awaited(settled, self._seconds)
            if state.refused:
                route = self._awaited(
                    lambda found: settled(found) and state.accepted, self._refusal_seconds
                )
        except Unavailable:
            if state.refused:
                raise RouteRefused(
                    f"a gateway does not accept the route: {state.refused}", where=self.where
                ) from None
            if not state.waiting:
                raise
            raise Unavailable(
                f"{state.waiting} does not follow the route yet, after {self._seconds:g} seconds",
                where=self.where,
                fix="look whether the gateway's controller runs",
            ) from None
        return route

    def _awaited(self, condition: Callable[[Manifest | None], bool], seconds: float) -> Manifest:
        return self._cluster.await_(
            HTTP_ROUTE, self._namespace, self._name, condition, seconds, "gateways follow it"
        )

    def _put_back(self, written: Manifest, before: Manifest) -> None:
        """What was there before, unless somebody has changed the route by now."""
        now = self.read()
        if ours(now) != ours(written) or rules_in(now) != rules_in(written):
            return
        about = now["metadata"]
        manifest: dict[str, Any] = {
            "metadata": {
                "name": about["name"],
                "namespace": about["namespace"],
                "uid": about["uid"],
                "resourceVersion": about["resourceVersion"],
                "annotations": ours(before),
            }
        }
        if rules := rules_in(before):
            manifest["spec"] = {"rules": rules}
        try:
            self._cluster.apply(HTTP_ROUTE, manifest, force=True)
        except Stale:
            return
