"""Where the model to reproduce is: in the registry, or in a folder."""

from __future__ import annotations

from pathlib import Path

from phasegate.errors import BadInput
from phasegate.models import Model
from phasegate.provenance import Record, read_record


def fetch(reference: str, workdir: Path) -> Record:
    """The provenance of the model that a reference names, checked against the model itself.

    Args:
        reference: ``NAME@ALIAS`` or ``NAME/VERSION`` in the registry, or a folder that holds
            ``model/`` and ``provenance/``.
        workdir: a folder to download to.

    Raises:
        BadInput: when there is no such model, or the provenance is another model's.
    """
    folder = Path(reference)
    if not (folder / "provenance").is_dir():
        # MLflow takes seconds to import, and a folder does not need it.
        from phasegate.registry.models import connect

        registry = connect()
        folder = registry.download(registry.resolve(reference), workdir)
    recorded = read_record(folder / "provenance")
    model = Model.load(folder / "model", recorded.model_digest)
    if model.file_digests != dict(recorded.model):
        raise BadInput("the provenance lists other files than the model has", where=str(folder))
    return recorded
