"""What was looked at before a model was let beside users, as a verdict on it."""

from __future__ import annotations

from components.deploy_shadow.serving import Serving
from phasegate.contracts import Check, Judgement, Outcome
from phasegate.digests import digest_json
from phasegate.release.drivers.choosing import NothingToDeploy
from phasegate.release.drivers.deploying import Deployed
from phasegate.release.record import ModelVersion

_NOTHING = "0" * 64


def judgement_of(version: ModelVersion, done: Deployed, serving: Serving) -> Judgement:
    """PASS where the model is served and tried and its release has begun, else BLOCK."""
    gates = _gates(version)
    trial = serving.trial
    if done.refusal or trial is None:
        reason = done.refusal or "it was not tried"
        check = Check("release", Outcome.BLOCK, "refused", "a model that was not refused", reason)
        return Judgement("deploy_shadow", version.digest, _NOTHING, (gates, check))
    tried = Check(
        "answers",
        Outcome.PASS,
        f"{len(trial.rows)} rows",
        "the scores that the registered files give",
        f"{version.slot} answers as the files at {serving.address} do",
    )
    entry = done.look.entry
    where = (
        f"{entry.record.release}, {entry.record.status} in phase {entry.record.current.name}"
        if entry is not None
        else "the first model: it answers everything"
    )
    begun = Check("release", Outcome.PASS, where, "begun", where)
    data = digest_json([list(row.items()) for row in trial.rows])
    return Judgement("deploy_shadow", version.digest, data, (gates, tried, begun))


def nothing_to_deploy(due: NothingToDeploy) -> Judgement:
    """PASS where the model is served already, else INCONCLUSIVE, which lets nothing go on."""
    check = Check(
        "deployment",
        Outcome.PASS if due.served else Outcome.INCONCLUSIVE,
        "nothing was done",
        "what is due is served",
        due.reason,
    )
    if due.version is None:
        return Judgement("deploy_shadow", _NOTHING, _NOTHING, (check,))
    return Judgement("deploy_shadow", due.version.digest, _NOTHING, (_gates(due.version), check))


def _gates(version: ModelVersion) -> Check:
    return Check(
        "gates",
        Outcome.PASS,
        version.reference,
        "verdicts on data, evaluation and serving",
        f"{version.reference} is registered with the verdicts of its gates",
    )
