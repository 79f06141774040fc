"""The contracts' artifact types as KFP's type checker wants them: subclasses of its Artifact."""

from __future__ import annotations

from kfp import dsl

from phasegate import contracts


def _kfp_type(contract: type[contracts.Artifact]) -> type[dsl.Artifact]:
    attributes = {
        "schema_title": contract.schema_title,
        "schema_version": contract.schema_version,
        "__doc__": contract.__doc__,
    }
    return type(contract.__name__, (dsl.Artifact,), attributes)


DataSchema = _kfp_type(contracts.DataSchema)
DataSnapshot = _kfp_type(contracts.DataSnapshot)
DataStatistics = _kfp_type(contracts.DataStatistics)
DriftReport = _kfp_type(contracts.DriftReport)
Evaluation = _kfp_type(contracts.Evaluation)
FeatureSet = _kfp_type(contracts.FeatureSet)
ObservedWindow = _kfp_type(contracts.ObservedWindow)
PerformanceReport = _kfp_type(contracts.PerformanceReport)
Provenance = _kfp_type(contracts.Provenance)
ReferenceProfile = _kfp_type(contracts.ReferenceProfile)
RegisteredModel = _kfp_type(contracts.RegisteredModel)
RetrainingAdvice = _kfp_type(contracts.RetrainingAdvice)
SkewFindings = _kfp_type(contracts.SkewFindings)
TrainedModel = _kfp_type(contracts.TrainedModel)
ValidationReport = _kfp_type(contracts.ValidationReport)
Verdict = _kfp_type(contracts.Verdict)
