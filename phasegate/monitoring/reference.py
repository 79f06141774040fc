"""A model's reference as files: profile, calibration and a sample of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phasegate.errors import BadInput
from phasegate.monitoring.drift.calibration import Calibration
from phasegate.monitoring.profile import Profile

if TYPE_CHECKING:
    from phasegate.registry.models import RegisteredVersion, Registry

FOLDER, TAG = "profile", "profile_digest"
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


def registered_reference(registry: Registry, version: RegisteredVersion, folder: Path) -> Reference:
    """The reference of a registered model, which is downloaded.

    Args:
        registry: that it is registered in.
        version: of the model.
        folder: gets the version's files; the reference is in its folder `profile`.

    Raises:
        BadInput: the version has none, or another model's, or its bytes are not those that were
            registered.
        Unavailable: the registry went away.
    """
    fix = "run the training pipeline of this version's project again: it registers the reference"
    digest = version.tags.get(TAG)
    if not digest:
        raise BadInput(
            "was registered without a reference profile, and cannot be monitored",
            where=str(version), expected=f"a tag {TAG} and a folder {FOLDER}/", fix=fix,
        )  # fmt: skip
    fetched = registry.download(version, folder) / FOLDER
    if not fetched.is_dir():
        raise BadInput(f"its folder {FOLDER}/ is missing from the server", where=str(version),
                       fix=fix)  # fmt: skip
    reference = read_reference(fetched, digest=digest)
    if reference.profile.model_digest != version.model_digest:
        raise BadInput(
            f"its reference is of model {reference.profile.model_digest[:12]}",
            where=str(version),
            expected=f"that of {version.model_digest[:12]}",
            fix=fix,
        )
    return reference
