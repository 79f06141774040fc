"""Whether a model may enter the registry: every gate passed exactly these bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phasegate.contracts import (
    ContractViolation,
    Outcome,
    Provenance,
    ReferenceProfile,
    TrainedModel,
    Verdict,
)
from phasegate.monitoring.reference import read_reference

_HERE = "register"


@dataclass(frozen=True)
class Requirement:
    """A verdict that must be there.

    Attributes:
        verdict: as it was handed in.
        gate: the gate that must have judged.
        subject: digest of what it must have judged.
        subject_name: what that is, for people.
    """

    verdict: Verdict
    gate: str
    subject: str
    subject_name: str


def check_approval(requirements: Sequence[Requirement]) -> None:
    """Refuse unless each verdict is its gate's PASS on exactly the required subject.

    The outcome is derived from the verdict's checks; what its metadata say is not believed.

    Raises:
        ContractViolation: naming the gate and what does not fit.
    """
    for required in requirements:
        judgement = required.verdict.judgement()
        if judgement.gate != required.gate:
            raise ContractViolation(
                f"a verdict of the gate '{judgement.gate}'",
                where=_HERE,
                expected=f"the verdict of '{required.gate}'",
            )
        if judgement.outcome is not Outcome.PASS:
            raise ContractViolation(
                f"'{required.gate}' says {judgement.outcome}: {'; '.join(judgement.reasons)}",
                where=_HERE,
                expected="PASS; only a model that passed every gate is registered",
            )
        if judgement.subject_digest != required.subject:
            raise ContractViolation(
                f"'{required.gate}' judged {judgement.subject_digest[:12]}, and the "
                f"{required.subject_name} here is {required.subject[:12]}",
                where=_HERE,
                expected="the verdict and the bytes that it was given for",
                fix=f"run '{required.gate}' again on this {required.subject_name}",
            )


def check_provenance(model: TrainedModel, provenance: Provenance) -> None:
    """Refuse a provenance that tells of another model or other data.

    Raises:
        ContractViolation: naming what does not fit.
    """
    for name, told, held in (
        ("model", provenance.model_digest, model.digest),
        ("snapshot", provenance.snapshot_digest, model.snapshot_digest),
    ):
        if told != held:
            raise ContractViolation(
                f"the provenance tells of {name} {told[:12]}, the model's is {held[:12]}",
                where=_HERE,
                expected="the provenance that was written with this model",
            )


def check_reference(model: TrainedModel, reference: ReferenceProfile) -> None:
    """Refuse a reference of another model, whatever its metadata say.

    Raises:
        ContractViolation: naming what does not fit.
        BadInput: its files are no reference, or not the one of its metadata.
    """
    told = read_reference(reference.path, digest=reference.profile_digest).profile
    for name, found, held in (
        ("model", told.model_digest, model.digest),
        ("model", reference.model_digest, model.digest),
        ("feature set", told.features_digest, model.features_digest),
    ):
        if found != held:
            raise ContractViolation(
                f"the reference is of {name} {found[:12]}, the model's is {held[:12]}",
                where=_HERE,
                expected="the reference that was profiled with this model",
            )
