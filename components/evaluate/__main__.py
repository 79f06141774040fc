"""Entrypoint of `evaluate`."""

from __future__ import annotations

from components.evaluate.champion import fetch_champion, with_own_features
from components.evaluate.documents import classification, to_json, tracked_metrics
from components.evaluate.evaluate import contend, evaluate, slice_rows
from components.evaluate.report import report
from components.evaluate.rows import check_lineage, frozen_rows
from components.evaluate.settings import Settings
from phasegate.contracts import DataSnapshot, Evaluation, FeatureSet, TrainedModel, execution
from phasegate.digests import canonical_json
from phasegate.models import Model
from phasegate.registry.models import connect
from phasegate.registry.tracking import resume_run
from phasegate.snapshots import Snapshot


def main() -> None:
    """Choose the frozen rows, let both models score them, measure, judge, report."""
    with execution("evaluate") as step:
        snapshot = step.read("snapshot", DataSnapshot)
        feature_set = step.read("feature_set", FeatureSet)
        trained = step.read("model", TrainedModel)
        check_lineage(snapshot, feature_set, trained)
        name = step.parameter("name")
        settings = Settings.parse(
            step.json("evaluation"), step.json("data"), step.json("split"), step.json("training")
        )

        step.progress(0.05, "choosing the test rows")
        parts = Snapshot.open(snapshot.path, snapshot.store).local_parts()
        features = feature_set.path / "features.parquet"
        rows = frozen_rows(features, feature_set.digest, parts, settings)
        slicings = slice_rows(rows, settings)

        step.progress(0.15, "scoring the challenger")
        model = Model.load(trained.path, trained.digest, threads=settings.threads)
        challenger = contend(model, rows, slicings, settings)

        step.progress(0.25, "scoring the champion")
        registry, champion = connect(), None
        if reigning := fetch_champion(registry, name, settings.threads):
            own = with_own_features(
                reigning.model, rows, feature_set.definitions_digest, parts, settings.threads
            )
            champion = contend(reigning.model, own, slicings, settings, reigning.version)

        found = evaluate(
            rows,
            slicings,
            challenger,
            champion,
            settings,
            lambda share: step.progress(0.3 + 0.6 * share, "drawing bootstrap replicates"),
        )

        step.progress(0.95, "writing the report")
        html = report(name, found)
        folder = step.path("evaluated")
        (folder / "evaluation.json").write_bytes(canonical_json(to_json(found)))
        (folder / "evaluation.html").write_text(html, encoding="utf-8")
        run = resume_run(registry.run_for(name, trained.run_id))
        run.metrics(tracked_metrics(found))
        run.artifact(folder / "evaluation.json", "evaluation")
        run.artifact(folder / "evaluation.html", "evaluation")
        step.write(
            "evaluated",
            Evaluation(
                model_digest=trained.digest,
                champion_digest=champion.digest if champion else "",
                data_digest=rows.digest,
                rows=len(rows),
            ),
        )
        step.write_verdict("verdict", found.judgement)
        step.metrics("metrics", found.headline)
        step.metrics("classification", classification(found))
        step.document("page", html)
        step.result("outcome", found.judgement.outcome.value)


if __name__ == "__main__":
    main()
