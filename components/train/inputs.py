"""What `train` is given: a plan, and features that belong to it."""

from __future__ import annotations

from phasegate.contracts import DataSnapshot, Execution, FeatureSet
from phasegate.errors import BadInput
from phasegate.training.plan import SECTIONS, Plan


def read_plan(step: Execution) -> Plan:
    """The plan, from the component's parameters."""
    return Plan.of_sections(step.parameter("name"), {name: step.json(name) for name in SECTIONS})


def check_inputs(plan: Plan, snapshot: DataSnapshot, feature_set: FeatureSet) -> None:
    """Refuse features of another snapshot or of other definitions.

    Raises:
        BadInput: naming which.
    """
    for what, found, expected in (
        ("snapshot", feature_set.snapshot_digest, snapshot.digest),
        ("definitions", feature_set.definitions_digest, plan.definitions.digest),
    ):
        if found != expected:
            raise BadInput(
                f"the features were computed from {what} {found[:12]}",
                where="train: input feature_set",
                expected=f"{what} {expected[:12]}",
                fix="run featurize again",
            )
