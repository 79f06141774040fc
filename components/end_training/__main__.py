"""Entrypoint of `end_training`."""

from __future__ import annotations

from phasegate.clock import now
from phasegate.contracts import RegisteredModel, Verdict, execution
from phasegate.errors import BadInput
from phasegate.monitoring.retraining.entry import TrainingOutcome
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.retraining.trainings import end_training


def main() -> None:
    """Record what the training came to."""
    with execution("end_training") as step:
        name, claim = step.parameter("name"), step.parameter("claim")
        registered = step.read_optional("registered", RegisteredModel)
        verdict = step.read_optional("verdict", Verdict)
        if (registered is None) == (verdict is None):
            raise BadInput("either a version or a verdict has to be given", where="end_training")
        if not claim.isdecimal():
            raise BadInput(f"'{claim}' is no number of a claim", where="end_training: claim")
        version, outcome = "", TrainingOutcome.BLOCKED
        if registered is not None:
            version, outcome = f"{registered.name}/{registered.version}", TrainingOutcome.REGISTERED
            reason = f"{version} was registered as {registered.alias or 'a version'}"
        else:
            judgement = verdict.judgement()
            reason = f"{judgement.gate}: {'; '.join(judgement.reasons) or judgement.outcome}"
        end_training(
            open_journal(step.parameter("store"), name),
            int(claim),
            now(),
            actor="pipeline",
            outcome=outcome,
            reason=reason,
            run=step.parameter("run"),
            version=version,
        )
        print(f"{outcome}: {reason}", flush=True)


if __name__ == "__main__":
    main()
