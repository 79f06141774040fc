"""The provenance of a model as two files: ``provenance.json`` and ``lock.txt``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phasegate.digests import canonical_json, digest_bytes, digest_json
from phasegate.errors import BadInput
from phasegate.provenance.environment import Environment

DOCUMENT, LOCK = "provenance.json", "lock.txt"
FILES = (DOCUMENT, LOCK)
VERSION = 1


@dataclass(frozen=True)
class Record:
    """All that is needed to make a model again, byte for byte.

    Attributes:
        name: of the model.
        model: digest of each of its files.
        model_digest: of the model.
        store: where the snapshot's parts are.
        manifest: of the snapshot: it names every part by digest.
        features_digest: of the feature set's file.
        definitions_digest: of the feature definitions.
        sections: of the project: data, features, split, training, evaluation (its value only).
        parameters: XGBoost's, as a search chose them or as they were given.
        outcome: what came of it: rounds, slice sizes, threshold; to read, not to compare.
        environment: what it was made with.
    """

    name: str
    model: Mapping[str, str]
    model_digest: str
    store: str
    manifest: Mapping[str, Any]
    features_digest: str
    definitions_digest: str
    sections: Mapping[str, Any]
    parameters: Mapping[str, Any]
    outcome: Mapping[str, Any]
    environment: Environment

    @property
    def snapshot_digest(self) -> str:
        """Identity of the snapshot: the digest of its manifest."""
        return digest_json(self.manifest)

    def to_json(self) -> dict[str, Any]:
        """The document, without the lock's text."""
        training = self.sections["training"]
        return {
            "version": VERSION,
            "name": self.name,
            "model": {"digest": self.model_digest, "files": dict(self.model)},
            "snapshot": {
                "digest": self.snapshot_digest,
                "store": self.store,
                "manifest": dict(self.manifest),
            },
            "features": {
                "digest": self.features_digest,
                "definitions_digest": self.definitions_digest,
            },
            "sections": dict(self.sections),
            "parameters": dict(self.parameters),
            "seed": training["seed"],
            "threads": training["threads"],
            "outcome": dict(self.outcome),
            "environment": self.environment.to_json(),
        }

    def save(self, folder: Path) -> None:
        """Write the two files."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DOCUMENT).write_bytes(canonical_json(self.to_json()))
        (folder / LOCK).write_bytes(self.environment.lock.encode())


def read_record(folder: Path) -> Record:
    """Read what `Record.save` wrote.

    Raises:
        BadInput: when a file is absent or damaged, or the lock or manifest is not the one that
            the document names.
    """
    where = str(folder / DOCUMENT)
    try:
        document, lock = (folder / DOCUMENT).read_bytes(), (folder / LOCK).read_bytes()
        value = json.loads(document)
        if value["version"] != VERSION:
            raise BadInput(f"version {value['version']}", where=where, expected=f"{VERSION}")
        environment, snapshot = value["environment"], value["snapshot"]
        record = Record(
            name=value["name"],
            model=value["model"]["files"],
            model_digest=value["model"]["digest"],
            store=snapshot["store"],
            manifest=snapshot["manifest"],
            features_digest=value["features"]["digest"],
            definitions_digest=value["features"]["definitions_digest"],
            sections=value["sections"],
            parameters=value["parameters"],
            outcome=value["outcome"],
            environment=Environment(
                git_commit=environment["git_commit"],
                code=environment["code"],
                image=environment["image"],
                lock=lock.decode(),
                libraries=environment["libraries"],
                cpu=environment["cpu"],
            ),
        )
    except OSError as error:
        raise BadInput(
            f"cannot be read ({error.strerror})", where=str(error.filename), expected="provenance"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"not a provenance document ({error!r})", where=where) from None
    for name, named, found in (
        ("lock", environment["lock_digest"], digest_bytes(lock)),
        ("manifest", snapshot["digest"], record.snapshot_digest),
    ):
        if named != found:
            raise BadInput(
                f"the {name} has digest {found[:12]}, the document says {named[:12]}",
                where=str(folder),
                fix="the provenance was changed after it was written; take it from the registry",
            )
    return record
