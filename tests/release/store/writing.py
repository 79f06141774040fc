"""Writers of a release's record, as processes of their own that can be killed at any moment."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.release.entry import Entry
from phasegate.release.store import Releases, open_releases
from tests.release import chains, samples

# Forked from a process that has imported everything: fifty writers take seconds.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def put(releases: Releases, entry: Entry, before: Entry | None) -> bool:
    """Write an entry as the drivers do: what is missing in the log, the record, the log."""
    if before is not None:
        releases.append(before)
    if not releases.swap(chains.MODEL, before, entry):
        return False
    releases.append(entry)
    return True


def look(uri: str, name: str, times: int, told: Connection) -> None:
    """Look at a release so many times, against others; tells the sequence of each time."""
    releases = open_releases(uri)
    while times:
        before = releases.head(chains.MODEL)
        assert before is not None
        entry = chains.look(before, samples.START)
        entry = chains.forged(before, entry, {}, actor=name)
        if put(releases, entry, before):
            told.send(entry.sequence)
            times -= 1


def write_in_want(uri: str, limit: int, user: int, told: Connection) -> None:
    """Write with little room, or as a user without permission; tells what became of it."""
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if user:
        os.setuid(user)
    releases = open_releases(uri)
    for attempt in (_swap, _append, _save):
        try:
            attempt(releases)
            told.send("written")
        except BadInput as error:
            told.send(str(error))


@contextmanager
def process(
    target: Callable[..., None], *arguments: Any
) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that runs a function of this module, and what it tells; killed at the end."""
    ours, theirs = _context.Pipe(duplex=False)
    # The process that forks keeps the environment of the test that started it.
    task = (dict(os.environ), target, *arguments, theirs)
    started = _context.Process(target=_run, args=task, daemon=True)
    started.start()
    theirs.close()
    try:
        yield started, ours
    finally:
        started.kill()
        started.join()
        ours.close()


def everything(told: Connection) -> list[Any]:
    """What a process tells until it ends."""
    heard = []
    try:
        while True:
            heard.append(told.recv())
    except EOFError:
        return heard


def files(uri: str) -> set[str]:
    """Files below a folder of releases, but for locks."""
    folder = Path(uri) / "releases"
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)) for path in found}


def _run(environment: dict[str, str], target: Callable[..., None], *arguments: Any) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*arguments)


def _swap(releases: Releases) -> None:
    before = releases.head(chains.MODEL)
    releases.swap(chains.MODEL, before, chains.start(None, samples.START))


def _append(releases: Releases) -> None:
    releases.append(chains.start(None, samples.START))


def _save(releases: Releases) -> None:
    record = chains.start(None, samples.START).record
    releases.save_evidence(chains.MODEL, samples.evidence(record, samples.START))
