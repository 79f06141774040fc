"""Make a model again from its provenance, and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phasegate.digests import digest_file
from phasegate.errors import BadInput, Unavailable
from phasegate.features.compute import compute_features
from phasegate.progress import Progress, no_progress
from phasegate.provenance import (
    Difference,
    Record,
    environment_differences,
    observe_environment,
    section_differences,
)
from phasegate.snapshots import Snapshot
from phasegate.training.plan import Plan
from phasegate.training.train import read_features, train_model


@dataclass(frozen=True)
class Reproduction:
    """What came of making a model again.

    Attributes:
        files: recorded files of the model -> whether the new one has the same bytes; empty when
            the data to make it from are no longer there.
        differences: inputs that are not as they were recorded.
    """

    files: Mapping[str, bool]
    differences: tuple[Difference, ...]

    @property
    def identical(self) -> bool:
        """Whether every file of the model came out the same."""
        return bool(self.files) and all(self.files.values())


def reproduce(
    recorded: Record,
    workdir: Path,
    *,
    store: str | None = None,
    against: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
) -> Reproduction:
    """Read the recorded snapshot, compute its features, train with the recorded parameters.

    Args:
        recorded: provenance of the model.
        workdir: an empty folder for features and model.
        store: where the snapshot's parts are now, if not where they were.
        against: sections of a project file, to name parameters that have changed since.

    Raises:
        Unavailable: when the store does not answer.
    """
    plan = Plan.of_sections(recorded.name, recorded.sections)
    threads = plan.training["threads"]
    differences = [
        *environment_differences(
            recorded.environment, observe_environment(recorded.environment.code)
        ),
        *section_differences(recorded.sections, Plan.shared_sections(against or {})),
    ]

    progress(0.05, "reading the snapshot, part by part")
    snapshot = Snapshot(recorded.manifest, store or recorded.store)
    try:
        parts = snapshot.local_parts(threads=threads)
    except Unavailable:
        raise
    except BadInput as error:
        return Reproduction({}, (_damage(snapshot, error), *differences))

    try:
        files, features_differ = _rebuild(recorded, plan, parts, workdir, progress)
    except Exception as error:
        if not differences:
            raise
        # What differs is why: changed code or other libraries may not even run.
        failure = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        return Reproduction({}, (*differences, Difference("failure", failure)))
    if features_differ:
        differences.append(Difference("data", "the features computed from the snapshot differ"))
    return Reproduction(files, tuple(differences))


def _rebuild(
    recorded: Record, plan: Plan, parts: Sequence[Path], workdir: Path, progress: Progress
) -> tuple[dict[str, bool], bool]:
    """Whether each file of the model is the recorded one, and whether the features differ."""
    threads = plan.training["threads"]
    progress(0.1, "computing features")
    table = workdir / "features.parquet"
    compute_features(parts, plan.definitions, table, threads=threads)
    training = train_model(
        read_features(table, plan, threads=threads),
        plan,
        parameters=recorded.parameters,
        progress=lambda share, message: progress(0.4 + 0.5 * share, message),
    )
    training.model.save(workdir / "model")
    made = training.model.file_digests
    files = {name: made.get(name) == digest for name, digest in recorded.model.items()}
    return files, digest_file(table) != recorded.features_digest


def _damage(snapshot: Snapshot, error: BadInput) -> Difference:
    """Name the part by its place in the snapshot as well as by its digest."""
    parts = snapshot.manifest["parts"]
    for place, part in enumerate(parts, 1):
        if part["digest"] in str(error):
            return Difference("data", f"part {place} of {len(parts)} of the snapshot: {error}")
    return Difference("data", str(error))
