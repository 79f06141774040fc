"""Entrypoint of `record_block`."""

from __future__ import annotations

from phasegate.contracts import Judgement, Verdict, execution
from phasegate.registry.tracking import tracked_run


def main() -> None:
    """Print why a gate stopped the pipeline, and keep the verdict in MLflow."""
    with execution("record_block") as step:
        verdict = step.read("verdict", Verdict)
        judgement = verdict.judgement()
        for line in told(judgement):
            print(line, flush=True)
        with tracked_run(step.parameter("name"), f"blocked by {judgement.gate}") as run:
            run.tags(
                {
                    "blocked_by": judgement.gate,
                    "outcome": judgement.outcome.value,
                    "reasons": "\n".join(judgement.reasons),
                    "subject_digest": judgement.subject_digest,
                    "data_digest": judgement.data_digest,
                    "mlflow.note.content": "\n".join(f"- {line}" for line in told(judgement)),
                }
            )
            run.artifact(verdict.path / "verdict.json")


def told(judgement: Judgement) -> list[str]:
    """What a person needs to know of a judgement that is not PASS, line by line."""
    heading = f"{judgement.gate} says {judgement.outcome} on {judgement.subject_digest[:12]}"
    return [heading, *judgement.reasons]


if __name__ == "__main__":
    main()
