"""Identity by content: every snapshot, model and definition is named by a sha256."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN or infinity.

    Raises:
        ValueError: when the value holds a non-finite number.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest_bytes(data: bytes) -> str:
    """Hex sha256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """Hex sha256 of a value's canonical JSON."""
    return digest_bytes(canonical_json(value))


def digest_file(path: str | os.PathLike[str]) -> str:
    """Hex sha256 of a file, read in bounded memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_files(root: Path, names: Iterable[str]) -> str:
    """Hex sha256 over the named files under a folder: their names and digests, in name order."""
    return digest_json({name: digest_file(root / name) for name in sorted(names)})
