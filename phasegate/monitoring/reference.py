"""A model's reference as files: profile, calibration and a sample of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.monitoring.drift.calibration import Calibration
from phasegate.monitoring.profile import Profile

PROFILE, CALIBRATION, SAMPLE = "profile.json", "calibration.json", "sample.parquet"


@dataclass(frozen=True)
class Reference:
    """What windows are held against.

    Attributes:
        profile: of the model.
        calibration: of drift-free windows; None where there is none.
        sample: Parquet file of reference rows; None where there is none.
    """

    profile: Profile
    calibration: Calibration | None
    sample: Path | None


def read_reference(folder: Path, *, digest: str | None = None) -> Reference:
    """Read the folder of an artifact ReferenceProfile.

    Args:
        folder: of it.
        digest: hex sha256 that the profile should have.

    Raises:
        BadInput: it is none, or its files do not belong together.
    """
    path = folder / PROFILE
    try:
        profile = Profile.from_bytes(path.read_bytes(), str(path), digest=digest)
        calibration = None
        if (folder / CALIBRATION).is_file():
            where = str(folder / CALIBRATION)
            calibration = Calibration.from_bytes((folder / CALIBRATION).read_bytes(), where)
    except OSError as error:
        raise BadInput(f"the reference cannot be read ({error})", where=str(folder)) from error
    if calibration and calibration.profile_digest != profile.digest:
        raise BadInput(
            f"the calibration is of profile {calibration.profile_digest[:12]}",
            where=str(folder),
            expected=f"that of {profile.digest[:12]}",
        )
    sample = folder / SAMPLE
    return Reference(profile, calibration, sample if sample.is_file() else None)
