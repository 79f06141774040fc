"""Entrypoint of `notify`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from phasegate.contracts import RetrainingAdvice, execution
from phasegate.monitoring.events import PERSON_ASKED, TRAINING_DENIED, about, checked_sink, send
from phasegate.monitoring.retraining.decision import Action, RetrainingDecision
from phasegate.store.named import open_named


def main() -> None:
    """Send the event of a decision that waits for a person."""
    with execution("notify") as step, tempfile.TemporaryDirectory() as scratch:
        name, denied = step.parameter("name"), step.parameter("denied", "")
        sink = checked_sink(step.parameter("sink", ""), "notify: sink")
        path = step.read("advice", RetrainingAdvice).path / "decision.json"
        decision = RetrainingDecision.from_json(json.loads(path.read_bytes()), str(path))
        if denied:
            event = about(TRAINING_DENIED, name, decision, denied)
        elif decision.action is Action.NOTHING:
            print("nothing to tell", flush=True)
            return
        else:
            reason = decision.reasons[0] if decision.reasons else str(decision.action)
            event = about(PERSON_ASKED, name, decision, reason)
        send(event, open_named(step.parameter("store")), name, sink, Path(scratch))
        print(f"{event['type']}: {event['data']['reason']}", flush=True)


if __name__ == "__main__":
    main()
