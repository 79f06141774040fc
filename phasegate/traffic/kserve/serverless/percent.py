"""A plan as ``canaryTrafficPercent``: what KServe makes of each value decides which one is right.

KServe knows two revisions. The *latest* is the newest ready one; it gets the percentage, or all
where the field is absent. The *rolled-out* one, the last that got everything, gets the rest. Three
things follow that are easy to miss:

- Only the newest model can get a share, so the challenger must be the newest.
- ``0`` while the latest is itself rolled out does not pin it. KServe takes it for a rollback, and
  goes back to the revision that was rolled out before. So a champion that is the latest has no
  field at all, and a rollback from 100 % is ``0``.
- Until the newest revision is ready, the latest is the one before it, whatever that serves.
"""

from __future__ import annotations

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.kserve.serverless.standing import Standing
from phasegate.traffic.plan import WHOLE, TrafficPlan, effective

_PER_CENT = WHOLE // 100


def percent_of(plan: TrafficPlan, standing: Standing) -> int | None:
    """The value that makes KServe follow a plan; None where the field must be absent.

    Raises:
        BadInput: no value does: a share that is no whole per cent, a challenger that is not the
            newest model, or a champion that KServe does not go back to.
        Unavailable: none does before the newest revision is ready.
    """
    check_whole(plan)
    plan = effective(plan)
    champion, where = plan.champion.name, f"InferenceService {standing.name}"
    challenger = plan.challenger.name if plan.challenger and (plan.weight or plan.mirror) else None
    if challenger is not None and challenger != standing.slot:
        raise BadInput(
            f"{challenger} is to get a share, and the newest model is {standing.slot or 'none'}",
            where=where,
            expected="the challenger as the newest model, because KServe shares with no other",
            fix="deploy the challenger first",
        )
    if champion == standing.slot:
        return _latest_champion(champion, standing, where)
    _check_rest(champion, standing, where)
    percent = plan.weight // _PER_CENT
    grows = standing.percent is not None and percent > standing.percent
    if percent and not (standing.answers if grows else standing.up_to_date):
        raise Unavailable(
            f"the revision of {challenger} is not ready ({_problem(standing)})",
            where=where,
            expected="a ready one: until then KServe takes an older revision for the latest",
        )
    return percent


def check_whole(plan: TrafficPlan) -> None:
    """Refuse a weight that KServe cannot say.

    Raises:
        BadInput: it is no whole per cent.
    """
    if plan.weight % _PER_CENT:
        raise BadInput(
            f"weight {plan.weight} is {plan.weight / _PER_CENT:g} %",
            expected="whole per cent, because canaryTrafficPercent is an integer",
            fix="write phases whose weights are whole per cent, or use the gateway overlay",
        )


def _latest_champion(champion: str, standing: Standing, where: str) -> int | None:
    if standing.percent not in (None, 100) and standing.created == standing.rolled_out:
        # A deployment makes a revision that is not rolled out: KServe has not seen the last one,
        # and may know of another model's that is about to be ready.
        return 0
    if standing.answers or (standing.up_to_date and standing.percent is None):
        return None
    rolled_out, latest, newest = standing.rolled_out, standing.ready, standing.created
    if rolled_out is not None and rolled_out.slot == champion:
        # Somebody rolls out another image of it: that ends by itself, and is no affair of a plan.
        ends = standing.percent is None and latest and newest
        if ends and latest.slot == newest.slot == champion:
            return None
        return 0  # an older revision of the same model goes on until the new one is ready
    if rolled_out is None and latest is None:
        return None  # the first model ever: there is nothing else to send requests to
    raise Unavailable(
        f"the revision of {champion} is not ready ({_problem(standing)})",
        where=where,
        expected="a ready one: until then everything would go to an older revision",
    )


def _check_rest(champion: str, standing: Standing, where: str) -> None:
    """Refuse where what the latest does not get would go to anyone but the champion."""
    rest = standing.rolled_out
    if rest is not None and rest == standing.ready == standing.created:
        rest = standing.previous  # KServe goes back to it
    if rest is None or rest.slot != champion:
        raise BadInput(
            f"{champion} is to answer, and KServe goes back to {rest.slot if rest else 'nobody'}",
            where=where,
            fix=f"deploy {champion} again; it answers once it is ready",
        )


def _problem(standing: Standing) -> str:
    newest = standing.created
    if newest is None or newest.digest != standing.digest:
        return "KServe has made none yet"
    return newest.problem or "not the latest yet"
