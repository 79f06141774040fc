"""Entrypoint of `detect_skew`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from components.detect_skew.distances import with_distances
from components.detect_skew.page import render
from phasegate.contracts import ObservedWindow, SkewFindings, execution
from phasegate.contracts.execution import Execution
from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.monitoring.observed import Observed, local_files
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.skew.detection import detect
from phasegate.monitoring.skew.judging import not_compared
from phasegate.monitoring.skew.report import SkewReport
from phasegate.release.gathering.label_files import label_files
from phasegate.store.named import open_named

NOT_ASKED = (
    "Skew was not looked for: monitoring.skew.events does not say where raw events are. "
    "Whether features were served as they were trained on is not known."
)


def main() -> None:
    """Look for skew in a window; write findings and page."""
    with execution("detect_skew") as step, tempfile.TemporaryDirectory() as scratch:
        policy = MonitoringPolicy.from_json(step.json("policy"), "detect_skew: policy")
        observed = Observed.read(step.read("window", ObservedWindow).path)
        found = _look(step, policy, observed, Path(scratch))
        alerting = sum(one.alert for one in found.features)
        (step.path("skew") / "skew.json").write_bytes(canonical_json(found.to_json()))
        step.write(
            "skew",
            SkewFindings(model_digest=found.model_digest, rows=found.rows, alerts=alerting),
        )
        step.document("report", render(found, observed.model_version, policy.skew))
        step.result("alerts", max(alerting, int(found.alert)))
        print(f"{found.rows:,} rows compared, {alerting} features alert", flush=True)


def _look(
    step: Execution, policy: MonitoringPolicy, observed: Observed, scratch: Path
) -> SkewReport:
    digest, since, until = observed.model_digest, observed.since, observed.until
    if not policy.skew.events:
        return not_compared(digest, since, until, NOT_ASKED, logged=0, alert=False)
    data = step.json("data")
    key = policy.key or data.get("key")
    if not key:
        raise BadInput(
            "no column of the raw events holds the ids of requests",
            where="data.key",
            expected="the column whose values requests are sent under",
        )
    files = observed.files_of(since, until, model_digest=digest)
    detected = detect(
        local_files(files, open_named(step.parameter("log")), scratch / "log"),
        lambda: label_files(policy.skew.events, scratch, "raw events"),
        data,
        FeatureDefinitions.parse(step.json("features"), data),
        policy.skew,
        key=key,
        model_digest=digest,
        since=since,
        until=until,
        folder=scratch,
        threads=os.cpu_count() or 1,
        progress=step.progress,
    )
    return with_distances(detected, policy.skew, scratch, step.progress)


if __name__ == "__main__":
    main()
