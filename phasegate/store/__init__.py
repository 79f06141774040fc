"""The content-addressed store: immutable objects named by their sha256.

An object lies at ``<store>/objects/sha256/<first two>/<digest>``. A store is a local folder or a
``gs://bucket/prefix``; writers that race for one object write the same bytes, so none can harm
another.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from phasegate.errors import BadInput


class Store(Protocol):
    """Immutable objects, named by the sha256 of their bytes."""

    uri: str

    def has(self, digest: str) -> bool:
        """Whether the object is there."""

    def put_file(self, path: Path, digest: str, *, move: bool = False) -> None:
        """Add a file whose sha256 is known; does nothing when it is there already.

        Args:
            path: the file.
            digest: hex sha256 of its bytes.
            move: the file may be taken away instead of copied.

        Raises:
            BadInput: no room, or no permission.
            Unavailable: the store did not answer.
        """

    def fetch(self, digest: str, folder: Path) -> Path:
        """Copy an object to ``folder/<digest>``, checking its digest while it is read.

        Raises:
            BadInput: the object is missing or its bytes are not those of its name; nothing is left.
            Unavailable: the store did not answer.
        """

    def local_path(self, digest: str) -> Path | None:
        """Where the object lies on this machine, or None when it has to be fetched."""

    def workspace(self) -> AbstractContextManager[Path]:
        """A temporary folder, on the store's own file system where it has one."""


def open_store(uri: str) -> Store:
    """Open a local folder (made when absent) or ``gs://bucket/prefix``.

    Raises:
        BadInput: an unknown scheme, or a folder that cannot be made.
    """
    folder = local_folder(uri)
    if folder is None:
        from phasegate.store.gcs import GcsStore

        return GcsStore(uri)
    from phasegate.store.local import LocalStore

    return LocalStore(folder)


def local_folder(uri: str) -> Path | None:
    """The folder that a store's address means, or None for ``gs://bucket/prefix``.

    Raises:
        BadInput: an unknown scheme.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return Path(uri)
    if scheme == "file":
        return Path(rest)
    if scheme == "gs":
        return None
    raise BadInput(
        f"'{scheme}' is not a kind of store", where=uri, expected="a folder or gs://bucket/prefix"
    )


def object_name(digest: str) -> str:
    """The name of an object, relative to its store.

    Raises:
        BadInput: not a hex sha256.
    """
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise BadInput(f"'{digest}' is not a digest", expected="64 lower-case hex digits")
    return f"objects/sha256/{digest[:2]}/{digest}"
