"""What the step is given, as values."""

from __future__ import annotations

from pathlib import Path

from phasegate.contracts import ReferenceProfile
from phasegate.errors import BadInput
from phasegate.monitoring.drift.calibration import Calibration
from phasegate.monitoring.drift.gathering import Gathered, from_log, from_summaries
from phasegate.monitoring.observed import Observed, local_files
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.store.named import open_named


def reference_of(reference: ReferenceProfile, observed: Observed) -> tuple[Profile, Calibration]:
    """The champion's profile and calibration.

    Raises:
        BadInput: they are damaged, or of another model than the window.
    """
    path = reference.path / "profile.json"
    profile = Profile.from_bytes(path.read_bytes(), str(path), digest=reference.profile_digest)
    if profile.model_digest != observed.model_digest:
        raise BadInput(
            f"the reference is of model {profile.model_digest[:12]}",
            where="detect_drift: input reference",
            expected=f"that of the champion, {observed.model_digest[:12]}",
        )
    path = reference.path / "calibration.json"
    return profile, Calibration.from_bytes(path.read_bytes(), str(path))


def gathered(
    source: str, log: str, observed: Observed, profile: Profile, rules: DriftRules, scratch: Path
) -> Gathered:
    """The windows as counts.

    Raises:
        BadInput: an unknown source, or one that cannot be read.
        Unavailable: the store did not answer.
    """
    if source not in ("log", "summaries"):
        raise BadInput(
            f"'{source}' is no source", where="detect_drift: source", expected="log or summaries"
        )
    store, since, until = open_named(log), observed.since, observed.until
    if source == "summaries":
        return from_summaries(
            store, observed.model, profile, rules.window, since=since, until=until, folder=scratch
        )
    files = local_files(observed.files_of(since, until), store, scratch / "log")
    return from_log(files, profile, rules.window, since=since, until=until, folder=scratch)
