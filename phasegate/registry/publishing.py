"""A registered model's files where servers fetch them from, in a folder named by their digest."""

from __future__ import annotations

from pathlib import Path

from phasegate.digests import digest_files
from phasegate.errors import BadInput
from phasegate.monitoring.reference import FOLDER as REFERENCE
from phasegate.registry.models import MODEL_FILES
from phasegate.store import local_folder
from phasegate.store.named import open_named


def publish(folder: Path, digest: str, models: str, scratch: Path) -> str:
    """Put a model's files to ``MODELS/DIGEST``, each once; what is there already stays.

    The reference of its monitoring goes first, to the folder ``profile/`` below: a pod fetches both
    when it starts, and never again.

    Args:
        folder: of the fetched version: ``model/``, whose digest was found to be right, and
            ``profile/`` where it has one.
        digest: hex sha256 of the model.
        models: bucket prefix that servers may read: ``gs://bucket/prefix``.
        scratch: folder for what is read back.

    Returns:
        The address, as KServe's ``storageUri``.

    Raises:
        BadInput: it is no bucket, it refuses us, or other bytes are there.
        Unavailable: the bucket does not answer.
    """
    if local_folder(models) is not None:
        raise BadInput(
            f"'{models}' cannot be fetched by servers on a cluster",
            where="models",
            expected="gs://BUCKET/PREFIX, which their ServiceAccount may read",
        )
    files = open_named(models)
    for part in sorted((folder / REFERENCE).glob("*")):
        files.create(f"{digest}/{REFERENCE}/{part.name}", part)
    model = folder / "model"
    there = [name for name in MODEL_FILES if not files.create(f"{digest}/{name}", model / name)]
    if there:
        for name in MODEL_FILES:
            files.fetch(f"{digest}/{name}", scratch)
        found = digest_files(scratch, MODEL_FILES)
        if found != digest:
            raise BadInput(
                f"other bytes are there already (sha256 {found})",
                where=f"{files.uri}/{digest}",
                expected=digest,
                fix="find out who wrote there; remove the folder, then run again",
            )
    return f"{files.uri}/{digest}"
