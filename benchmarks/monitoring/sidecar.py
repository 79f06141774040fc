"""What watching drift costs the sidecar: processor time, memory over ten million rows, start-up.

``python -m benchmarks.monitoring.sidecar``: 30 features, the real process, segments as a predictor
closes them. Prints Markdown. Takes some four minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.serving.processor import resident_bytes
from benchmarks.serving.table import print_table
from phasegate import metric_names as names
from phasegate.clock import microseconds
from phasegate.local.environments import environment
from phasegate.metric_names import MetricName
from phasegate.models import Input
from phasegate.monitoring.counting import count_panes
from phasegate.monitoring.drift.calibration import calibrate
from phasegate.monitoring.policy import DriftRules, MonitoringPolicy
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.profiling import make_profile
from phasegate.prediction_log.record import Prediction, Source, encode
from phasegate.prediction_log.segment_writer import SegmentWriter
from phasegate.sidecar.process import SidecarProcess

FEATURES = tuple(f"feature_{number:02d}" for number in range(30))
SOURCE = Source("fraud", "ab" * 32, "fraud/1", FEATURES, (), "bench-1-f00")
START = datetime(2026, 1, 1, tzinfo=UTC)
REFERENCE_ROWS, REFERENCE_DAYS = 100_000, 60
SEGMENT_ROWS = 20_000
_POLL_SECONDS = 1.0
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Way:
    """A way to run the sidecar: its environment, and the policy that it watches by, if it does."""

    name: str
    environment: str
    policy: MonitoringPolicy | None


SCIPY = MonitoringPolicy(statistics="scipy")
WAYS = (
    Way("sealing alone", "sidecar", None),
    Way("and drift, SciPy", "sidecar", SCIPY),
    Way("and drift, alibi-detect", "drift", MonitoringPolicy()),
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000, help="single-row requests [400,000]")
    parser.add_argument("--memory-rows", type=int, default=10_000_000, help="[10,000,000]")
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_reference(folder / "references" / "fraud")
        start_up(folder, options.starts)
        costs(folder, options.rows)
        flat = memory(folder, options.memory_rows)
    return 0 if flat else 1


def start_up(folder: Path, times: int) -> None:
    """From the process's start to its answer that it is ready."""
    found = []
    for way in WAYS:
        seconds = []
        for _ in range(times):
            with running(way, folder) as sidecar:
                seconds.append(sidecar.started_in)
        found.append([way.name, f"{statistics.median(seconds):.2f} s"])
    print("\nStart-up: median of", times)
    print_table(["sidecar", "ready after"], found)


def costs(folder: Path, rows: int) -> None:
    """Processor time of the sidecar, and of the detectors' process, for single-row requests."""
    found, alone = [], 0.0
    for way in WAYS:
        with running(way, folder) as sidecar:
            idle = processor_seconds(sidecar.pid)
            for number in range(rows // SEGMENT_ROWS):
                # Two segments a day: a window by time for every two, one by rows for every three.
                write_segment(folder / "spool", number, 1, timedelta(hours=12))
            wait(sidecar, names.RECORDS_SEALED, rows)
            if way.policy:
                settle(sidecar)
            own = processor_seconds(sidecar.pid) - idle
            children = child_pids(sidecar.pid)
            detectors = sum(map(processor_seconds, children))
            windows = metric(sidecar, names.WINDOWS) if way.policy else 0
            judging = metric(sidecar, names.JUDGE_SECONDS, "_sum") if way.policy else 0.0
            resident = sum(map(resident_bytes, children)) / 2**20
            alone = alone or own
            found.append(
                [
                    way.name, f"{1e6 * own / rows:.1f} ms", f"{own / alone:.2f}x",
                    f"{windows:.0f}",
                    f"{judging / windows:.2f} s" if windows else "",
                    f"{detectors / windows:.2f} s" if windows else "",
                    f"{resident:.0f} MB" if children else "",
                    f"{resident_bytes(sidecar.pid) / 2**20:.0f} MB",
                ]
            )  # fmt: skip
        clean(folder)
    print(f"\nProcessor time: {rows:,} single-row requests of {len(FEATURES)} features")
    print_table(
        ["sidecar", "CPU per 1,000 predictions", "", "windows judged", "each, wall time",
         "detectors, CPU per window", "detectors' memory", "sidecar's memory"],
        found,
    )  # fmt: skip


def memory(folder: Path, rows: int) -> bool:
    """Resident memory while many rows are sealed and counted; whether it is flat."""
    rules = DriftRules(rows=500_000, window=timedelta(days=7))
    way = replace(WAYS[1], policy=replace(SCIPY, drift=rules))
    samples = []
    parts = 10
    with running(way, folder) as sidecar:
        for number in range(rows // SEGMENT_ROWS):
            write_segment(folder / "spool", number, 100, timedelta(hours=6))
            done = (number + 1) * SEGMENT_ROWS
            if number % 20 == 19:
                wait(sidecar, names.DRIFT_ROWS, done)
                for path in (folder / "store" / "predictions").rglob("*.parquet"):
                    path.unlink()
            if number % 20 == 19 and done % (rows // parts) < 20 * SEGMENT_ROWS:
                samples.append((done, resident_bytes(sidecar.pid) / 2**20))
        windows = metric(sidecar, names.WINDOWS)
        counted = metric(sidecar, names.DRIFT_ROWS, outcome="counted")
    clean(folder)
    print(f"\nMemory: {counted:,.0f} rows counted, {windows:.0f} windows judged (SciPy)")
    print_table(["rows", "resident"], [[f"{done:,}", f"{size:.0f} MB"] for done, size in samples])
    half = [size for _, size in samples[parts // 2 :]]
    growth = half[-1] - half[0]
    print(f"\ngrowth over the second half: {growth:+.1f} MB")
    return growth < 16


@contextmanager
def running(way: Way, folder: Path) -> Iterator[SidecarProcess]:
    """The sidecar on an empty spool."""
    clean(folder)
    options = ["--interval", "0.2"]
    if way.policy:
        file = folder / "policy.json"
        file.write_text(json.dumps(way.policy.to_json()))
        options += [f"--reference={folder / 'references'}", f"--monitoring={file}"]
    (folder / "spool").mkdir(exist_ok=True)
    with SidecarProcess(
        [folder / "spool"], str(folder / "store"), state=folder / "state",
        log=folder / "sidecar.log", python=environment(way.environment).python, options=options,
    ) as sidecar:  # fmt: skip
        yield sidecar


def clean(folder: Path) -> None:
    """Forget what was sealed."""
    for name in ("spool", "state", "store"):
        if (folder / name).exists():
            (folder / name).rename(folder / f"{name}-{time.monotonic_ns()}")


def values(rows: int, seed: int) -> np.ndarray:
    """float64 [rows, features], correlated by a common factor."""
    generator = np.random.default_rng(seed)
    return 0.6 * generator.normal(size=(rows, 1)) + generator.normal(size=(rows, len(FEATURES)))


def write_reference(folder: Path) -> Profile:
    """The artifact ReferenceProfile of such rows."""
    columns = values(REFERENCE_ROWS, 0)
    scores = 1 / (1 + np.exp(-columns[:, 0]))
    times = microseconds(START) - np.arange(REFERENCE_ROWS)[::-1] * (
        REFERENCE_DAYS * 86_400_000_000 // REFERENCE_ROWS
    )
    table = pa.table(dict(zip(FEATURES, columns.T, strict=True)))
    profile = make_profile(
        table, [Input(name, "numeric") for name in FEATURES], name=SOURCE.model,
        model_digest=SOURCE.model_digest, features_digest="cd" * 32, threshold=0.5, scores=scores,
        decisions=scores >= 0.5, labels=scores >= 0.7, times=times,
    )  # fmt: skip
    log = pa.table(
        {
            "event_time": pa.array(times).cast(pa.timestamp("us", tz="UTC")),
            "score": scores,
            "decision": (scores >= 0.5).astype(np.int8),
            "features": pa.StructArray.from_arrays(
                [table[name].combine_chunks() for name in FEATURES], list(FEATURES)
            ),
        }
    )
    rules = DriftRules()
    folder.mkdir(parents=True)
    (folder / "profile.json").write_bytes(profile.content)
    panes = count_panes(profile, log, rules.pane)
    (folder / "calibration.json").write_bytes(calibrate(profile, panes, rules, seed=0).content)
    pq.write_table(table.slice(0, rules.sample), folder / "sample.parquet")
    return profile


def write_segment(spool: Path, number: int, rows_each: int, span: timedelta) -> None:
    """A closed segment of `SEGMENT_ROWS` rows that spans some event time."""
    columns = values(SEGMENT_ROWS, number % 7).reshape(-1, rows_each, len(FEATURES))
    first = microseconds(START) + number * (span // timedelta(microseconds=1))
    step = (span // timedelta(microseconds=1)) // len(columns)
    draft = spool.parent / f"{SOURCE.writer}-{number:08d}.open"
    writer = SegmentWriter(draft, SOURCE, SEGMENT_ROWS * (len(FEATURES) + 12) * 9 + (4 << 20))
    for at, rows in enumerate(columns):
        scores = 1 / (1 + np.exp(-rows[:, 0]))
        record = Prediction(
            f"{number}-{at}", first + at * step, None, "champion", 500, None, rows.tobytes(), [],
            scores.tobytes(), (scores >= 0.5).astype(np.int8).tobytes(),
        )  # fmt: skip
        assert writer.append(encode(record, SOURCE))
    closed = writer.close()
    assert closed is not None
    closed.rename(spool / closed.name)


def metric(sidecar: SidecarProcess, name: MetricName, suffix: str = "", **labels: str) -> float:
    """Its series that have these labels, summed."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    series = f"{name.name}{suffix}" if suffix else name.series
    with urllib.request.urlopen(f"{sidecar.address}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith((f"{series}{{", f"{series} ")) and all(one in line for one in wanted)
    )


def wait(sidecar: SidecarProcess, name: MetricName, least: float) -> None:
    """Until a counter is there; asked rarely, because answers are the sidecar's work too."""
    while metric(sidecar, name) < least:
        assert sidecar.poll() is None, sidecar.last_lines()
        time.sleep(_POLL_SECONDS)


def settle(sidecar: SidecarProcess) -> None:
    """Until all windows that ended are judged."""
    quiet = 0
    while quiet < 2:
        quiet = quiet + 1 if metric(sidecar, names.WINDOWS_WAITING) == 0 else 0
        time.sleep(_POLL_SECONDS)


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def child_pids(pid: int) -> list[int]:
    """Processes that a process started."""
    return [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for one in (task / "children").read_text().split()
    ]


if __name__ == "__main__":
    sys.exit(main())
