"""Releases in a bucket: the generation that was read must still be there when it is replaced."""

from __future__ import annotations

import tempfile
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.release.store.place import Seen, as_file, check_size
from phasegate.store.bucket import Bucket, split_uri
from phasegate.store.named import check_name

_READS = 5  # each fails only where somebody replaced the object in the meantime


class Objects:
    """See `phasegate.release.store.place.Place`; any number of machines may share it."""

    def __init__(self, uri: str, retry_seconds: float | None = None) -> None:
        self.uri = uri.rstrip("/")
        bucket, prefix = split_uri(self.uri)
        self._bucket = Bucket(bucket, retry_seconds=retry_seconds)
        self._prefix = f"{prefix}/" if prefix else ""

    def names(self, prefix: str) -> list[str]:
        """Names that start with ``prefix``, sorted."""
        found = self._bucket.list(self._object(prefix.rstrip("/")) + "/")
        return [one.name.removeprefix(self._prefix) for one in found]

    def read(self, name: str) -> Seen | None:
        """The object and its generation, which belong together; None where there is none."""
        found = self._bucket.find(self._object(name))
        for _ in range(_READS):
            if found is None:
                return None
            check_size(found.size, f"{self.uri}/{name}")
            try:
                with tempfile.TemporaryDirectory(prefix="phasegate-") as folder:
                    path = Path(folder) / "content"
                    self._bucket.download(found, path)
                    return Seen(path.read_bytes(), found.generation)
            except BadInput as error:
                # A generation that has been replaced is gone.
                gone, found, failure = found, self._bucket.find(self._object(name)), error
                if found == gone:
                    raise
        raise failure

    def create(self, name: str, content: bytes) -> bool:
        """Make an object that never changes."""
        return self.replace(name, content, None)

    def replace(self, name: str, content: bytes, seen: Seen | None) -> bool:
        """Replace an object if it still is of the generation that was seen."""
        check_size(len(content), f"{self.uri}/{name}")
        with as_file(content) as path:
            return self._bucket.replace(
                self._object(name), path, generation=seen.generation if seen else 0
            )

    def _object(self, name: str) -> str:
        return self._prefix + check_name(name)
