"""A store in a local folder."""

from __future__ import annotations

import os
import secrets
from contextlib import AbstractContextManager
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.store import copying, object_name
from phasegate.store.workspace import sweep, workspace


class LocalStore:
    """Objects as read-only files; an object appears whole, by one rename, or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.uri = str(self.root)
        self._temporary = make_temporary(self.root)

    def has(self, digest: str) -> bool:
        """Whether the object is there."""
        return self._path(digest).is_file()

    def local_path(self, digest: str) -> Path | None:
        """The object's file, or None when it is not there."""
        path = self._path(digest)
        return path if path.is_file() else None

    def workspace(self) -> AbstractContextManager[Path]:
        """A temporary folder on the store's file system, so that a rename can publish from it."""
        return workspace(self._temporary)

    def put_file(self, path: Path, digest: str, *, move: bool = False) -> None:
        """Add a file whose sha256 is known; see `phasegate.store.Store`."""
        size = path.stat().st_size
        target = self._path(digest)
        if target.is_file() and target.stat().st_size == size:
            if move:
                path.unlink()
            return
        try:
            if move and os.stat(path).st_dev == os.stat(self._temporary).st_dev:
                self._publish(path, target)
                return
            with self.workspace() as folder:
                copy = folder / digest
                if not copying.clone(path, copy):
                    copying.copy(path, copy)
                self._publish(copy, target)
        except OSError as error:
            raise unwritable(self.root, size, error) from error
        if move:
            path.unlink()

    def fetch(self, digest: str, folder: Path) -> Path:
        """Copy an object out, checked; see `phasegate.store.Store`."""
        source = self._path(digest)
        if not source.is_file():
            raise missing(digest, self.uri)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / digest
        partial = folder / f".{digest}.{secrets.token_hex(4)}"
        try:
            if copying.copy_hashed(source, partial) != digest:
                raise damaged(digest, str(source))
            partial.replace(target)
        except OSError as error:
            if copying.is_full(error):
                raise copying.no_room(folder, source.stat().st_size) from error
            raise
        finally:
            partial.unlink(missing_ok=True)
        return target

    def _publish(self, file: Path, target: Path) -> None:
        file.chmod(0o444)
        copying.sync(file)
        copying.make_folders(target.parent)
        file.rename(target)
        copying.sync(target.parent)

    def _path(self, digest: str) -> Path:
        return self.root / object_name(digest)


def make_temporary(root: Path) -> Path:
    """The folder of a local store's workspaces, made when absent and swept.

    Raises:
        BadInput: it cannot be made.
    """
    temporary = root / "tmp"
    try:
        temporary.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the store's folder cannot be made ({error.strerror})", where=str(root)
        ) from error
    sweep(temporary)
    return temporary


def unwritable(root: Path, size: int, error: OSError) -> BadInput:
    """The error for a file of ``size`` bytes that could not be written into a local store."""
    if copying.is_full(error):
        return copying.no_room(root, size)
    return BadInput(f"the store cannot be written ({error.strerror})", where=str(root))


def missing(digest: str, where: str) -> BadInput:
    """The error for an object that a snapshot names and the store does not hold."""
    return BadInput(
        f"part {digest} is not in the store",
        where=where,
        fix="Use the store that the snapshot was written to, or ingest the source again",
    )


def damaged(digest: str, where: str) -> BadInput:
    """The error for an object whose bytes are not those of its name."""
    return BadInput(
        f"part {digest} is damaged: its bytes have another digest",
        where=where,
        fix="Delete it from the store and ingest the source again",
    )
