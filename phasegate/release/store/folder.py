"""Releases in a local folder: a lock, comparison of bytes, and one rename."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from phasegate.errors import BadInput, Unavailable
from phasegate.patience import patience
from phasegate.release.store.place import LIMIT, Seen, as_file, check_size
from phasegate.store import copying
from phasegate.store.local import unwritable
from phasegate.store.named import check_name, open_named

_POLL_SECONDS = 0.002


class Folder:
    """See `phasegate.release.store.place.Place`; processes of one machine may share it."""

    def __init__(self, root: Path, retry_seconds: float | None = None) -> None:
        self._root = root.absolute()
        self.uri = str(self._root)
        self._seconds = patience(retry_seconds)

    def names(self, prefix: str) -> list[str]:
        """Names that start with ``prefix``, sorted; what begins with a dot is no file of ours."""
        start = self._path(prefix.rstrip("/"))
        if not start.exists():
            return []
        return sorted(
            os.path.relpath(os.path.join(folder, file), self._root)
            for folder, _, files in os.walk(start, onerror=_unreadable)
            for file in files
            if not file.startswith(".")
        )

    def read(self, name: str) -> Seen | None:
        """The file, or None where there is none."""
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                content = file.read(LIMIT + 1)
                check_size(os.fstat(file.fileno()).st_size, str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            _unreadable(error)
        return Seen(content)

    def create(self, name: str, content: bytes) -> bool:
        """Make a file that never changes; returns whether the name was free."""
        check_size(len(content), f"{self.uri}/{name}")
        try:
            with as_file(content) as path:
                return open_named(self.uri).create(name, path)
        except OSError as error:
            raise unwritable(self._root, len(content), error) from error

    def replace(self, name: str, content: bytes, seen: Seen | None) -> bool:
        """Replace a file if its bytes are those that were seen."""
        check_size(len(content), f"{self.uri}/{name}")
        path = self._path(name)
        # Of one name, so that what a killed writer leaves is overwritten: the lock makes it ours.
        fresh = path.with_name(f".{path.name}.new")
        try:
            copying.make_folders(path.parent)
            with self._locked(path):
                if self.read(name) != seen:
                    return False
                try:
                    with open(fresh, "wb") as file:
                        file.write(content)
                        file.flush()
                        os.fsync(file.fileno())
                    fresh.rename(path)
                finally:
                    fresh.unlink(missing_ok=True)
                copying.sync(path.parent)
        except OSError as error:
            raise unwritable(self._root, len(content), error) from error
        return True

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        lock = path.with_name(f".{path.name}.lock")
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        deadline = time.monotonic() + self._seconds
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Unavailable(
                            f"another process has held the lock for {self._seconds:g} s",
                            where=str(lock),
                            fix="See which process it is, with lslocks, and why it does not go on",
                        ) from None
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)


def _unreadable(error: OSError) -> NoReturn:
    raise BadInput(f"it cannot be read ({error.strerror})", where=str(error.filename)) from error
