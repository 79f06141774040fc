"""Making KServe follow the plan that is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Manifest, Stale
from phasegate.traffic.kserve.keeping import CORRECT, DRIFT, RESPECT
from phasegate.traffic.kserve.serverless.keeping import Keeping, Kept
from phasegate.traffic.kserve.serverless.observing import drift, in_force, shares_of
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

    def change(self, change: Callable[[TrafficPlan | None], TrafficPlan]) -> TrafficPlan:
        """Carry out what a function makes of the plan that is kept, if there is one.

        Raises:
            BadInput, Unavailable: see the target's `apply`.
        """
        for _ in range(ATTEMPTS):
            kept = self._keeping.read()
            plan = change(kept.plan)
            if kept.killed:
                plan = plan.kill()
            service = self._service.read()
            standing = self._service.standing(service)
            percent = percent_of(plan, standing)
            self.respect(service, plan, kept, standing)
            try:
                if percent != standing.percent and _is_way_back(plan, kept.plan):
                    self._service.set_percent(service, percent)
                written = kept
                if plan != kept.plan:
                    before = in_force(kept, standing)
                    written = self._keeping.write(plan, plan.killed, kept, before=before)
            except Stale:
                continue
            return self.follow(plan, kept, written)
        raise self._service.contended()

    def follow(self, plan: TrafficPlan, previous: Kept, written: Kept) -> TrafficPlan:
        """Do what is written; where KServe refuses it, what was written before is again."""
        try:
            kept = self.converge()
        except Unavailable:
            raise
        except BadInput:
            if previous.plan is not None and written.version != previous.version:
                self._keeping.write(previous.plan, previous.killed, written)
            raise
        self.settle(kept)
        return plan

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
            service = self._service.read()  # before the plan: a kill that comes after changes it
            standing = self._service.standing(service)
            kept = self._keeping.read()
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


def _is_way_back(plan: TrafficPlan, previous: TrafficPlan | None) -> bool:
    """Whether a plan gives everything to who was the champion already: that is done at once."""
    kept = previous is not None and plan.champion.name == previous.champion.name
    return kept and not effective(plan).weight


def _told(shares: Mapping[str, int]) -> str:
    return ", ".join(f"{share / 100:g} % to {slot}" for slot, share in sorted(shares.items()))
