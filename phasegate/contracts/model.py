"""Artifacts of a model: the model, where it came from, how good it is, where it is registered."""

from __future__ import annotations

from dataclasses import dataclass

from phasegate.contracts.artifact import Artifact, describe


@dataclass(frozen=True, kw_only=True)
class TrainedModel(Artifact):
    """An XGBoost model with everything that turns raw features into a decision; data, not code."""

    schema_title = "system.TrainedModel"
    FILES = {
        "model.json": "Signature, encoding, calibration, threshold and feature definitions.",
        "model.ubj": "The booster, in XGBoost's UBJSON.",
    }

    name: str = describe("Name of the project and of the registered model.")
    threshold: float = describe("Probability at and above which the decision is positive.")
    rows: int = describe("Rows that it was trained on.")
    snapshot_digest: str = describe("Digest of the snapshot that it learned from.")
    features_digest: str = describe("Digest of the feature set that it learned from.")
    definitions_digest: str = describe("Digest of the feature definitions.")
    run_id: str = describe("MLflow run that tracked its training.")


@dataclass(frozen=True, kw_only=True)
class Provenance(Artifact):
    """All that is needed to make the same model again, byte for byte."""

    schema_title = "system.Provenance"
    FILES = {
        "provenance.json": "Code, image, lock, data, parameters, seeds, libraries, CPU.",
        "lock.txt": "The hashed lock of the environment that trained the model.",
    }

    model_digest: str = describe("Digest of the model it belongs to.")
    snapshot_digest: str = describe("Digest of the snapshot.")
    git_commit: str = describe("Commit of the code, with '+dirty' for uncommitted changes.")


@dataclass(frozen=True, kw_only=True)
class Evaluation(Artifact):
    """How good a model is, beside the champion on the same rows, with intervals and slices."""

    schema_title = "system.Evaluation"
    FILES = {"evaluation.json": "Metrics with intervals, curves, slices, fairness and gates."}

    model_digest: str = describe("Digest of the challenger.")
    champion_digest: str = describe("Digest of the champion; empty when there is none.")
    data_digest: str = describe("Digest of the frozen test rows.")
    rows: int = describe("Test rows.")


@dataclass(frozen=True, kw_only=True)
class RegisteredModel(Artifact):
    """A model version in the MLflow registry."""

    schema_title = "system.RegisteredModel"
    FILES = {"registration.json": "Name, version, alias and the digests that were approved."}

    name: str = describe("Registered name.")
    version: str = describe("Version in the registry.")
    alias: str = describe("'champion' for the first version, else 'challenger'.")
    model_digest: str = describe("Digest of the model.")
