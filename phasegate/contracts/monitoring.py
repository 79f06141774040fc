"""Artifacts of monitoring: the reference, the window that was looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass

from phasegate.contracts.artifact import Artifact, describe


@dataclass(frozen=True, kw_only=True)
class ReferenceProfile(Artifact):
    """What a model's inputs and scores were like when it was trained."""

    schema_title = "system.ReferenceProfile"
    FILES = {
        "profile.json": "Quantile edges and counts, categories, missing values, scores.",
        "calibration.json": "How far drift-free windows are from the reference, by their length.",
        "sample.parquet": "A bounded sample of reference rows, for multivariate detectors.",
    }

    model_digest: str = describe("Digest of the model it belongs to.")
    features_digest: str = describe("Digest of the feature set that its rows came from.")
    profile_digest: str = describe("Digest of profile.json, which windows and reports name.")
    rows: int = describe("Reference rows.")
    features: int = describe("Monitored features.")


@dataclass(frozen=True, kw_only=True)
class ObservedWindow(Artifact):
    """What monitoring looks at: frozen once, so that all its steps see the same."""

    schema_title = "system.ObservedWindow"
    FILES = {
        "window.json": "Model, profile, window, files of the log by name and size, and changes.",
    }

    model_digest: str = describe("Digest of the champion.")
    profile_digest: str = describe("Digest of its profile.")
    since: str = describe("Start of the window, ISO 8601.")
    until: str = describe("End of the window, ISO 8601.")
    files: int = describe("Files of the prediction log.")


@dataclass(frozen=True, kw_only=True)
class DriftReport(Artifact):
    """What was found about the windows, feature by feature."""

    schema_title = "system.DriftReport"
    FILES = {"drift.json": "Judgements of the windows, in order of time."}

    model_digest: str = describe("Digest of the model.")
    profile_digest: str = describe("Digest of its profile.")
    windows: int = describe("Windows judged.")
    alerts: int = describe("Windows that alert.")


@dataclass(frozen=True, kw_only=True)
class PerformanceReport(Artifact):
    """How good the model is, on labels and as estimated before them."""

    schema_title = "system.PerformanceReport"
    FILES = {"performance.json": "Windows with confusion, metric, estimate and their intervals."}

    model_digest: str = describe("Digest of the champion.")
    metric: str = describe("Metric that is held against the floor.")
    windows: int = describe("Windows.")
    below: int = describe("Windows whose metric is below the floor.")


@dataclass(frozen=True, kw_only=True)
class SkewFindings(Artifact):
    """Served features compared with recomputed ones."""

    schema_title = "system.SkewFindings"
    FILES = {"skew.json": "Per feature: differing rows, the first of them, and the likely cause."}

    model_digest: str = describe("Digest of the model that was asked.")
    rows: int = describe("Rows compared.")
    alerts: int = describe("Features that alert.")


@dataclass(frozen=True, kw_only=True)
class RetrainingAdvice(Artifact):
    """What is to be done about the model, and why."""

    schema_title = "system.RetrainingAdvice"
    FILES = {"decision.json": "Action, reasons, and the numbers behind them."}

    model_digest: str = describe("Digest of the champion.")
    action: str = describe("NOTHING, RETRAIN, ROLL_BACK or ASK.")
