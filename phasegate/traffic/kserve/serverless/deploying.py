"""A new model as the newest revision: which PATCH makes it that, and when it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.kserve.serverless.keeping import Kept
from phasegate.traffic.kserve.serverless.service import Service
from phasegate.traffic.kserve.serverless.standing import DIGEST, VERSION, Standing
from phasegate.traffic.plan import Backend, effective

if TYPE_CHECKING:
    from phasegate.traffic.kserve.slots import Deployment

_PAUSE_SECONDS = 0.5


def deployment(model: Deployment, standing: Standing, kept: Kept) -> dict[str, Any] | None:
    """The PATCH that asks for a model: its address, its digest and no traffic, all at once.

    Returns:
        None where it is asked for already.

    Raises:
        BadInput: another challenger would lose its revision's share, or what has traffic is not
            what the plan says, so that KServe would pin the wrong revision.
    """
    if standing.digest == model.digest and standing.storage_uri == model.storage_uri:
        return None
    where = f"InferenceService {standing.name}"
    if standing.digest and standing.created and standing.created.digest != standing.digest:
        # Asking for the champion again now could leave KServe with 0 % and no new revision.
        raise Unavailable(
            f"KServe has not seen yet that {standing.slot} is asked for",
            where=where,
            fix="try again once it has made a revision for that",
        )
    plan, slot = kept.plan, model.digest[:12]
    if plan is not None:
        rival = plan.challenger
        if rival is not None and rival.name != slot and (plan.weight or plan.mirror):
            raise BadInput(
                f"{rival.name} is the challenger of a release that is under way",
                where=where,
                expected="one challenger at a time, because KServe shares with the newest only",
                fix="finish that release or roll it back first",
            )
        pinned = standing.rolled_out
        if pinned is not None and plan.champion.name not in (pinned.slot, slot):
            raise BadInput(
                f"{pinned.slot or pinned.name} would answer, and the plan says"
                f" {plan.champion.name}",
                where=where,
                expected="the champion as the last revision that was rolled out",
                fix="let the release settle first: phasegate release status",
            )
    return {
        "metadata": {"annotations": {DIGEST: model.digest, VERSION: model.version}},
        "spec": {
            "predictor": {
                # Without a revision that was rolled out, KServe would roll this one out, and then
                # take the 0 for a rollback.
                "canaryTrafficPercent": None if standing.rolled_out is None else 0,
                "model": {"storageUri": model.storage_uri},
            }
        },
    }


def deployed(service: Service, digest: str, seconds: float) -> Standing:
    """Wait until the newest revision serves a model, and KServe knows it as the latest.

    Raises:
        Unavailable: it is not ready in time, and why.
        BadInput: somebody asks for another model by now.
    """
    last: list[Standing] = []

    def ready(manifest: Mapping[str, Any] | None) -> bool:
        if manifest is None:
            return False
        last[:] = [service.standing(manifest)]
        if last[0].digest != digest:
            raise BadInput(
                f"{last[0].slot or 'no model'} is asked for by now, and not {digest[:12]}",
                where=service.where,
            )
        return last[0].answers

    try:
        service.await_(ready, seconds, f"{digest[:12]} is ready")
    except Unavailable as error:
        newest = last[0].created if last else None
        problem = "KServe has made no revision for it"
        if newest is not None and newest.digest == digest:
            problem = f"revision {newest.name}: {newest.problem or 'not the latest yet'}"
        raise Unavailable(f"{error.what} ({problem})", where=error.where, fix=error.fix) from None
    return last[0]


def probed(probe: Callable[[Backend], None], backend: Backend, seconds: float) -> None:
    """Let a model that is ready answer something real: its name may be known a moment later.

    Raises:
        Unavailable: it does not answer in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return probe(backend)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def champion_again(slot: str, standing: Standing, kept: Kept) -> Deployment | None:
    """The champion's model, to take the place of one that is served no more.

    Returns:
        None where that one is not the newest: then nothing of it is left.

    Raises:
        BadInput: it is the champion, or has a share.
    """
    from phasegate.traffic.kserve.slots import Deployment

    where, plan = f"InferenceService {standing.name}", kept.plan
    if standing.slot != slot:
        return None
    if plan is not None and plan.champion.name == slot:
        raise BadInput(f"{slot} is the champion", where=where)
    if plan is not None and plan.challenger is not None and plan.challenger.name == slot:
        active = effective(plan)
        if active.weight or active.mirror:
            raise BadInput(
                f"{slot} still has its share", where=where, fix="roll its release back first"
            )
    champion = standing.rolled_out
    if champion is None or champion.slot in ("", slot) or not champion.storage_uri:
        raise BadInput(
            f"no other model than {slot} is known to go back to",
            where=where,
            fix="deploy the one that shall answer",
        )
    number = champion.version or f"{standing.name}/0"
    return Deployment(standing.name, number, champion.digest, champion.storage_uri)
