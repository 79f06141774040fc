"""Copy a source of events into an immutable, content-addressed snapshot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from components.ingest import checks
from components.ingest.parquet import ParquetFile, read_footers, time_range
from components.ingest.source_file import SourceFile
from components.ingest.sources import kind_of, resolve
from phasegate.errors import BadInput
from phasegate.progress import Progress, between, no_progress
from phasegate.snapshots import MANIFEST, Snapshot, write_manifest
from phasegate.store import Store, open_store
from phasegate.store.copying import clone, hash_file


def ingest(
    data: dict,
    store: str,
    folder: Path,
    *,
    now: datetime,
    base: Path | None = None,
    progress: Progress = no_progress,
    threads: int | None = None,
) -> Snapshot:
    """Copy the source into the store and write ``folder/manifest.json``.

    The manifest is written last, and whole: after a failure there is none. It is kept in the store
    too, under the snapshot's digest. The same source gives the same manifest, and adds nothing to
    the store the second time.

    Args:
        data: the project file's data section.
        store: a folder or gs://bucket/prefix.
        folder: where the manifest goes.
        now: the clock, for freshness.
        base: folder that relative paths of the source start from; the working directory if None.
        progress: told the fraction done and what is being done.
        threads: files that are hashed or downloaded at a time; all cores if None.

    Raises:
        BadInput: the source is missing, damaged, inconsistent, or stale.
        Unavailable: a bucket did not answer.
    """
    threads = threads or len(os.sched_getaffinity(0))
    opened = open_store(store)
    with opened.workspace() as workspace:
        files = resolve(data, base or Path(), workspace, threads=threads, progress=progress)
        states = [_state(file.path) for file in files]
        read = _from_csv if kind_of(files, data.get("format", "auto")) == "csv" else _from_parquet
        manifest = read(data, files, opened, workspace, now, threads, progress)
        for file, state in zip(files, states, strict=True):
            if not file.disposable:
                _check_unchanged(file.path, state)
    write_manifest(manifest, folder)
    snapshot = Snapshot.open(folder, store)
    opened.put_file(folder / MANIFEST, snapshot.digest)
    progress(1.0, f"{manifest['rows']:,} rows in {len(manifest['parts'])} parts")
    return snapshot


def _from_parquet(
    data: dict,
    files: Sequence[SourceFile],
    store: Store,
    workspace: Path,
    now: datetime,
    threads: int,
    progress: Progress,
) -> dict:
    footers = read_footers([(file.path, file.name) for file in files], threads)
    time = _check(data, footers, now)
    digests = _keep(files, store, workspace, threads, between(progress, 0.3, 0.95))
    sources = [
        {"digest": digest, "bytes": footer.bytes}
        for footer, digest in zip(footers, digests, strict=True)
    ]
    return _manifest(footers, digests, sources, time)


def _from_csv(
    data: dict,
    files: Sequence[SourceFile],
    store: Store,
    workspace: Path,
    now: datetime,
    threads: int,
    progress: Progress,
) -> dict:
    from components.ingest.csv_convert import CsvTable

    table = CsvTable(files, data.get("csv") or {}, data.get("time"), workspace, threads)
    checks.check_columns(data, table.columns)
    with ThreadPoolExecutor(1) as pool:
        hashes = [pool.submit(hash_file, file.path) for file in files]
        try:
            converted = table.convert(between(progress, 0.3, 0.8))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            table.close()
        sources = [
            {"digest": future.result(), "bytes": file.path.stat().st_size}
            for file, future in zip(files, hashes, strict=True)
        ]
    made = [
        SourceFile(path, file.name, disposable=True)
        for path, file in zip(converted, files, strict=True)
    ]
    footers = read_footers([(file.path, file.name) for file in made], threads)
    time = _check(data, footers, now)
    digests = _keep(made, store, workspace, threads, between(progress, 0.8, 0.95))
    return _manifest(footers, digests, sources, time)


def _check(data: dict, footers: Sequence[ParquetFile], now: datetime) -> dict | None:
    """Check columns, rows and times; returns the manifest's entry on time."""
    checks.check_columns(data, [name for name, _ in footers[0].columns])
    if not any(footer.rows for footer in footers):
        raise BadInput("there are no rows", where=footers[0].name)
    if not (column := data.get("time")):
        return None
    oldest, newest = time_range(footers, column)
    checks.check_times(newest, now=now, max_age=data.get("max_age"), column=column)
    return {"column": column, "min": checks.iso(oldest), "max": checks.iso(newest)}


def _keep(
    files: Sequence[SourceFile], store: Store, workspace: Path, threads: int, progress: Progress
) -> list[str]:
    """Hash files and put them into the store; returns their digests.

    Hashing needs a core, writing mostly the disk or the network, so each has its own threads, and
    one file is written while the next is hashed.
    """
    (workspace / "copies").mkdir()
    total = sum(file.path.stat().st_size for file in files) or 1
    with ThreadPoolExecutor(threads) as hashing, ThreadPoolExecutor(max(threads, 4)) as writing:
        hashes = [
            hashing.submit(_take, file, workspace / "copies" / str(number))
            for number, file in enumerate(files)
        ]
        puts: list[Future[None]] = []
        done, digests = 0, []
        try:
            for file, future in zip(files, hashes, strict=True):
                taken = future.result()
                done += taken.state[0]
                digests.append(taken.digest)
                puts.append(writing.submit(_put, store, taken))
                progress(done / total, f"stored {done:,} of {total:,} bytes of {file.name}")
            for put in puts:
                put.result()
        except BaseException:
            hashing.shutdown(wait=False, cancel_futures=True)
            writing.shutdown(wait=False, cancel_futures=True)
            raise
    return digests


class _Taken(NamedTuple):
    """A hashed file: where it is, its sha256, whether it is ours to move, its state before."""

    path: Path
    digest: str
    ours: bool
    state: tuple[int, int]


def _take(file: SourceFile, copy: Path) -> _Taken:
    state = _state(file.path)
    if file.disposable:
        return _Taken(file.path, hash_file(file.path), True, state)
    # A reflink costs nothing and cannot change under our eyes; without it, hash the source first,
    # so that what the store has already is not copied.
    if os.stat(file.path).st_dev == os.stat(copy.parent).st_dev and clone(file.path, copy):
        return _Taken(copy, hash_file(copy), True, state)
    return _Taken(file.path, hash_file(file.path), False, state)


def _put(store: Store, taken: _Taken) -> None:
    # Bytes that changed after they were hashed must not get the digest's name.
    if not taken.ours:
        _check_unchanged(taken.path, taken.state)
    store.put_file(taken.path, taken.digest, move=taken.ours)


def _state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _check_unchanged(path: Path, state: tuple[int, int]) -> None:
    if _state(path) != state:
        raise BadInput("the file changed while it was read", where=str(path), fix="Run again")


def _manifest(
    footers: Sequence[ParquetFile], digests: Sequence[str], sources: list[dict], time: dict | None
) -> dict:
    return {
        "version": 1,
        "columns": [{"name": name, "type": kind} for name, kind in footers[0].columns],
        "rows": sum(footer.rows for footer in footers),
        "bytes": sum(footer.bytes for footer in footers),
        "time": time,
        "parts": [
            {"digest": digest, "bytes": footer.bytes, "rows": footer.rows}
            for footer, digest in zip(footers, digests, strict=True)
        ],
        "sources": sources,
    }
