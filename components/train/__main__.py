"""Entrypoint of `train`."""

from components.train.inputs import check_inputs, read_plan
from components.train.outputs import headline, record, track
from components.train.page import learning_curves
from components.train.workers import choose_launcher
from phasegate.contracts import DataSnapshot, FeatureSet, Provenance, TrainedModel, execution
from phasegate.registry.tracking import tracked_run
from phasegate.snapshots import Snapshot
from phasegate.training.train import read_features, train_model


def main() -> None:
    """Train on a feature set; write the model, where it came from, and how it went."""
    with execution("train") as step:
        snapshot = step.read("snapshot", DataSnapshot)
        feature_set = step.read("feature_set", FeatureSet)
        plan = read_plan(step)
        check_inputs(plan, snapshot, feature_set)
        launcher = choose_launcher(plan, snapshot.store)

        # Tracking comes first: without it there is no point in training.
        with tracked_run(plan.name, run_name=f"train {snapshot.digest[:12]}") as run:
            features = read_features(
                feature_set.path / "features.parquet", plan, threads=plan.training["threads"]
            )
            training = train_model(features, plan, progress=step.progress, launcher=launcher)

            training.model.save(step.path("model"))
            made = record(
                training, plan, Snapshot.open(snapshot.path, snapshot.store), feature_set.digest
            )
            made.save(step.path("provenance"))
            track(run, training, made, step.path("provenance"))

        step.write(
            "model",
            TrainedModel(
                name=plan.name,
                threshold=training.threshold.value,
                rows=training.split.sizes["train"],
                snapshot_digest=snapshot.digest,
                features_digest=feature_set.digest,
                definitions_digest=feature_set.definitions_digest,
                run_id=run.run_id,
            ),
        )
        step.write(
            "provenance",
            Provenance(
                model_digest=training.model.digest,
                snapshot_digest=snapshot.digest,
                git_commit=made.environment.git_commit,
            ),
        )
        step.metrics("metrics", headline(training))
        step.document("page", learning_curves(training))


if __name__ == "__main__":
    main()
