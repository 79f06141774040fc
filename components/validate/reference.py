"""The snapshot that distributions are compared with: an earlier one in the same store."""

from __future__ import annotations

from pathlib import Path

from phasegate.errors import BadInput
from phasegate.snapshots import MANIFEST, Snapshot


def open_reference(digest: str, store: str, scratch: Path) -> Snapshot:
    """Find a snapshot in a store by its digest: ``<store>/snapshots/<digest>/manifest.json``.

    Args:
        digest: hex sha256 of the snapshot's manifest.
        store: a folder or gs://bucket/prefix.
        scratch: folder for a manifest that has to be downloaded.

    Raises:
        BadInput: when the store has no such snapshot, or what it has is another one.
    """
    where = f"validation.reference {digest[:12]}"
    folder = _folder(digest, store, scratch)
    if not (folder / MANIFEST).is_file():
        raise BadInput(
            f"the store {store} has no such snapshot",
            where=where,
            expected="the digest of a snapshot that was ingested into this store",
            fix="take it from an earlier run's summary, or set validation.reference to null",
        )
    snapshot = Snapshot.open(folder, store)
    if snapshot.digest != digest:
        raise BadInput(f"its manifest has digest {snapshot.digest[:12]}", where=where)
    return snapshot


def _folder(digest: str, store: str, scratch: Path) -> Path:
    name = f"snapshots/{digest}"
    if not store.startswith("gs://"):
        return Path(store.removeprefix("file://")) / name
    from phasegate.store.bucket import Bucket, split_uri

    bucket_name, prefix = split_uri(store)
    bucket = Bucket(bucket_name)
    found = bucket.find("/".join(filter(None, (prefix, name, MANIFEST))))
    if found is not None:
        bucket.download(found, scratch / MANIFEST)
    return scratch
