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
from phasegate.contracts.monitoring import (
    DriftReport,
    ObservedWindow,
    PerformanceReport,
    ReferenceProfile,
    RetrainingAdvice,
    SkewFindings,
)
from phasegate.contracts.verdict import Check, Judgement, Outcome, Verdict

__all__ = [
    "Artifact",
    "Check",
    "ContractViolation",
    "DataSchema",
    "DataSnapshot",
    "DataStatistics",
    "DriftReport",
    "Evaluation",
    "Execution",
    "FeatureSet",
    "Judgement",
    "ObservedWindow",
    "Outcome",
    "PerformanceReport",
    "Provenance",
    "ReferenceProfile",
    "RegisteredModel",
    "RetrainingAdvice",
    "SkewFindings",
    "TrainedModel",
    "ValidationReport",
    "Verdict",
    "execution",
]
