"""A sidecar that was killed in a window has the same one when it comes back, and when its folder
went with it. A batch that is sent again counts once, before the kill and after it."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phasegate import metric_names as names
from phasegate.monitoring.policy import DriftRules, LiteralRule, MonitoringPolicy
from phasegate.prediction_log.record import Prediction
from phasegate.store.named import open_named
from tests.sidecar.drift.conftest import Watch
from tests.sidecar.drift.reading import documents, total
from tests.sidecar.drift.streams import (
    MODEL,
    SOURCE,
    START,
    records,
    reference,
    segment,
    values,
)
from tests.sidecar.reading import health
from tests.waiting import until

DAY, PARTS, DAYS, ROWS = timedelta(days=1), 6, 4, 180
LIMIT = 120.0  # seconds: SciPy takes its time to be imported
# Every window alerts, so that each one's judgement can be read.
EVERY = MonitoringPolicy(
    statistics="scipy",
    drift=DriftRules(act_on="literal", literal=LiteralRule(psi=-1.0), rows=10**9, sample=100),
)


def stream() -> list[list[Prediction]]:
    """Segments: some days in parts, a third of each part coming again with the next one."""
    generator = np.random.default_rng(5)
    found: list[list[Prediction]] = []
    for day in range(DAYS):
        for part in range(PARTS):
            since = START + day * DAY + part * DAY / PARTS
            own = list(
                records(values(generator, ROWS // PARTS), since, since + DAY / PARTS,
                        prefix=f"{day}-{part}")
            )  # fmt: skip
            again = found[-1][: ROWS // PARTS // 3] if found and part else []
            found.append(own + again)
    return found


def write(folder: Path, segments: list[list[Prediction]], first: int) -> None:
    for number, one in enumerate(segments, first):
        segment(folder, number, one)


def alerts(store: Path) -> dict[str, Any]:
    """Judgements by the start of their window."""
    return {one["data"]["since"]: one for one in documents(store, "alerts").values()}


def expected(watching: Watch, tmp_path: Path) -> dict[str, Any]:
    """What a sidecar that nobody kills says."""
    write(tmp_path / "spool", stream(), 0)
    with watching(policy=EVERY) as sidecar:
        until(lambda: len(alerts(tmp_path / "store")) == DAYS - 1, LIMIT)
        assert total(sidecar, names.DRIFT_ROWS, outcome="duplicate") == DAYS * (PARTS - 1) * 10
    found = alerts(tmp_path / "store")
    os.rename(tmp_path / "store", tmp_path / "store-of-the-first")
    shutil.rmtree(tmp_path / "state")
    return found


def run_until_sealed(
    watching: Watch, rows: int, store: Path | None = None, judged: int = 0
) -> None:
    """Run a sidecar, and kill it once it has sealed so many rows and judged so many windows."""
    with watching(policy=EVERY) as sidecar:
        until(lambda: total(sidecar, names.RECORDS_SEALED) >= rows, LIMIT)
        until(lambda: store is None or len(alerts(store)) >= judged, LIMIT)
        os.kill(sidecar.pid, signal.SIGKILL)


@pytest.mark.parametrize("folder", ["is kept", "is lost"])
def test_a_window_is_the_same_as_if_its_sidecar_had_not_been_killed(
    watching: Watch, tmp_path: Path, folder: str
) -> None:
    wanted = expected(watching, tmp_path)
    assert [one["data"]["rows"] for one in wanted.values()] == [ROWS] * (DAYS - 1)
    segments, sent = stream(), 0
    for stop in (4, 8, 9, 15, 20):  # in windows, and right after one began
        write(tmp_path / "spool", segments[sent:stop], sent)
        rows = sum(map(len, segments[sent:stop]))
        # A day passes before the next window ends, and the last one may be lost unjudged.
        judged = max(0, (stop - 1) // PARTS - 1)
        run_until_sealed(watching, rows, tmp_path / "store", judged)
        sent = stop
        if folder == "is lost":
            shutil.rmtree(tmp_path / "state")
    write(tmp_path / "spool", segments[sent:], sent)
    with watching(policy=EVERY) as sidecar:
        until(lambda: len(alerts(tmp_path / "store")) == DAYS - 1, LIMIT)
        assert health(sidecar).get("reasons", {}) == {}
    found = alerts(tmp_path / "store")
    assert found == wanted
    assert len(documents(tmp_path / "store", "alerts")) == DAYS - 1, "none is alerted twice"


def test_damaged_windows_are_made_anew_from_the_log(watching: Watch, tmp_path: Path) -> None:
    wanted = expected(watching, tmp_path)
    segments = stream()
    write(tmp_path / "spool", segments[:9], 0)
    run_until_sealed(watching, sum(map(len, segments[:9])))
    for file in (tmp_path / "state" / "drift").glob("windows.sqlite*"):
        file.write_bytes(b"no database" * 1_000)
    write(tmp_path / "spool", segments[9:], 9)
    with watching(policy=EVERY):
        until(lambda: len(alerts(tmp_path / "store")) == DAYS - 1, LIMIT)
    assert alerts(tmp_path / "store") == wanted


def test_one_of_several_sidecars_begins_anew(watching: Watch, tmp_path: Path) -> None:
    """It cannot tell its own rows from those of others: counting them would count them twice."""
    reference(tmp_path / "references" / "fraud")
    columns = values(np.random.default_rng(0), 300)
    own = list(records(columns, START, START + 3 * DAY))
    write(tmp_path / "spool", [own[:110]], 0)
    run_until_sealed(watching, 110)
    shutil.rmtree(tmp_path / "state")
    write(tmp_path / "spool", [own[110:]], 1)
    with watching("--replicas", "2", policy=EVERY):
        until(lambda: alerts(tmp_path / "store"), LIMIT)
    first = min(alerts(tmp_path / "store").values(), key=lambda one: one["data"]["since"])
    assert first["data"]["rows"] == 90


def test_a_damaged_file_of_the_log_is_told_and_holds_nothing_up(
    watching: Watch, tmp_path: Path
) -> None:
    segments = stream()
    write(tmp_path / "spool", segments[:4], 0)
    run_until_sealed(watching, sum(map(len, segments[:4])))
    shutil.rmtree(tmp_path / "state")
    store = open_named(str(tmp_path / "store"))
    name = store.names(f"predictions/{MODEL}/")[0]
    path = tmp_path / "store" / name
    path.chmod(0o644)
    path.write_bytes(b"no table")
    other = replace(SOURCE, writer="host-2-f00")
    for number, one in enumerate(segments[4:]):
        segment(tmp_path / "spool", number, one, other)
    with watching(policy=EVERY) as sidecar:
        until(lambda: len(alerts(tmp_path / "store")) == DAYS - 1, LIMIT)
        assert any(name in one for one in health(sidecar)["reasons"])
    rows = [one["data"]["rows"] for one in alerts(tmp_path / "store").values()]
    assert sorted(rows)[1:] == [ROWS] * (DAYS - 2)
    assert ROWS // 2 < min(rows) < ROWS
