"""Files, folders and standard input as sources of manifests."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.linting.reading import Limits, Source, read

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_KUSTOMIZATION = frozenset({"kustomization.yaml", "kustomization.yml"})
_LIMITS = Limits()


def read_sources(paths: Iterable[str | Path]) -> Iterator[tuple[Source, bool]]:
    """Read files, folders and ``-``; with each, whether it was named itself.

    Raises:
        BadInput: one is not there, cannot be read, or holds no YAML.
    """
    for path in dict.fromkeys(map(str, paths)):
        if path == "-":
            yield read("-", sys.stdin.buffer.read(_LIMITS.characters + 1)), True
        elif Path(path).is_dir():
            files = sorted(
                file
                for file in Path(path).rglob("*")
                if file.suffix.lower() in _SUFFIXES and file.is_file() and not _hidden(file, path)
            )
            if not files:
                raise BadInput("no .yaml, .yml or .json file is in it", where=path)
            for file in files:
                if file.name not in _KUSTOMIZATION:
                    yield read(str(file), _content(file)), False
        else:
            yield read(path, _content(Path(path))), True


def _hidden(file: Path, folder: str) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > 4 * _LIMITS.characters:
            raise BadInput(
                f"it has {file.stat().st_size:,} bytes",
                where=str(file),
                expected=f"{4 * _LIMITS.characters:,} or less",
            )
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"it cannot be read: {error.strerror or error}", where=str(file)) from error
