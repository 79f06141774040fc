"""Files of labels: found here or fetched from a bucket."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from phasegate.digests import digest_bytes
from phasegate.errors import BadInput
from phasegate.store import local_folder
from phasegate.store.bucket import Bucket, BucketObject, split_uri

_KINDS = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}


def label_files(source: str, folder: Path, what: str = "labels") -> dict[str, list[Path]]:
    """Files by their kind, csv or parquet, in the order of their names.

    Args:
        source: a file, a folder, a glob, or one of the three in a bucket.
        folder: for what is fetched; one generation of an object is fetched once.
        what: the files hold, for messages.

    Raises:
        BadInput: nothing is there, or a file of another kind is named.
        Unavailable: the bucket did not answer.
    """
    place = local_folder(source)
    files = _fetched(source, folder) if place is None else _local(str(place))
    if not files:
        raise BadInput(
            f"no {what} are there",
            where=source,
            expected="CSV or Parquet files",
            fix="wait for them",
        )
    found: dict[str, list[Path]] = {}
    for file in sorted(files):
        kind = _kind(file.name)
        if kind is None:
            raise BadInput(
                f"'{file.name}' is of no kind that {what} have",
                where=source,
                expected=", ".join(_KINDS),
            )
        found.setdefault(kind, []).append(file)
    return found


def _local(place: str) -> list[Path]:
    if glob.has_magic(place) and not Path(place).exists():
        return [Path(found) for found in glob.glob(place, recursive=True) if Path(found).is_file()]
    path = Path(place)
    if path.is_dir():
        within = (file for file in path.rglob("*") if file.is_file())
        return [file for file in within if _is_table(file.relative_to(path).parts)]
    return [path] if path.is_file() else []


def _fetched(source: str, folder: Path) -> list[Path]:
    name_of_bucket, name = split_uri(source)
    bucket = Bucket(name_of_bucket)
    if glob.has_magic(name):
        listed = bucket.list(re.split(r"[*?\[]", name)[0])
        found = [one for one in listed if fnmatch.fnmatchcase(one.name, name)]
    elif name and _kind(name):
        single = bucket.find(name)
        found = [single] if single else []
    else:
        prefix = f"{name}/" if name else ""
        listed = bucket.list(prefix)
        found = [one for one in listed if _is_table(one.name.removeprefix(prefix).split("/"))]
    return [_download(bucket, one, folder) for one in found]


def _download(bucket: Bucket, found: BucketObject, folder: Path) -> Path:
    # The generation is in the name: labels are rewritten, and an old copy must not be taken.
    identity = digest_bytes(f"{bucket.name}/{found.name}#{found.generation}".encode())[:16]
    target = folder / "labels" / f"{identity}-{PurePosixPath(found.name).name}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        bucket.download(found, partial)
        partial.replace(target)
    return target


def _is_table(parts: Iterable[str]) -> bool:
    parts = list(parts)
    return bool(_kind(parts[-1])) and not any(part[:1] in ("", ".", "_") for part in parts)


def _kind(name: str) -> str | None:
    return next((kind for end, kind in _KINDS.items() if name.lower().endswith(end)), None)
