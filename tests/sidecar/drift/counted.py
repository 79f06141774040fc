"""A spool that is sealed and counted, once with another profile's rows in it, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.sidecar.drift.counting import DriftCounting
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.drift.references import References
from phasegate.sidecar.drift.state import DriftState
from phasegate.sidecar.drift.windows import Windows
from phasegate.sidecar.health import Health
from phasegate.sidecar.metrics import Metrics
from phasegate.sidecar.spools import SpoolFolder
from phasegate.store.named import open_named
from tests.sidecar.drift.streams import START, records, reference, segment, values

RULES = DriftRules(rows=100)
ROWS, DAY = 60, timedelta(days=1)


@cache
def made() -> Path:
    """A reference, made once in this process."""
    folder = Path(mkdtemp()) / "reference"
    reference(folder, 2_000)
    return folder


def fill_watched(folder: Path) -> None:
    """Segments of two days; the second has rows of the first day too, and some that came again."""
    (folder / "spool").mkdir()
    for number in range(2):
        columns = values(np.random.default_rng(number), ROWS)
        since = START + number * DAY
        own = list(records(columns, since, since + DAY, prefix=f"s{number}"))
        late = list(records(columns, START, START + DAY, prefix="late"))[:5] if number == 1 else []
        segment(folder / "spool", number, own + own[:3] + late)
    shutil.copytree(made(), folder / "references" / "fraud")


def count_drift(folder: Path, kill: Callable[..., None]) -> None:
    """What a sidecar that watches drift does with the spool."""
    counting, state, _, spool = _sidecar(folder)
    state._connection.set_trace_callback(kill)
    counting.load()
    spool.seal(open_named(str(folder / "store")), folder / "draft")
    counting.settle()
    spool.close()
    state.close()


def kept(folder: Path) -> tuple[Profile, Windows, list[tuple[str, datetime, int]]]:
    """Windows that were left open, and those that ended, by kind, start and rows."""
    _, state, known, spool = _sidecar(folder)
    spool.close()
    [profile] = known.profiles().values()
    ended = []
    while waiting := state.waiting({profile.digest: profile}):
        one = waiting.ended
        ended.append((one.kind, one.since, one.part.rows))
        state.judged(waiting.number, profile.digest, one.kind, {}, None, "")
    windows = state.windows(profile)
    state.close()
    return profile, windows, ended


def _sidecar(folder: Path) -> tuple[DriftCounting, DriftState, References, SpoolFolder]:
    metrics = Metrics()
    health, shown = Health(metrics), DriftMetrics(metrics)
    known = References([folder / "references"], health, shown)
    state = DriftState(folder / "drift" / "windows.sqlite")
    counting = DriftCounting(
        known, state, RULES, shown, health, lambda: None, lambda: datetime(2027, 1, 1, tzinfo=UTC)
    )
    return counting, state, known, SpoolFolder(folder / "spool", metrics, health, counting)
