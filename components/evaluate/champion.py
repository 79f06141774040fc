"""The model that serves now, on the same rows as its challenger."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from components.evaluate.rows import TestRows, rows_like
from phasegate.errors import BadInput
from phasegate.models import Model
from phasegate.registry.models import Registry


@dataclass(frozen=True, eq=False)
class Champion:
    """A registered model and its version."""

    model: Model
    version: int


def fetch_champion(registry: Registry, name: str, threads: int) -> Champion | None:
    """The registered champion, its digest checked; None if there is none yet.

    Raises:
        BadInput: when its bytes are not those that were registered.
        Unavailable: when the registry does not answer.
    """
    version = registry.champion(name)
    if version is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        fetched = registry.download(version, Path(folder) / "champion")
        model = Model.load(fetched / "model", version.model_digest, threads=threads)
    return Champion(model, version.version)


def with_own_features(
    model: Model, rows: TestRows, definitions_digest: str, parts: Sequence[Path], threads: int
) -> TestRows:
    """The test rows with the features that a model was made for.

    Args:
        definitions_digest: of the features that the rows have now.
        parts: Parquet parts of the snapshot.

    Raises:
        BadInput: when the data lack what the model's features need.
    """
    if model.definitions_digest == definitions_digest:
        return rows
    from phasegate.features.compute import compute_features
    from phasegate.features.definitions import FeatureDefinitions

    definitions = FeatureDefinitions.parse(model.definitions["features"], model.definitions["data"])
    if definitions.digest != model.definitions_digest:
        raise BadInput(
            "the champion's feature definitions are not those of its digest",
            where="model.json",
            fix="register a model that this version made",
        )
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "features.parquet"
        compute_features(parts, definitions, output, threads=threads)
        return replace(rows, features=rows_like(output, rows))
