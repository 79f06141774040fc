"""Typed contracts between components. Standard library only: every environment imports this."""

from phasegate.contracts.artifact import Artifact, ContractViolation
from phasegate.contracts.data import (
    DataSchema,
    DataSnapshot,
    DataStatistics,
    FeatureSet,
    ValidationReport,
)
from phasegate.contracts.execution import Execution, execution
from phasegate.contracts.model import Evaluation, Provenance, RegisteredModel, TrainedModel
from phasegate.contracts.verdict import Check, Judgement, Outcome, Verdict

__all__ = [
    "Artifact",
    "Check",
    "ContractViolation",
    "DataSchema",
    "DataSnapshot",
    "DataStatistics",
    "Evaluation",
    "Execution",
    "FeatureSet",
    "Judgement",
    "Outcome",
    "Provenance",
    "RegisteredModel",
    "TrainedModel",
    "ValidationReport",
    "Verdict",
    "execution",
]
