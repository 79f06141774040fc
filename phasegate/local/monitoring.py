"""A run of the monitoring pipeline on this machine: its parameters, and who holds its claims."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from phasegate.clock import time_of
from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.local.record import RECORD, RunRecord
from phasegate.local.releasing import switch_at
from phasegate.local.reports import collect_pages
from phasegate.local.serving.running import SERVING, Running, find_running
from phasegate.local.workspace import Workspace
from phasegate.monitoring.events import checked_sink
from phasegate.monitoring.windows import require_whole
from phasegate.project.load import Project

PIPELINE = "phasegate-monitoring"  # as its runs are recorded
TITLES = {
    "decide-retraining": "Decision",
    "measure-performance": "Performance",
    "detect-drift": "Drift",
    "detect-skew": "Skew",
}


def monitoring_arguments(
    project: Project,
    workspace: Workspace,
    *,
    store: str = "",
    log: str = "",
    flags: str = "",
    sink: str = "",
    since: str = "",
    until: str = "",
    **others: str,
) -> dict[str, str]:
    """Parameters of the monitoring pipeline; what is not named is what `phasegate serve` serves.

    Args:
        store: of snapshots, releases and the journal; the workspace's where none is named.
        log: store of the prediction log; that of whoever serves the model, else `store`.
        flags: file or provider of the kill switch; the workspace's file where none is named.
        sink: http address that takes CloudEvents.
        since: start of the window, ISO 8601; the end of the last one where none is named.
        until: its end; that of the last whole window where none is named.
        others: more parameters, as they are.

    Raises:
        BadInput: the sink is no address, or the window cuts through a pane or begins at no time.
    """
    policy = project.monitoring()
    for option, text in (("--since", since), ("--until", until)):
        if text:
            require_whole(time_of(text, option), policy.drift.pane, option)
    served = _served(workspace, project.name)
    place = store or str(workspace.store)
    return {
        **project.parameters(),
        "policy": canonical_json(policy.to_json()).decode(),
        "store": place,
        "snapshots": place,
        "log": log or (served.log if served else place),
        "target": f"envoy:{served.proxy}" if served else "",
        "flags": switch_at(workspace.folder, flags),
        "sink": checked_sink(sink, "--sink"),
        "since": since,
        "until": until,
        **others,
    }


@contextmanager
def claim_holder(workspace: Workspace, name: str) -> Iterator[str]:
    """Who claims trainings of a model in this workspace, for the context's time.

    The first run that is under way gets a name that is always the same: what it claimed before it
    was killed, it claims again and goes on with. Any other gets none, so that it is denied what the
    first one holds. The lock is the system's: it ends with the process, however that ends.
    """
    folder = workspace.folder / "monitoring"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise BadInput(f"it cannot be written ({error.strerror})", where=str(folder)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = ""
    else:
        holder = f"{socket.gethostname()}:{workspace.folder}"
    try:
        yield holder
    finally:
        os.close(descriptor)


def _served(workspace: Workspace, name: str) -> Running | None:
    try:
        return find_running(workspace.folder / SERVING, name)
    except BadInput:
        return None


def latest_reports(workspace: Workspace, name: str) -> dict[str, str]:
    """Pages of the newest monitoring run of a model, by their titles; decision first.

    Raises:
        BadInput: there is no run.
    """
    found = []
    for path in workspace.runs.glob(f"{name}-*/{RECORD}"):
        record = RunRecord.load(path.parent)
        if (record.pipeline, record.project) == (PIPELINE, name):
            found.append((path.stat().st_mtime, path.parent, record))
    if not found:
        raise BadInput(
            f"there is no monitoring run of '{name}'",
            where=str(workspace.runs),
            fix="phasegate monitor run PROJECT.yaml",
        )
    _, folder, record = max(found, key=lambda one: one[0])
    pages = collect_pages(record, folder)
    return {
        title: pages[step].read_text(encoding="utf-8")
        for step, title in TITLES.items()
        if step in pages
    }
