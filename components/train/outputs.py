"""What `train` leaves behind: provenance, a tracked run, headline numbers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from phasegate.provenance import Record, observe_environment
from phasegate.provenance.record import DOCUMENT, LOCK
from phasegate.registry.tracking import TrackedRun
from phasegate.snapshots import Snapshot
from phasegate.training.plan import Plan
from phasegate.training.train import Training


def record(training: Training, plan: Plan, snapshot: Snapshot, features_digest: str) -> Record:
    """The provenance of a model that this process has just trained."""
    return Record(
        name=plan.name,
        model=training.model.file_digests,
        model_digest=training.model.digest,
        store=snapshot.uri,
        manifest=snapshot.manifest,
        features_digest=features_digest,
        definitions_digest=plan.definitions.digest,
        sections=plan.sections,
        parameters=training.parameters,
        outcome={
            "rounds": training.fit.rounds,
            "split": {"order": training.split.order, **training.split.sizes},
            "threshold": asdict(training.threshold),
            **_workers(training),
        },
        environment=observe_environment(),
    )


def _workers(training: Training) -> dict[str, Any]:
    """Rows of each worker, by rank; nothing where one process did it all."""
    if not training.shards:
        return {}
    sizes = [{"train": one.train, "validation": one.validation} for one in training.shards]
    return {"workers": len(sizes), "shards": sizes}


def track(run: TrackedRun, training: Training, made: Record, provenance: Path) -> None:
    """Log parameters, metrics of each round, the data by our own digests, and the lock."""
    run.params({**made.sections, "resolved": made.parameters})
    run.metrics_history(training.fit.history)
    run.metrics(headline(training))
    run.input(made.name, made.snapshot_digest, made.store)
    run.artifact(provenance / LOCK)
    run.artifact(provenance / DOCUMENT)
    run.tags(
        {
            "model_digest": made.model_digest,
            "snapshot_digest": made.snapshot_digest,
            "features_digest": made.features_digest,
            "git_commit": made.environment.git_commit,
        }
    )


def headline(training: Training) -> dict[str, float]:
    """The numbers to see at a glance; precision and recall are on the calibration rows."""
    best = training.fit.history[training.fit.rounds - 1]
    return {
        "rounds": training.fit.rounds,
        "validation_pr_auc": best["aucpr"],
        "validation_log_loss": best["logloss"],
        "threshold": training.threshold.value,
        "threshold_attained": int(training.threshold.attained),
        "calibration_precision": training.threshold.precision,
        "calibration_recall": training.threshold.recall,
        **{f"{name}_rows": rows for name, rows in training.split.sizes.items()},
    }
