"""Download files of a ``gs://`` source: in parallel, resumed, checksummed."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from components.ingest.source_file import SourceFile
from phasegate.errors import BadInput
from phasegate.progress import Progress
from phasegate.store.bucket import Bucket, BucketObject, split_uri

_DELTA_LOG = "_delta_log/"


def download(uri: str, folder: Path, threads: int, progress: Progress) -> list[SourceFile]:
    """Download the object, the objects under a prefix, or those that match a glob.

    Raises:
        BadInput: nothing is there.
        Unavailable: the bucket did not answer.
    """
    bucket_name, name = split_uri(uri)
    bucket = Bucket(bucket_name)
    if any(character in name for character in "*?["):
        prefix = re.split(r"[*?\[]", name)[0]
        listed = [o for o in bucket.list(prefix) if fnmatch.fnmatchcase(o.name, name)]
    elif name and not uri.endswith("/") and (single := bucket.find(name)):
        listed = [single]
    else:
        prefix = f"{name}/" if name else ""
        listed = [o for o in bucket.list(prefix) if _is_data(o.name.removeprefix(prefix))]
    if not listed:
        raise BadInput("no object is there", where=uri, fix="Correct data.source")
    return _download_all(bucket, listed, folder, threads, progress)


def download_log(uri: str, folder: Path, threads: int, progress: Progress) -> Path:
    """Download a Delta table's log; returns the local table folder, still without data files."""
    bucket_name, name = split_uri(uri)
    bucket = Bucket(bucket_name)
    listed = bucket.list(f"{name}/{_DELTA_LOG}")
    if not listed:
        raise BadInput("this is not a Delta table", where=uri, expected="objects under _delta_log/")
    _download_all(bucket, listed, folder, threads, progress)
    return folder / bucket_name / name


def download_named(
    uri: str, names: Iterable[str], folder: Path, threads: int, progress: Progress
) -> list[SourceFile]:
    """Download objects by their names relative to ``uri``."""
    bucket_name, prefix = split_uri(uri)
    bucket = Bucket(bucket_name)
    listed = {o.name: o for o in bucket.list(f"{prefix}/")}
    wanted = [f"{prefix}/{name}" for name in names]
    for name in wanted:
        if name not in listed:
            raise BadInput(
                "a file of the Delta table is gone (vacuumed?)", where=f"gs://{bucket_name}/{name}"
            )
    return _download_all(bucket, [listed[name] for name in wanted], folder, threads, progress)


def _download_all(
    bucket: Bucket, listed: list[BucketObject], folder: Path, threads: int, progress: Progress
) -> list[SourceFile]:
    total = sum(found.size for found in listed) or 1
    # Connections wait on the network, not on a core.
    with ThreadPoolExecutor(max(8, 4 * threads)) as pool:
        waiting = [pool.submit(_download_one, bucket, found, folder) for found in listed]
        done, files = 0, []
        try:
            for found, future in zip(listed, waiting, strict=True):
                files.append(future.result())
                done += found.size
                progress(0.3 * done / total, f"downloaded {done:,} of {total:,} bytes")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return files


def _download_one(bucket: Bucket, found: BucketObject, folder: Path) -> SourceFile:
    target = (folder / bucket.name / found.name).absolute()
    if ".." in PurePosixPath(found.name).parts:
        raise BadInput("an object's name leads out of its folder", where=found.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    bucket.download(found, target)
    return SourceFile(target, f"gs://{bucket.name}/{found.name}", disposable=True)


def _is_data(name: str) -> bool:
    return bool(name) and not any(part[:1] in ("", ".", "_") for part in name.split("/"))
