"""From ``data.source`` to a list of local files, in a fixed order."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from components.ingest.source_file import SourceFile
from phasegate.errors import BadInput
from phasegate.progress import Progress

_SUFFIXES = (".parquet", ".csv", ".tsv", ".txt")
_COMPRESSED = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZ": "bzip2", b"\xfd7": "xz"}


def resolve(
    data: dict, base: Path, workspace: Path, *, threads: int, progress: Progress
) -> list[SourceFile]:
    """Find (and where they are remote, download) the files of ``data.source``.

    Args:
        data: the project file's data section.
        base: folder that relative paths start from.
        workspace: folder for downloads.
        threads: downloads at a time.

    Raises:
        BadInput: nothing is there, or a pointer or table cannot be followed.
        Unavailable: a bucket did not answer.
    """
    given = data["source"]
    sources = [given] if isinstance(given, str) else list(given)
    if not sources:
        raise BadInput("no source is given", where="data.source")
    found: dict[str, SourceFile] = {}
    for source in sources:
        for file in _resolve_one(source, data, base, workspace, threads, progress):
            found.setdefault(file.name, file)
    return list(found.values())


def _resolve_one(
    source: str, data: dict, base: Path, workspace: Path, threads: int, progress: Progress
) -> Iterable[SourceFile]:
    wanted = data.get("format", "auto")
    version = data.get("delta_version")
    if source.startswith("gs://"):
        from components.ingest import remote

        downloads = workspace / "downloads"
        if wanted == "delta":
            from components.ingest.delta import files_of_version

            root = remote.download_log(source, downloads, threads, progress)
            names = [str(path.relative_to(root)) for path in files_of_version(root, version)]
            return remote.download_named(source, names, downloads, threads, progress)
        return remote.download(source, downloads, threads, progress)
    if "://" in source:
        raise BadInput(
            "this kind of address is not known", where=source, expected="a path or gs://bucket/path"
        )
    path = base / source
    if path.suffix == ".dvc" or wanted == "dvc":
        from components.ingest.dvc import follow

        return follow(path)
    if path.is_dir() and (wanted == "delta" or (path / "_delta_log").is_dir()):
        from components.ingest.delta import files_of_version

        return [SourceFile(file, str(file)) for file in files_of_version(path, version)]
    if wanted == "delta":
        raise BadInput(
            "this is not a Delta table", where=str(path), expected="a folder with _delta_log"
        )
    if path.is_dir():
        return _files_in(path)
    if path.is_file():
        return [SourceFile(path, str(path))]
    matches = sorted(glob.glob(str(path), recursive=True))
    files = [SourceFile(Path(match), match) for match in matches if Path(match).is_file()]
    if not files:
        raise BadInput("no file is there", where=str(path), fix="Correct data.source")
    return files


def _files_in(folder: Path) -> list[SourceFile]:
    """Data files under a folder; names that start with '.' or '_' are bookkeeping of others."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
        and path.is_file()
        and not any(part[0] in "._" for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise BadInput(
            "the folder holds no data files",
            where=str(folder),
            expected="files that end in " + ", ".join(_SUFFIXES),
        )
    return [SourceFile(path, str(path)) for path in files]


def kind_of(files: list[SourceFile], wanted: str) -> str:
    """Whether the files are ``csv`` or ``parquet``.

    Args:
        wanted: the data section's format; ``csv`` and ``parquet`` are taken at their word.

    Raises:
        BadInput: empty or compressed files, or both kinds at once.
    """
    kinds = {file.name: _kind(file) for file in files}
    if wanted in ("csv", "parquet"):
        return wanted
    first = files[0].name
    for name, kind in kinds.items():
        if kind != kinds[first]:
            raise BadInput(
                f"CSV and Parquet are mixed: {name} is {kind}",
                where=first,
                fix="Name one kind in data.source",
            )
    return kinds[first]


def _kind(file: SourceFile) -> str:
    try:
        with open(file.path, "rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=file.name) from error
    if not magic:
        raise BadInput("the file is empty", where=file.name)
    compression = _COMPRESSED.get(magic[:2])
    # Two letters may also begin a CSV header: only a non-text byte makes sure.
    if compression and any(byte < 9 or byte > 126 for byte in magic):
        raise BadInput(f"the file is compressed ({compression})", where=file.name, fix="Unpack it")
    named_parquet = file.name.lower().endswith(".parquet")
    return "parquet" if magic == b"PAR1" or named_parquet else "csv"
