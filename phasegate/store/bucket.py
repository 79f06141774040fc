"""One Google Cloud Storage bucket: checked uploads, resumed downloads, bounded retries.

The address of an emulator in ``STORAGE_EMULATOR_HOST`` is honoured. How long an unreachable
bucket is tried is ``PHASEGATE_RETRY_SECONDS`` (30 by default).
"""

from __future__ import annotations

import base64
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.patience import patience
from phasegate.store import copying
from phasegate.store.answering import answers

_RESUMABLE = 8 << 20
_CHUNK = 16 << 20
_TIMEOUT = (5, 60)

CHECKSUM_DIFFERS = "checksum of the downloaded bytes differs from the bucket's"


@dataclass(frozen=True)
class BucketObject:
    """One generation of an object: its bytes never change.

    Args:
        crc32c: checksum as the service reports it, base64 of four bytes.
    """

    name: str
    generation: int
    size: int
    crc32c: str


def split_uri(uri: str) -> tuple[str, str]:
    """``gs://bucket/a/b`` -> ``("bucket", "a/b")``.

    Raises:
        BadInput: no bucket is named.
    """
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    if not bucket:
        raise BadInput("no bucket is named", where=uri, expected="gs://bucket/prefix")
    return bucket, name.strip("/")


class Bucket:
    """A bucket, reached through google-cloud-storage.

    Every method raises `Unavailable` when the service did not answer within the time allowed, and
    `BadInput` when it refused (no such bucket, no permission).
    """

    def __init__(self, name: str, *, retry_seconds: float | None = None) -> None:
        self.name = name
        self._seconds = patience(retry_seconds)
        self._handle: Any = None

    def exists(self, name: str) -> bool:
        """Whether the object is there; asks for a list, so that who may only add can ask."""
        with self._answers():
            # Of all names that begin like this one, it is the first.
            return any(blob.name == name for blob in self._listed(name, 1))

    def find(self, name: str) -> BucketObject | None:
        """The object's present generation, or None."""
        with self._answers():
            blob = self._bucket().get_blob(name, timeout=_TIMEOUT, retry=self._retry())
        return None if blob is None else _describe(blob)

    def list(self, prefix: str) -> list[BucketObject]:
        """Objects whose names start with ``prefix``, in name order."""
        with self._answers():
            found = [_describe(blob) for blob in self._listed(prefix)]
        return sorted(found, key=lambda one: one.name)

    def create(self, name: str, path: Path) -> bool:
        """Upload a file unless the object is there; large files resume after a broken connection.

        The service checks the CRC32C of what it received.

        Returns:
            Whether this call made it, as far as the service's last answer tells.
        """
        return self.replace(name, path, generation=0)

    def replace(self, name: str, path: Path, *, generation: int) -> bool:
        """Upload a file in place of one generation of the object: compare and set.

        Args:
            name: of the object.
            path: the file.
            generation: the one that must still be there; 0 where there must be none.

        Returns:
            Whether this call did it, as far as the service's last answer tells: where an answer
            was lost, the try that follows is refused because of the one that succeeded.
        """
        from google.api_core.exceptions import Forbidden, PreconditionFailed

        with self._answers():
            blob = self._bucket().blob(name)
            if path.stat().st_size > _RESUMABLE:
                blob.chunk_size = _CHUNK
            try:
                blob.upload_from_filename(
                    str(path),
                    content_type="application/octet-stream",
                    if_generation_match=generation,
                    checksum="crc32c",
                    timeout=_TIMEOUT,
                    retry=self._retry(),
                )
            except PreconditionFailed:
                return False
            except Forbidden:
                # Who may not delete can be refused what is there already for that reason.
                if generation or not self.exists(name):
                    raise
                return False
        return True

    def download(self, found: BucketObject, path: Path) -> None:
        """Download one generation to ``path``, going on from where the file ends already.

        Raises:
            BadInput: the bytes do not have the service's checksum; the file is removed.
        """
        if not path.exists():
            path.touch()
        have = path.stat().st_size
        while have < found.size:
            try:
                with self._answers():
                    self._continue(found, path, have)
            except Unavailable:
                # A connection that broke on the way is taken up again as long as bytes come.
                if path.stat().st_size == have:
                    raise
            have = path.stat().st_size
        if have != found.size or _crc32c(path) != found.crc32c:
            path.unlink()
            raise BadInput(
                CHECKSUM_DIFFERS,
                where=f"gs://{self.name}/{found.name}",
                fix="Run again",
            )

    def _continue(self, found: BucketObject, path: Path, have: int) -> None:
        blob = self._bucket().blob(found.name, generation=found.generation)
        try:
            with open(path, "ab") as file:
                blob.download_to_file(
                    file,
                    start=have or None,
                    raw_download=True,
                    checksum=None,
                    timeout=_TIMEOUT,
                    retry=self._retry(),
                )
        except OSError as error:
            if copying.is_full(error):
                path.unlink(missing_ok=True)
                raise copying.no_room(path.parent, found.size) from error
            raise

    def _bucket(self) -> Any:
        if self._handle is None:
            from google.cloud import storage

            if os.environ.get("STORAGE_EMULATOR_HOST"):
                from google.auth.credentials import AnonymousCredentials

                client = storage.Client(project="emulator", credentials=AnonymousCredentials())
            else:
                client = storage.Client()
            self._handle = client.bucket(self.name)
        return self._handle

    def _listed(self, prefix: str, most: int | None = None) -> Any:
        return self._bucket().list_blobs(
            prefix=prefix, max_results=most, timeout=_TIMEOUT, retry=self._retry()
        )

    def _retry(self) -> Any:
        from google.cloud.storage.retry import DEFAULT_RETRY

        return DEFAULT_RETRY.with_delay(initial=0.2, maximum=5.0).with_timeout(self._seconds)

    def _answers(self) -> AbstractContextManager[None]:
        return answers(f"gs://{self.name}", self._seconds)


def _describe(blob: Any) -> BucketObject:
    return BucketObject(blob.name, int(blob.generation), int(blob.size), blob.crc32c)


def _crc32c(path: Path) -> str:
    import google_crc32c

    checksum = google_crc32c.Checksum()
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(1 << 20):
            checksum.update(chunk)
    return base64.b64encode(checksum.digest()).decode()
