"""Read a data snapshot: its manifest, and its parts from the store, checked against their digests.

Standard library only at import, so that every environment can read a snapshot.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from phasegate.digests import canonical_json, digest_bytes
from phasegate.errors import BadInput
from phasegate.store import Store, open_store
from phasegate.store.copying import hash_file
from phasegate.store.local import damaged, missing

MANIFEST = "manifest.json"
_VERSION = 1


@dataclass(frozen=True)
class Snapshot:
    """An immutable table: Parquet parts in a store, in row order.

    A row's identity is its position, counted over the parts in their order.

    Args:
        manifest: version, columns, rows, bytes, time, parts, sources.
        uri: the store that holds the parts.
    """

    manifest: Mapping[str, Any]
    uri: str

    @classmethod
    def open(cls, folder: Path, store: str) -> Snapshot:
        """Read ``folder/manifest.json``.

        Raises:
            BadInput: it is missing, not a manifest, or not in canonical form.
        """
        path = Path(folder) / MANIFEST
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise BadInput("no snapshot is here", where=str(path), fix="Run ingest") from None
        try:
            manifest = json.loads(data)
            version = manifest["version"]
        except (ValueError, KeyError, TypeError):
            raise BadInput("this is not a snapshot's manifest", where=str(path)) from None
        if version != _VERSION:
            raise BadInput(
                f"manifest version {version} is not known",
                where=str(path),
                expected=f"version {_VERSION}",
            )
        if canonical_json(manifest) != data:
            raise BadInput("the manifest was edited by hand", where=str(path), fix="Run ingest")
        return cls(manifest, store)

    @cached_property
    def digest(self) -> str:
        """Hex sha256 of the canonical manifest: the snapshot's identity."""
        return digest_bytes(canonical_json(self.manifest))

    @property
    def rows(self) -> int:
        """Rows in all parts."""
        return self.manifest["rows"]

    @property
    def columns(self) -> dict[str, str]:
        """Column names, in order, and their Arrow types."""
        return {column["name"]: column["type"] for column in self.manifest["columns"]}

    @property
    def time_range(self) -> tuple[str, str] | None:
        """Oldest and newest event time, ISO 8601 in UTC; None without a time column."""
        time = self.manifest["time"]
        return (time["min"], time["max"]) if time else None

    def metadata(self) -> dict[str, Any]:
        """The flat metadata of a DataSnapshot artifact."""
        low, high = self.time_range or ("", "")
        return {
            "rows": self.rows,
            "bytes": self.manifest["bytes"],
            "parts": len(self.manifest["parts"]),
            "columns": len(self.manifest["columns"]),
            "store": self.uri,
            "time_min": low,
            "time_max": high,
        }

    def local_parts(self, *, verify: bool = True, threads: int = 2) -> list[Path]:
        """The parts' files on this machine, in row order.

        Parts of a bucket are downloaded once, to ``PHASEGATE_CACHE`` or the user's cache folder.

        Args:
            verify: compare every part with its digest; a download is compared in any case.
            threads: parts that are read at a time.

        Raises:
            BadInput: a part is missing or damaged.
            Unavailable: the store did not answer.
        """
        store = open_store(self.uri)
        with ThreadPoolExecutor(threads) as pool:
            return list(
                pool.map(lambda part: _local_part(store, part, verify), self.manifest["parts"])
            )


def write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write ``folder/manifest.json`` whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{MANIFEST}.{os.getpid()}"
    try:
        with open(partial, "wb") as file:
            file.write(canonical_json(manifest))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / MANIFEST)
    finally:
        partial.unlink(missing_ok=True)


def _local_part(store: Store, part: Mapping[str, Any], verify: bool) -> Path:
    digest = part["digest"]
    if path := store.local_path(digest):
        if path.stat().st_size != part["bytes"] or (verify and hash_file(path) != digest):
            raise damaged(digest, str(path))
        return path
    if not store.uri.startswith("gs://"):
        raise missing(digest, store.uri)
    cache = _cache_folder()
    path = cache / digest
    if path.is_file() and path.stat().st_size == part["bytes"]:
        if not verify or hash_file(path) == digest:
            return path
        path.unlink()
    return store.fetch(digest, cache)


def _cache_folder() -> Path:
    if folder := os.environ.get("PHASEGATE_CACHE"):
        return Path(folder)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "phasegate" / "parts"
