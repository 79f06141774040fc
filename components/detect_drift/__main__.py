"""Entrypoint of `detect_drift`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from components.detect_drift.page import page_of
from components.detect_drift.reading import gathered, reference_of
from phasegate.contracts import DriftReport, ObservedWindow, ReferenceProfile, execution
from phasegate.digests import canonical_json
from phasegate.monitoring.drift.judge import judge
from phasegate.monitoring.drift.report import FILE, DriftFindings
from phasegate.monitoring.observed import Observed
from phasegate.monitoring.policy import MonitoringPolicy


def main() -> None:
    """Read the windows as counts, judge each, report."""
    with execution("detect_drift") as step, tempfile.TemporaryDirectory() as scratch:
        observed = Observed.read(step.read("window", ObservedWindow).path)
        reference = step.read("reference", ReferenceProfile)
        rules = MonitoringPolicy.from_json(
            step.json("policy"), "detect_drift: parameter policy"
        ).drift
        profile, calibration = reference_of(reference, observed)

        step.progress(0.05, "counting the windows")
        read = gathered(
            step.parameter("source"), step.parameter("log"), observed, profile, rules, Path(scratch)
        )

        step.progress(0.8, "judging them")
        judgements = tuple(
            judge(
                profile,
                calibration,
                one.counts,
                rules,
                since=one.since,
                until=one.until,
                traffic=one.traffic,
            )
            for one in read.windows
        )
        found = DriftFindings(judgements, read.notes)

        (step.path("drift") / FILE).write_bytes(canonical_json(found.to_json()))
        step.write(
            "drift",
            DriftReport(
                model_digest=profile.model_digest,
                profile_digest=profile.digest,
                windows=len(judgements),
                alerts=found.alerts,
            ),
        )
        counts = {one.since: one.counts for one in read.windows}
        step.document("report", page_of(observed.model, found, profile, counts, rules))
        step.result("outcome", found.outcome)
        print(f"{found.outcome}: {found.alerts} of {len(judgements)} windows alert", flush=True)


if __name__ == "__main__":
    main()
