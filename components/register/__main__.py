"""Entrypoint of `register`."""

from __future__ import annotations

from components.register.approval import (
    Requirement,
    check_approval,
    check_provenance,
    check_reference,
)
from components.register.card import model_card
from phasegate.contracts import (
    Provenance,
    ReferenceProfile,
    RegisteredModel,
    TrainedModel,
    Verdict,
    execution,
)
from phasegate.digests import canonical_json
from phasegate.monitoring.reference import FOLDER, TAG
from phasegate.registry.models import connect


def main() -> None:
    """Check every gate's verdict against the bytes held here; upload them; enter the version."""
    with execution("register") as step:
        name = step.parameter("name")
        # Reading checks each artifact's files against its recorded digest.
        model = step.read("model", TrainedModel)
        provenance = step.read("provenance", Provenance)
        data = step.read("data_verdict", Verdict)
        evaluation = step.read("evaluation_verdict", Verdict)
        serving = step.read("serving_verdict", Verdict)
        reference = step.read("reference", ReferenceProfile)
        check_approval(
            [
                Requirement(data, "validate", model.snapshot_digest, "snapshot"),
                Requirement(evaluation, "evaluate", model.digest, "model"),
                Requirement(serving, "validate_serving", model.digest, "model"),
            ]
        )
        check_provenance(model, provenance)
        check_reference(model, reference)

        registry = connect()
        step.progress(0.3, "uploading model, provenance and reference")
        run_id = registry.run_for(name, model.run_id)
        source = registry.upload(
            run_id,
            model.digest,
            {"model": model.path, "provenance": provenance.path, FOLDER: reference.path},
        )
        step.progress(0.7, "entering the version")
        version = registry.register(
            name,
            run_id,
            model.digest,
            source=source,
            tags={
                "snapshot_digest": model.snapshot_digest,
                "data_verdict": data.digest,
                "evaluation_verdict": evaluation.digest,
                "serving_verdict": serving.digest,
                TAG: reference.profile_digest,
            },
            renewed=(TAG,),
            description=model_card(
                model, provenance, [one.judgement() for one in (data, evaluation, serving)]
            ),
        )

        registration = {
            "name": version.name,
            "version": version.version,
            "alias": version.alias,
            "model_digest": version.model_digest,
            "run_id": version.run_id,
            "source": version.source,
            "tags": dict(version.tags),
        }
        (step.path("registered") / "registration.json").write_bytes(canonical_json(registration))
        step.write(
            "registered",
            RegisteredModel(
                name=version.name,
                version=str(version.version),
                alias=version.alias,
                model_digest=version.model_digest,
            ),
        )


if __name__ == "__main__":
    main()
