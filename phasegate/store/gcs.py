"""A store in a Google Cloud Storage bucket."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.store import copying, object_name
from phasegate.store.bucket import CHECKSUM_DIFFERS, Bucket, split_uri
from phasegate.store.local import damaged, missing
from phasegate.store.workspace import sweep, workspace


class GcsStore:
    """Objects in a bucket; each is created once, under the precondition that it is not there."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        bucket, prefix = split_uri(self.uri)
        self._bucket = Bucket(bucket)
        self._prefix = f"{prefix}/" if prefix else ""
        self._temporary = Path(tempfile.gettempdir()) / f"phasegate-{os.getuid()}"

    def has(self, digest: str) -> bool:
        """Whether the object is there."""
        return self._bucket.exists(self._name(digest))

    def local_path(self, digest: str) -> Path | None:
        """None: objects of a bucket have to be fetched."""
        object_name(digest)
        return None

    def workspace(self) -> AbstractContextManager[Path]:
        """A temporary folder of this machine."""
        self._temporary.mkdir(parents=True, exist_ok=True)
        sweep(self._temporary)
        return workspace(self._temporary)

    def put_file(self, path: Path, digest: str, *, move: bool = False) -> None:
        """Upload a file whose sha256 is known; see `phasegate.store.Store`."""
        if not self.has(digest):
            self._bucket.create(self._name(digest), path)
        if move:
            path.unlink()

    def fetch(self, digest: str, folder: Path) -> Path:
        """Download an object, checked; see `phasegate.store.Store`."""
        found = self._bucket.find(self._name(digest))
        if found is None:
            raise missing(digest, self.uri)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / digest
        partial = folder / f".{digest}.{secrets.token_hex(4)}"
        try:
            try:
                self._bucket.download(found, partial)
            except BadInput as error:
                if error.what == CHECKSUM_DIFFERS:
                    raise damaged(digest, self.uri) from error
                raise
            if copying.hash_file(partial) != digest:
                raise damaged(digest, f"{self.uri}/{object_name(digest)}")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return target

    def _name(self, digest: str) -> str:
        return self._prefix + object_name(digest)
