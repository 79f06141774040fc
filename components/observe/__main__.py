"""Entrypoint of `observe`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from components.observe.observe import Asked, champion_reference, observe
from phasegate.clock import now
from phasegate.contracts import ObservedWindow, ReferenceProfile, execution
from phasegate.digests import canonical_json
from phasegate.monitoring.observed import FILE
from phasegate.monitoring.policy import MonitoringPolicy


def main() -> None:
    """Find the champion, its reference, the window and its files; freeze them."""
    with execution("observe") as step, tempfile.TemporaryDirectory() as scratch:
        policy = MonitoringPolicy.from_json(step.json("policy"), "observe: policy")
        name = step.parameter("name")
        version, profile = champion_reference(name, Path(scratch), step.path("reference"))
        step.progress(0.7, "listing the prediction log")
        observed = observe(
            Asked(
                name, step.parameter("store"), step.parameter("log"),
                step.parameter("since", ""), step.parameter("until", ""),
            ),
            version, profile, policy, now(),
        )  # fmt: skip
        print(
            f"{observed.model_version} from {observed.since:%Y-%m-%d %H:%M} to "
            f"{observed.until:%Y-%m-%d %H:%M} UTC, {len(observed.files)} files of the log",
            flush=True,
        )
        (step.path("window") / FILE).write_bytes(canonical_json(observed.to_json()))
        step.write(
            "window",
            ObservedWindow(
                model_digest=observed.model_digest,
                profile_digest=observed.profile_digest,
                since=observed.since.isoformat(),
                until=observed.until.isoformat(),
                files=len(observed.files),
            ),
        )
        step.write(
            "reference",
            ReferenceProfile(
                model_digest=profile.model_digest,
                features_digest=profile.features_digest,
                profile_digest=profile.digest,
                rows=profile.rows,
                features=len(profile.features),
            ),
        )


if __name__ == "__main__":
    main()
