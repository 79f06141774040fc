"""A snapshot that distributions are compared with: another one in the same store."""

from __future__ import annotations

from pathlib import Path

from phasegate.errors import BadInput
from phasegate.snapshots import MANIFEST, Snapshot
from phasegate.store import open_store


def open_reference(digest: str, store: str, scratch: Path) -> Snapshot:
    """Find a snapshot in a store by its digest, which is the digest of its manifest.

    Args:
        digest: hex sha256 of the snapshot's manifest.
        store: a folder or gs://bucket/prefix.
        scratch: folder for a copy of the manifest; made if need be.

    Raises:
        BadInput: when the store has no such snapshot.
    """
    opened = open_store(store)
    if not opened.has(digest):
        raise BadInput(
            f"the store {store} has no such snapshot",
            where=f"validation: {digest[:12]}",
            expected="the digest of a snapshot that was ingested into this store",
            fix="take it from an earlier run's summary, or set the key to null",
        )
    opened.fetch(digest, scratch).replace(scratch / MANIFEST)
    return Snapshot.open(scratch, store)
