"""Entrypoint of `abandon_training`."""

from __future__ import annotations

from phasegate.clock import now
from phasegate.contracts import execution
from phasegate.monitoring.retraining.entry import TrainingOutcome
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.retraining.trainings import end_training, open_claims


def main() -> None:
    """End every claim that this run still holds."""
    with execution("abandon_training") as step:
        run = step.parameter("run")
        holder = step.parameter("holder", "") or run
        journal = open_journal(step.parameter("store"), step.parameter("name"))
        for entry in open_claims(journal.entries()):
            if entry.event.training and entry.event.training.holder == holder:
                reason = f"the run {run} ended without a version and without a verdict"
                end_training(
                    journal,
                    entry.sequence,
                    now(),
                    actor="pipeline",
                    outcome=TrainingOutcome.FAILED,
                    reason=reason,
                    run=run,
                )
                print(f"claim {entry.sequence}: {reason}", flush=True)


if __name__ == "__main__":
    main()
