"""Follow a ``.dvc`` pointer to the files that it names, and check that they are those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.ingest.source_file import SourceFile
from phasegate.errors import BadInput


def follow(pointer: Path) -> list[SourceFile]:
    """Files of a pointer: beside it in the work tree, else in ``.dvc/cache``.

    Each file's md5 (DVC's name for content) is compared with the pointer.

    Raises:
        BadInput: an unreadable pointer, a file that is nowhere, or one with another md5.
    """
    return [file for out in _outs(pointer) for file in _files_of(pointer, out)]


def _outs(pointer: Path) -> list[dict[str, Any]]:
    import yaml

    try:
        content = yaml.safe_load(pointer.read_text())
        outs = content["outs"]
        for out in outs:
            out["md5"], out["path"]
    except FileNotFoundError:
        raise BadInput("no file is there", where=str(pointer), fix="Correct data.source") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        raise BadInput(
            "this is not a .dvc pointer", where=str(pointer), expected="outs with md5 and path"
        ) from None
    if not outs:
        raise BadInput("the pointer names no files", where=str(pointer))
    return outs


def _files_of(pointer: Path, out: dict[str, Any]) -> Iterator[SourceFile]:
    beside = pointer.parent / out["path"]
    if not out["md5"].endswith(".dir"):
        yield _checked(pointer, beside, out["md5"])
        return
    listing = _cached(pointer, out["md5"])
    if listing is None:
        raise BadInput(
            f"the listing of folder {out['path']} is not in DVC's cache",
            where=str(pointer),
            fix="Run 'dvc pull'",
        )
    text = listing.read_bytes()
    if hashlib.md5(text, usedforsecurity=False).hexdigest() != out["md5"].removesuffix(".dir"):
        raise BadInput("DVC's cached listing has another md5", where=str(listing))
    for entry in sorted(json.loads(text), key=lambda entry: entry["relpath"]):
        yield _checked(pointer, beside / entry["relpath"], entry["md5"])


def _checked(pointer: Path, beside: Path, md5: str) -> SourceFile:
    path = beside if beside.is_file() else _cached(pointer, md5)
    if path is None:
        raise BadInput(
            f"{beside} is neither there nor in DVC's cache",
            where=str(pointer),
            fix="Run 'dvc pull'",
        )
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != md5:
        raise BadInput(
            f"its md5 is {found}, and {pointer.name} says {md5}",
            where=str(path),
            fix="Run 'dvc checkout' for the recorded data or 'dvc add' to record the new",
        )
    return SourceFile(path, str(beside))


def _cached(pointer: Path, md5: str) -> Path | None:
    """The cached object; DVC 3 keeps them under files/md5, DVC 2 directly in the cache."""
    for folder in pointer.absolute().parents:
        cache = folder / ".dvc" / "cache"
        for root in (cache / "files" / "md5", cache):
            path = root / md5[:2] / md5[2:]
            if path.is_file():
                return path
    return None
