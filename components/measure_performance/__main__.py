"""Entrypoint of `measure_performance`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from components.measure_performance.page import page_of
from phasegate.contracts import ObservedWindow, PerformanceReport, ReferenceProfile, execution
from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.observed import Observed, local_files
from phasegate.monitoring.performance.gathering import gather
from phasegate.monitoring.performance.judge import judge
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.profile import Profile
from phasegate.store.named import open_named


def main() -> None:
    """Read log and labels over the history, measure, estimate, report."""
    with execution("measure_performance") as step, tempfile.TemporaryDirectory() as scratch:
        observed = Observed.read(step.read("window", ObservedWindow).path)
        reference = step.read("reference", ReferenceProfile)
        policy = MonitoringPolicy.from_json(
            step.json("policy"), "measure_performance: parameter policy"
        )
        profile = _profile(reference, observed)

        step.progress(0.05, "reading the prediction log")
        log = open_named(step.parameter("log"))
        gathered = gather(
            local_files(observed.files, log, Path(scratch) / "log"),
            policy,
            profile,
            history=observed.history,
            until=observed.until,
            now=observed.now,
            folder=Path(scratch),
        )

        step.progress(0.9, "measuring and estimating")
        found = judge(
            gathered.tallies,
            profile,
            policy.performance,
            now=observed.now,
            problems=gathered.problems,
        )
        for problem in found.problems:
            print(problem, flush=True)
        path = step.path("performance") / "performance.json"
        path.write_bytes(canonical_json(found.to_json()))
        step.write(
            "performance",
            PerformanceReport(
                model_digest=observed.model_digest,
                metric=found.metric,
                windows=len(found.windows),
                below=sum(
                    one.measured is not None and one.measured.value < found.floor
                    for one in found.windows
                ),
            ),
        )
        step.document("report", page_of(observed.model, found, policy))


def _profile(reference: ReferenceProfile, observed: Observed) -> Profile:
    path = reference.path / "profile.json"
    profile = Profile.from_bytes(path.read_bytes(), str(path), digest=reference.profile_digest)
    if profile.model_digest != observed.model_digest:
        raise BadInput(
            f"the reference is of model {profile.model_digest[:12]}",
            where="measure_performance: input reference",
            expected=f"that of the champion, {observed.model_digest[:12]}",
        )
    return profile


if __name__ == "__main__":
    main()
