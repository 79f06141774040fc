"""Entrypoint of `claim_training`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from phasegate.clock import now
from phasegate.contracts import RetrainingAdvice, execution
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.answers import sequence_of
from phasegate.monitoring.retraining.claims import Claim
from phasegate.monitoring.retraining.decision import Action, RetrainingDecision
from phasegate.monitoring.retraining.entry import TrainingKey
from phasegate.monitoring.retraining.journal import Journal, open_journal
from phasegate.monitoring.retraining.settling import settle_answers
from phasegate.monitoring.retraining.trainings import claim_training
from phasegate.release.store import Releases, open_releases


def main() -> None:
    """Claim a training, and say whether it may begin."""
    with execution("claim_training") as step:
        name, store = step.parameter("name"), step.parameter("store")
        path = step.read("advice", RetrainingAdvice).path / "decision.json"
        decision = RetrainingDecision.from_json(json.loads(path.read_bytes()), str(path))
        policy = MonitoringPolicy.from_json(step.json("policy"), "claim_training: policy")
        found = claimed(
            decision,
            policy,
            open_journal(store, name),
            open_releases(store),
            holder=step.parameter("holder", "") or step.parameter("run"),
            now=now(),
        )
        granted = "GRANTED" if found.granted else "DENIED"
        print(f"{granted}: {found.reason}", flush=True)
        step.result("granted", granted)
        step.result("claim", str(found.sequence))
        step.result("reason", found.reason)


def claimed(
    decision: RetrainingDecision,
    policy: MonitoringPolicy,
    journal: Journal,
    releases: Releases,
    *,
    holder: str,
    now: datetime,
) -> Claim:
    """The claim of the training that was decided on; denied unless everything speaks for it.

    Raises:
        Unavailable, BadInput: journal or releases cannot be read.
    """
    if decision.action is not Action.RETRAIN:
        return Claim(False, f"what was decided is {decision.action}")
    if not (policy.retraining.automatic or decision.is_a_persons):
        return Claim(False, "retraining.automatic is off: a person has to train")
    entry = releases.head(journal.model)
    if entry is not None and not entry.record.is_over:
        record = entry.record
        return Claim(
            False,
            f"{record.challenger.reference} is being released ({record.current.name}): it comes "
            "first",
        )
    key = TrainingKey(decision.model_digest, decision.until, decision.profile_digest)
    reason = decision.reasons[0] if decision.reasons else str(decision.action)
    rules, answer = policy.retraining, sequence_of(journal.entries(), decision)
    if decision.is_a_persons:  # who knows that the last training was not long ago
        rules = replace(rules, cooldown=timedelta(0))
    claim = claim_training(
        journal, key, rules, now, actor="pipeline", holder=holder, reason=reason, answer=answer
    )
    settle_answers(journal, decision.model_digest, now, "pipeline")
    return claim


if __name__ == "__main__":
    main()
