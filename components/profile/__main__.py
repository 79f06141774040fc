"""Entrypoint of `profile`."""

from __future__ import annotations

from components.profile.page import page_of
from components.profile.reference import held_out_rows, logged, profile_of
from phasegate.contracts import FeatureSet, ReferenceProfile, TrainedModel, execution
from phasegate.models import Model
from phasegate.monitoring.counting import count_panes
from phasegate.monitoring.drift.calibration import calibrate
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.profiling import monitored
from phasegate.monitoring.reference import CALIBRATION, PROFILE, SAMPLE
from phasegate.monitoring.sampling import sample
from phasegate.prediction_log.table import parquet_bytes

SEED = 1


def main() -> None:
    """Score the held-out rows, profile them, see how much they vary by themselves."""
    with execution("profile") as step:
        trained = step.read("model", TrainedModel)
        features = step.read("feature_set", FeatureSet)
        rules = MonitoringPolicy.from_json(step.json("monitoring"), "profile: monitoring").drift

        step.progress(0.05, "scoring the held-out rows")
        model = Model.load(trained.path, trained.digest, threads=step.json("training")["threads"])
        rows = held_out_rows(features, trained, model, step.json("data"), step.json("split"))

        step.progress(0.3, "profiling them")
        columns = monitored(model, step.json("serving")["log"]["sensitive"])
        profile = profile_of(rows, columns, model, features.digest)

        step.progress(0.5, "calibrating windows on them")
        panes = {} if rows.times is None else count_panes(profile, logged(rows), rules.pane)
        calibration = calibrate(profile, panes, rules, seed=SEED)

        folder = step.path("reference")
        (folder / PROFILE).write_bytes(profile.content)
        (folder / CALIBRATION).write_bytes(calibration.content)
        (folder / SAMPLE).write_bytes(parquet_bytes(sample(rows.features, rows.numbers, profile)))
        step.write(
            "reference",
            ReferenceProfile(
                model_digest=trained.digest,
                features_digest=features.digest,
                profile_digest=profile.digest,
                rows=profile.rows,
                features=len(profile.features),
            ),
        )
        step.document("page", page_of(profile))


if __name__ == "__main__":
    main()
