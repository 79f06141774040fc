"""Entrypoint of `validate_serving`."""

from __future__ import annotations

import pyarrow.parquet as pq

from components.validate_serving.asking import ask_real_server
from components.validate_serving.golden import as_objects, golden_rows, positions_of_test
from components.validate_serving.judging import failed, judge
from phasegate.contracts import FeatureSet, Judgement, TrainedModel, execution
from phasegate.digests import digest_json
from phasegate.errors import BadInput
from phasegate.models import Model
from phasegate.serving.client import ServingFailure


def main() -> None:
    """Take golden rows of the test slice, ask a real server, hold it against offline scores."""
    with execution("validate_serving") as step:
        trained = step.read("model", TrainedModel)
        features = step.read("feature_set", FeatureSet)
        serving = step.json("serving")
        _check_same_features(trained, features)

        model = Model.load(trained.path, trained.digest, threads=step.json("training")["threads"])
        file = features.path / "features.parquet"
        keys = pq.read_table(file, columns=["_row", "_time", "_label"])
        test = pq.read_table(file, columns=[one.name for one in model.inputs]).take(
            positions_of_test(keys, step.json("split"))
        )
        golden = golden_rows(test, model.inputs, serving["rows"])
        rows = as_objects(golden)
        scores = model.score(model.matrix(golden))

        step.progress(0.2, f"asking a KServe model server {len(rows)} golden rows")
        metrics: dict[str, float] = {"golden_rows": len(rows)}
        log = step.path("verdict") / "server.log"
        try:
            seen = ask_real_server(trained.path, model, step.parameter("name"), rows, log)
        except (ServingFailure, OSError) as error:
            checks = failed(str(error))
        else:
            checks = judge(seen, rows, scores, model.decide(scores), model.digest, serving)
            metrics |= {
                "start_seconds": seen.started_in,
                "latency_p50_ms": seen.quantile(0.5),
                "latency_p99_ms": seen.quantile(0.99),
            }

        judgement = Judgement("validate_serving", model.digest, digest_json(rows), checks)
        step.write_verdict("verdict", judgement)
        step.metrics("metrics", metrics)
        step.result("outcome", judgement.outcome)


def _check_same_features(trained: TrainedModel, features: FeatureSet) -> None:
    if trained.features_digest != features.digest:
        raise BadInput(
            f"the model learned from feature set {trained.features_digest[:12]}",
            where="validate_serving: input feature_set",
            expected=f"that one, not {features.digest[:12]}",
        )


if __name__ == "__main__":
    main()
