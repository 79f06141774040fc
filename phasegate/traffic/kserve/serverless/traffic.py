"""Making KServe follow the plan that is kept."""

from __future__ import annotations

from collections.abc import Mapping

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Manifest, Stale
from phasegate.traffic.kserve.keeping import CORRECT, DRIFT, RESPECT
from phasegate.traffic.kserve.serverless.keeping import Keeping, Kept
from phasegate.traffic.kserve.serverless.observing import drift, shares_of
from phasegate.traffic.kserve.serverless.percent import percent_of
from phasegate.traffic.kserve.serverless.service import ATTEMPTS, Service
from phasegate.traffic.kserve.serverless.standing import Standing, editors
from phasegate.traffic.plan import TrafficPlan, effective


class Traffic:
    """The traffic of an InferenceService.

    Args:
        service: the InferenceService.
        keeping: what is kept for it.
        seconds: for how long Knative may take to follow.
    """

    def __init__(self, service: Service, keeping: Keeping, seconds: float) -> None:
        self._service, self._keeping, self._seconds = service, keeping, seconds

    def respect(self, service: Manifest, plan: TrafficPlan, kept: Kept, standing: Standing) -> None:
        """Leave a percentage alone that a person set, where the overlay asks for that.

        A plan that takes the challenger's share is carried out all the same.

        Raises:
            BadInput: it is left alone.
        """
        policy = (service["metadata"].get("annotations") or {}).get(DRIFT, CORRECT)
        if policy not in (CORRECT, RESPECT):
            raise BadInput(
                f"{DRIFT} is '{policy}'",
                where=self._service.where,
                expected=f"{CORRECT} or {RESPECT}",
            )
        if policy == CORRECT or not effective(plan).weight:
            return
        if told := drift(kept, standing, editors(service)):
            raise BadInput(
                f"{told}; left alone, as its annotation {DRIFT} says",
                where=self._service.where,
                fix=f"undo that, or set the annotation to {CORRECT}",
            )

    def converge(self) -> TrafficPlan:
        """Make the field what the kept plan asks for, until both are seen to agree."""
        for _ in range(ATTEMPTS):
            kept = self._keeping.read()
            service = self._service.read()
            standing = self._service.standing(service)
            if kept.plan is None:
                raise Unavailable("the plan is gone", where=self._keeping.where)
            percent = percent_of(kept.plan, standing)
            if percent != standing.percent:
                try:
                    self._service.set_percent(service, percent)
                except Stale:
                    continue
            if self._keeping.read().version == kept.version:
                return kept.plan
        raise self._service.contended()

    def cut(self, plan: TrafficPlan | None) -> BadInput | None:
        """Take everything from the challenger.

        Returns:
            Why that cannot be done.
        """
        service = self._service.read()
        standing = self._service.standing(service)
        if plan is None:
            newest = standing.ready == standing.rolled_out
            percent = standing.percent if newest or standing.percent is None else 0
        else:
            try:
                percent = percent_of(plan, standing)
            except BadInput as refusal:
                return refusal
        if percent != standing.percent:
            self._service.set_percent(service, percent)
        return None

    def settle(self, plan: TrafficPlan) -> None:
        """Wait until Knative routes what a plan says, for as long as it is the one that counts."""
        wanted = shares_of(plan)

        def followed(service: Manifest | None) -> bool:
            if service is not None and self._service.standing(service).shares() == wanted:
                return True
            return self._keeping.read().plan != plan  # somebody wants something else by now

        self._service.await_(followed, self._seconds, f"Knative routes {_told(wanted)}")


def _told(shares: Mapping[str, int]) -> str:
    return ", ".join(f"{share / 100:g} % to {slot}" for slot, share in sorted(shares.items()))
