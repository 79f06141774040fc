"""Entrypoint of `undo_change`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from phasegate.clock import now
from phasegate.contracts import RetrainingAdvice, execution
from phasegate.errors import BadInput
from phasegate.monitoring.events import checked_sink, rollback_requested, send
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.decision import Action, ChangeKind, RetrainingDecision
from phasegate.monitoring.retraining.entry import Entry, EventKind
from phasegate.monitoring.retraining.journal import Journal, open_journal
from phasegate.monitoring.retraining.recording import ask_rollback, rollback_done
from phasegate.monitoring.retraining.settling import settle_answers
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.taking_back import take_back
from phasegate.store.named import open_named


def main() -> None:
    """Take back a release, or ask for any other change to be taken back."""
    with execution("undo_change") as step, tempfile.TemporaryDirectory() as scratch:
        name, store, moment = step.parameter("name"), step.parameter("store"), now()
        path = step.read("advice", RetrainingAdvice).path / "decision.json"
        decision = RetrainingDecision.from_json(json.loads(path.read_bytes()), str(path))
        policy = MonitoringPolicy.from_json(step.json("policy"), "undo_change: policy")
        sink = checked_sink(step.parameter("sink", ""), "undo_change: sink")
        if refusal := _refusal(decision, policy):
            print(f"DENIED: {refusal}", flush=True)
            step.result("outcome", "DENIED")
            return
        assert decision.change is not None
        journal = open_journal(store, name)
        asked = ask_rollback(journal, decided(journal, decision), moment, "pipeline")
        settle_answers(journal, decision.model_digest, moment, "pipeline")
        if decision.change.kind is ChangeKind.RELEASE:
            world = addressed_world(
                name, store=store, log=step.parameter("log"), target=step.parameter("target"),
                flags=step.parameter("flags"), slots=step.parameter("slots", ""),
                scratch=Path(scratch), actor="pipeline", where="undo_change",
            )  # fmt: skip
            reason = decision.reasons[0] if decision.reasons else "performance fell"
            said = take_back(world, decision.change.release, f"monitoring: {reason}", moment).said
            rollback_done(journal, asked.sequence, moment, "pipeline", said)
            print(f"DONE: {said}", flush=True)
            step.result("outcome", "DONE")
            return
        event = rollback_requested(asked)
        send(event, open_named(store), name, sink, Path(scratch))
        print(f"ASKED: {asked.event.reason}", flush=True)
        step.result("outcome", "ASKED")


def _refusal(decision: RetrainingDecision, policy: MonitoringPolicy) -> str:
    """Why nothing may be taken back; empty where it may."""
    if decision.action is not Action.ROLL_BACK or decision.change is None:
        return f"what was decided is {decision.action}, and no change is named"
    if not (policy.retraining.automatic or decision.is_a_persons):
        return "retraining.automatic is off: a person has to take it back"
    return ""


def decided(journal: Journal, decision: RetrainingDecision) -> Entry:
    """The journal's entry of a decision.

    Raises:
        BadInput: it was never recorded, so that nothing may be done about it.
    """
    for entry in journal.entries():
        event = entry.event
        if (
            event.decision
            and event.decision.digest == decision.digest
            and event.kind is EventKind.DECIDED
        ):
            return entry
    raise BadInput(
        "the journal does not have this decision", where=journal.where,
        expected="the advice of decide_retraining, which records what it decides",
    )  # fmt: skip


if __name__ == "__main__":
    main()
