"""The past of events that a model's windows look at: filled from its snapshot, and with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.local.serving.models import ServedModel
from phasegate.models import Model
from phasegate.online import OnlineFeatures, SqliteHistory
from phasegate.online.load import load_history
from phasegate.progress import Progress, between
from phasegate.project.tables import lay_out
from phasegate.provenance.record import DOCUMENT, read_record
from phasegate.snapshots import Snapshot

_BATCH_ROWS = 10_000


@dataclass(frozen=True)
class Labelled:
    """Labels that were read: those that an event was waiting for, and those that none was."""

    known: int
    unknown: int


def fill_history(file: Path, models: Sequence[ServedModel], key: str, progress: Progress) -> int:
    """Add the events that the models were trained on, as far as their windows look back.

    Each snapshot is read once; it may be done while the models are served. A model without
    provenance beside it, which a plain folder has not, starts with what requests have brought.

    Args:
        key: column of the events' ids.

    Returns:
        How many events were read; 0 when all were there.

    Raises:
        BadInput: the snapshot or its store is gone, or has no such column.
    """
    read = 0
    with SqliteHistory(file) as history:
        for number, model in enumerate(models):
            provenance = model.folder.parent / "provenance"
            done = file.with_suffix(f".{model.digest[:12]}.loaded")
            if done.exists() or not (provenance / DOCUMENT).is_file():
                continue
            made = read_record(provenance)
            part = between(progress, number / len(models), (number + 1) / len(models))
            part(0.0, f"reading the snapshot of {model.version}")
            parts = Snapshot(made.manifest, made.store).local_parts()
            loaded = load_history(history, parts, _definitions(model), key=key, progress=part)
            read = max(read, loaded.events)
            done.touch()
    return read


def add_labels(file: Path, model: ServedModel, table: Path, key: str, label: str) -> Labelled:
    """Tell the past what became of its events.

    Args:
        table: CSV or Parquet.
        key: its column of the events' ids.
        label: its column of the label.

    Raises:
        BadInput: no such table or column, or a label is missing.
    """
    connection = duckdb.connect()
    source = connection.sql(f"SELECT * FROM {lay_out(connection, [table]).relation(())}")
    if absent := [name for name in (key, label) if name not in source.columns]:
        raise BadInput(
            f"has no column '{absent[0]}'",
            where=str(table),
            expected=f"one of {', '.join(source.columns[:20])}",
        )
    known = unknown = 0
    with SqliteHistory(file) as history:
        features = OnlineFeatures(_definitions(model), history)
        quoted = (f'"{name.replace(chr(34), chr(34) * 2)}"' for name in (key, label))
        for batch in source.project(", ".join(quoted)).to_arrow_reader(_BATCH_ROWS):
            ids, values = (column.to_pylist() for column in batch.columns)
            unmatched = features.add_labels(dict(zip(map(str, ids), values, strict=True)))
            known += len(ids) - len(unmatched)
            unknown += len(unmatched)
    return Labelled(known, unknown)


def _definitions(model: ServedModel) -> FeatureDefinitions:
    document = Model.load(model.folder, model.digest).definitions
    return FeatureDefinitions.parse(document["features"], document["data"])
