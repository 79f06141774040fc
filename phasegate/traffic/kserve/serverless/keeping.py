"""The plan that is kept, in a ConfigMap beside the InferenceService.

Not in its annotations: KServe copies those into the template of revisions, so that each change of
a plan would make a new revision, restart the model, and move the challenger's share to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import Cluster
from phasegate.kubernetes.kinds import CONFIG_MAP
from phasegate.traffic.plan import TrafficPlan

MODEL = "phasegate.dev/model"
PLAN, BEFORE, KILLED = "plan", "before", "killed"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept.

    Attributes:
        plan: the last one that was applied; None where there is none yet.
        killed: whether the kill switch is pulled; a plan that is killed comes with it.
        before: the plan that is in force until Knative follows the new one.
        version: of the object; empty where there is none.
    """

    plan: TrafficPlan | None = None
    killed: bool = False
    version: str = ""
    before: TrafficPlan | None = None


class Keeping:
    """Reads and writes what is kept for an InferenceService.

    Args:
        cluster: where it is.
        namespace: of the InferenceService.
        name: of the InferenceService.
    """

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        self._cluster, self._namespace, self._name = cluster, namespace, name
        self.object = f"{name}-traffic"
        self.where = f"ConfigMap {namespace}/{self.object}"

    def read(self) -> Kept:
        """What is kept now.

        Raises:
            BadInput: it is no plan, or may not be read.
            Unavailable: no answer.
        """
        found = self._cluster.get(CONFIG_MAP, self._namespace, self.object)
        if found is None:
            return Kept()
        data = found.get("data") or {}
        plan, before = self._plan(data.get(PLAN)), self._plan(data.get(BEFORE))
        killed = data.get(KILLED) == "true" or (plan is not None and plan.killed)
        return Kept(
            plan.kill() if plan and killed else plan,
            killed,
            found["metadata"]["resourceVersion"],
            before,
        )

    def write(
        self,
        plan: TrafficPlan | None,
        killed: bool,
        seen: Kept,
        *,
        before: TrafficPlan | None = None,
    ) -> Kept:
        """Keep a plan in place of what was seen: compare and set.

        Args:
            before: the plan that is in force until Knative follows the new one.

        Raises:
            Stale: something else is kept by now.
            BadInput: it may not be written.
            Unavailable: no answer.
        """
        about = {
            "namespace": self._namespace,
            "name": self.object,
            "labels": {"app.kubernetes.io/part-of": "phasegate", MODEL: self._name},
        }
        if seen.version:
            about["resourceVersion"] = seen.version
        data = {KILLED: "true" if killed else "false"}
        for key, one in ((PLAN, plan), (BEFORE, before)):
            if one is not None:
                data[key] = canonical_json(one.to_json()).decode()
        written = self._cluster.apply(CONFIG_MAP, {"metadata": about, "data": data}, force=True)
        return Kept(plan, killed, written["metadata"]["resourceVersion"], before)

    def _plan(self, text: str | None) -> TrafficPlan | None:
        if not text:
            return None
        try:
            value = json.loads(text)
        except ValueError as error:
            raise BadInput(f"this is no JSON ({error})", where=self.where) from None
        return TrafficPlan.from_json(value, self.where)
