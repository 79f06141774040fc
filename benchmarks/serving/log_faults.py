"""What the prediction log loses when its sidecar dies, its disk fills, or a model is damaged."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from benchmarks.serving.model import NAME
from benchmarks.serving.open_loop import OpenLoop, Window
from benchmarks.serving.processor import LOAD_CORE, pinned
from benchmarks.serving.servers import INFER, Phasegate
from benchmarks.serving.table import print_table
from phasegate.local.environments import environment
from phasegate.models import Model
from phasegate.serving.client import ServingFailure
from phasegate.serving.process import ModelServerProcess
from phasegate.sidecar.process import SidecarProcess

BUDGET_BYTES = 24 << 20
BATCH_ROWS, BATCH_RATE, BATCH_SECONDS = 100, 200, 10
SECONDS_FOR_A_KILL = 1.2
SEAL_SECONDS = 60


def print_log_faults(folder: Path, loop: OpenLoop, rate: float, kills: int) -> None:
    """One line for each fault.

    Args:
        folder: that holds ``spool`` and ``models``.
        loop: sends requests that are logged to the spool.
        rate: requests a second.
        kills: of the sidecar.
    """
    print_table(
        ("fault", "answered", "user-visible errors", "in the log", "lost", "doubled", "dropped"),
        [_sidecar_killed(folder, loop, rate, kills), _budget_reached(folder)],
    )
    print(_flipped_bit(folder, loop, rate))


def _sidecar_killed(folder: Path, loop: OpenLoop, rate: float, kills: int) -> tuple[str, ...]:
    """Requests of champion and shadow, each of which is logged once for each of the two."""
    spool, store, prefix = folder / "spool", folder / "store", "sealed-"

    def sidecar() -> SidecarProcess:
        return SidecarProcess(
            [spool], str(store), state=folder / "state", log=folder / "sidecar.log",
            python=environment("sidecar").python, options=["--interval", "0.05"],
        )  # fmt: skip

    with pinned(LOAD_CORE):
        loop.start(Window(kills * SECONDS_FOR_A_KILL, rate, prefix))
        for number in range(kills):
            with sidecar() as sealing:
                time.sleep(0.03 * (number % 7))  # each time at another point of its work
                os.kill(sealing.pid, signal.SIGKILL)
        seen = loop.seen()
        answered = seen.requests - seen.errors
        with sidecar():
            deadline = time.monotonic() + SEAL_SECONDS
            while (found := _stored(store, prefix))[0] < 2 * answered:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.5)
    different, rows = found
    return (
        f"sidecar killed {kills} times, 100 % mirrored", f"{answered:,}", f"**{seen.errors}**",
        f"{rows:,}", f"**{2 * answered - different}**", f"**{rows - different}**", "0",
    )  # fmt: skip


def _stored(store: Path, prefix: str) -> tuple[int, int]:
    """Different pairs of request and role in a store, and all of its rows."""
    with suppress(duckdb.IOException):  # there is no file yet
        files = duckdb.read_parquet(f"{store}/**/*.parquet", hive_partitioning=False)
        of_this = files.filter(f"starts_with(request_id, '{prefix}')")
        return of_this.aggregate("count(DISTINCT (request_id, role)), count(*)").fetchall()[0]
    return 0, 0


class _Budgeted(Phasegate):
    options = (f"--spool-budget={BUDGET_BYTES}",)


def _budget_reached(folder: Path) -> tuple[str, ...]:
    """Batches to a server that logs until its budget is used up, and that no sidecar empties."""
    with (
        _Budgeted(folder / "models" / "old", folder / "budgeted") as server,
        OpenLoop(server.address + INFER) as loop,
    ):
        seen = loop.run(Window(BATCH_SECONDS, BATCH_RATE, "batch-", BATCH_ROWS))
        written = server.counter("phasegate_log_records_total")
        dropped = server.counter("phasegate_log_dropped_total")
    good = seen.requests - seen.errors
    return (
        f"spool's budget of {BUDGET_BYTES >> 20} MiB reached", f"{good:,}", f"**{seen.errors}**",
        f"{written:,.0f}", f"**{good - written - dropped:.0f}**", "0", f"{dropped:,.0f}, counted",
    )  # fmt: skip


def _flipped_bit(folder: Path, loop: OpenLoop, rate: float) -> str:
    """A second server is asked to serve a damaged copy while the first one answers."""
    model = folder / "models" / "new"
    damaged = Path(shutil.copytree(model, folder / "models" / "damaged"))
    booster = bytearray((damaged / "model.ubj").read_bytes())
    booster[len(booster) // 2] ^= 1
    (damaged / "model.ubj").write_bytes(booster)
    server = ModelServerProcess(damaged, Model.load(model).digest, NAME, log=folder / "damaged.log")
    loop.start(Window(3, rate, "damaged-"))
    started = time.monotonic()
    try:
        with server:
            outcome = "SERVED"
    except ServingFailure as failure:
        words = str(failure).split(": ", 2)[-1].split(";")[0]
        outcome = f"refused in {time.monotonic() - started:.1f} s ({words[:24]}...)"
    seen = loop.seen()
    return (
        f"A model with one flipped bit: {outcome}; the old one answered "
        f"{seen.requests - seen.errors:,} of {seen.requests:,} requests meanwhile.\n"
    )
