"""Immutable files that have names instead of digests: what is found by listing, as a table's parts.

They share a store with its content-addressed objects: a local folder or ``gs://bucket/prefix``.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from phasegate.errors import BadInput
from phasegate.store import copying, local_folder
from phasegate.store.bucket import Bucket, split_uri
from phasegate.store.local import make_temporary, unwritable
from phasegate.store.workspace import workspace

# No part begins with a dot: neither "..", nor a file that listing would skip.
_NAME = re.compile(r"[\w+@=-][\w.+@=-]{0,199}(/[\w+@=-][\w.+@=-]{0,199}){0,15}", re.ASCII)
_RESERVED = ("objects", "tmp")


class NamedFiles(Protocol):
    """Files by name; a file appears whole or not at all, and never changes.

    Every method raises `Unavailable` when the store did not answer and `BadInput` when it refused.
    """

    uri: str

    def create(self, name: str, path: Path) -> bool:
        """Store a copy of a file under a name; what has the name already is left as it is.

        Returns:
            Whether the name was free.
        """

    def names(self, prefix: str = "") -> list[str]:
        """Names that start with ``prefix``, sorted."""

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Bytes of the files whose names start with ``prefix``, by name, sorted."""

    def local_path(self, name: str) -> Path | None:
        """Where the file lies on this machine; None when it is absent or has to be fetched."""

    def fetch(self, name: str, folder: Path) -> Path:
        """Copy a file into a folder, under the last part of its name.

        Raises:
            BadInput: there is no such file.
        """


def open_named(uri: str, *, retry_seconds: float | None = None) -> NamedFiles:
    """The named files of a store: a local folder (made when absent) or ``gs://bucket/prefix``.

    Args:
        uri: address of the store.
        retry_seconds: how long an unreachable bucket is tried in each call; None for the default.

    Raises:
        BadInput: an unknown scheme, or a folder that cannot be made.
    """
    folder = local_folder(uri)
    return _BucketFiles(uri, retry_seconds) if folder is None else _LocalFiles(folder)


def check_name(name: str) -> str:
    """The name, when it can be one.

    Raises:
        BadInput: it leaves the store, hides in it, or has other characters than names have.
    """
    if not _NAME.fullmatch(name) or name.split("/", 1)[0] in _RESERVED:
        raise BadInput(
            f"'{name[:200]}' cannot name a file of the store",
            expected="parts of letters, digits and _ . + @ = - joined by '/'",
        )
    return name


class _LocalFiles:
    """Read-only files below a folder; each appears by one link, which fails where one is."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.uri = str(self._root)
        self._temporary = make_temporary(self._root)

    def create(self, name: str, path: Path) -> bool:
        target = self._path(name)
        if target.exists():
            return False
        try:
            with workspace(self._temporary) as folder:
                copy = folder / "copy"
                if not copying.clone(path, copy):
                    copying.copy(path, copy)
                copy.chmod(0o444)
                copying.sync(copy)
                copying.make_folders(target.parent)
                try:
                    os.link(copy, target)
                except FileExistsError:
                    return False
                copying.sync(target.parent)
        except OSError as error:
            raise unwritable(self._root, path.stat().st_size, error) from error
        return True

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self._walk(prefix) if name.startswith(prefix))

    def sizes(self, prefix: str = "") -> dict[str, int]:
        return {name: self._path(name).stat().st_size for name in self.names(prefix)}

    def local_path(self, name: str) -> Path | None:
        path = self._path(name)
        return path if path.is_file() else None

    def fetch(self, name: str, folder: Path) -> Path:
        source = self._path(name)
        if not source.is_file():
            raise _missing(name, self.uri)
        return _fetched(folder, name, lambda partial: copying.copy(source, partial))

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)

    def _walk(self, prefix: str) -> Iterator[str]:
        deepest, _, _ = prefix.rpartition("/")
        start = self._root / (check_name(deepest) if deepest else "")
        for folder, folders, files in os.walk(start):
            if folder == self.uri:
                folders[:] = [name for name in folders if name not in _RESERVED]
            for file in files:
                yield os.path.relpath(os.path.join(folder, file), self._root)


class _BucketFiles:
    """Objects of a bucket, each created under the precondition that it is not there."""

    def __init__(self, uri: str, retry_seconds: float | None) -> None:
        self.uri = uri.rstrip("/")
        bucket, prefix = split_uri(self.uri)
        self._bucket = Bucket(bucket, retry_seconds=retry_seconds)
        self._prefix = f"{prefix}/" if prefix else ""

    def create(self, name: str, path: Path) -> bool:
        # Asked first, so that what is there already is not sent again only to be refused.
        object_name = self._object(name)
        return not self._bucket.exists(object_name) and self._bucket.create(object_name, path)

    def names(self, prefix: str = "") -> list[str]:
        return list(self.sizes(prefix))

    def sizes(self, prefix: str = "") -> dict[str, int]:
        found = self._bucket.list(self._prefix + prefix)
        sizes = {one.name.removeprefix(self._prefix): one.size for one in found}
        return {n: size for n, size in sizes.items() if n.split("/", 1)[0] not in _RESERVED}

    def local_path(self, name: str) -> Path | None:
        check_name(name)
        return None

    def fetch(self, name: str, folder: Path) -> Path:
        found = self._bucket.find(self._object(name))
        if found is None:
            raise _missing(name, self.uri)
        return _fetched(folder, name, lambda partial: self._bucket.download(found, partial))

    def _object(self, name: str) -> str:
        return self._prefix + check_name(name)


def _fetched(folder: Path, name: str, bring: Callable[[Path], None]) -> Path:
    """Bring a file to a temporary name in a folder, then to its own in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name.rpartition("/")[2]
    partial = folder / f".{target.name}.{secrets.token_hex(4)}"
    try:
        bring(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _missing(name: str, where: str) -> BadInput:
    return BadInput(f"there is no file '{name}' in the store", where=where)
