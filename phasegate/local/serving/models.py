"""From what a user calls a model to its files on this machine, checked by digest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from phasegate.errors import BadInput
from phasegate.local.tracking_server import tracking_variables
from phasegate.local.workspace import Workspace
from phasegate.models import Model


@dataclass(frozen=True)
class ServedModel:
    """A model to serve.

    Attributes:
        reference: as the user named it.
        name: of the model.
        version: such as ``card-fraud/3``; of a folder, its name.
        digest: hex sha256 of its files.
        folder: where its files are.
    """

    reference: str
    name: str
    version: str
    digest: str
    folder: Path

    @property
    def profile(self) -> Path | None:
        """Folder of its ReferenceProfile, beside that of the model; None where there is none."""
        folder = self.folder.parent / "profile"
        return folder if (folder / "profile.json").is_file() else None


def fetch_models(
    references: Sequence[str], workspace: Workspace, folder: Path
) -> list[ServedModel]:
    """The models meant by ``NAME@ALIAS``, ``NAME/VERSION`` or the path of a model folder.

    Registered models are downloaded to ``folder``, unless they are there; a tracking server of
    our own is started for that where none is configured.

    Raises:
        BadInput: there is no such model, or its bytes are not the registered ones.
    """
    registered = [one for one in references if not Path(one).is_dir()]
    for one in registered:
        if "@" not in one and not one.rpartition("/")[2].isdigit():
            raise BadInput(
                "there is no such model folder, and it names no registered model",
                where=one,
                expected="NAME@ALIAS, NAME/VERSION or a folder",
            )
    found: dict[str, ServedModel] = {}
    if registered:
        with tracking_variables(workspace) as variables:
            found = _download(registered, variables, folder)
    return [found.get(one) or _of_folder(one) for one in references]


def _of_folder(reference: str) -> ServedModel:
    folder = Path(reference).resolve()
    model = Model.load(folder)
    return ServedModel(reference, model.name, folder.name, model.digest, folder)


def _download(
    references: Sequence[str], variables: Mapping[str, str], folder: Path
) -> dict[str, ServedModel]:
    from phasegate.registry import models

    found = {}
    # MLflow's client takes the address from the environment in more places than it takes arguments.
    with mock.patch.dict(os.environ, variables):
        registry = models.connect()
        for reference in references:
            version = registry.resolve(reference)
            place = folder / version.model_digest[:12]
            if not (place / "model").is_dir():
                registry.download(version, place)
            found[reference] = ServedModel(
                reference, version.name, str(version), version.model_digest, place / "model"
            )
    return found
