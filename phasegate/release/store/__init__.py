"""Where releases are kept: a record that is compared and set, its audit log and its evidence.

Under a store, a local folder or ``gs://bucket/prefix``::

    releases/MODEL/record.json              the newest entry: the one state of the release
    releases/MODEL/audit/00000001.json      every entry, by its sequence
    releases/MODEL/evidence/SHA256.json     what decisions rest on, by the sha256 of its bytes

The record is written first and its entry after it, so that a log may lack the newest entry, and
no other, when a writer died in between; whoever comes next writes it.
"""

from __future__ import annotations

from pathlib import Path

from phasegate.release.store.releases import Releases
from phasegate.store import local_folder

__all__ = ["Releases", "default_uri", "open_releases"]


def default_uri(workspace: Path) -> str:
    """The store of a workspace's releases where none is named."""
    return str(workspace / "store")


def open_releases(uri: str, *, retry_seconds: float | None = None) -> Releases:
    """The releases of a store; a local folder is made by the first write, not by reading.

    Args:
        uri: a local folder or ``gs://bucket/prefix``.
        retry_seconds: how long each call tries an unreachable bucket, or waits for another writer;
            None for ``PHASEGATE_RETRY_SECONDS``, 30 by default.

    Raises:
        BadInput: an unknown scheme.
    """
    folder = local_folder(uri)
    if folder is None:
        from phasegate.release.store.objects import Objects

        return Releases(Objects(uri, retry_seconds))
    from phasegate.release.store.folder import Folder

    return Releases(Folder(folder, retry_seconds))
