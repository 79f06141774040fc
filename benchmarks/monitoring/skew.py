"""Skew: a million clean requests, and planted faults: `python -m benchmarks.monitoring.skew`.

Features are those of examples/card-fraud.yaml, over simulated transactions of which 5 % miss their
distance. Clean: served as the training pipeline computes them. Planted: one fault at a time, in
all requests of two days and in a tenth of them; what it would have served is computed by other
definitions, by SQL from the fault's own description, or by Arrow; never by what looks for it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.monitoring.skew_faults import PLANTED
from benchmarks.monitoring.skew_world import clean_world, look, simulated, write_log
from phasegate.monitoring.skew.report import SkewReport

START = date(2026, 1, 1)
HISTORY = 44
"""Days before the window: the widest window and its delay take 37, shifted ones reach further."""
TENTH = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="clean requests")
    parser.add_argument("--days", type=int, default=30, help="that they are spread over")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _clean(options.rows, options.days, Path(folder) / "clean")
        _planted(Path(folder) / "planted")


def _clean(rows: int, days: int, folder: Path) -> None:
    folder.mkdir()
    # A fiftieth more than is needed: the number of transactions is random.
    customers = int(rows / days / 2 * 1.02)
    since = _midnight(HISTORY)
    begin = time.perf_counter()
    events = simulated(START, HISTORY + days, customers, folder)
    world = clean_world(events, folder, since, _midnight(HISTORY + days), rows)
    log = write_log(world, folder)
    requests, raw = len(world.served), world.events.num_rows
    made = time.perf_counter() - begin
    del world
    report, seconds, peak = _in_a_process(log, events, folder, since, _midnight(HISTORY + days))
    findings = sum(one.differing for one in report.features)
    print(f"made {raw:,} events and {requests:,} requests in {made:.0f} s\n", flush=True)
    print("| requests | raw events | features | values compared | findings | seconds | peak MiB |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    compared = report.rows * len(report.features)
    print(
        f"| {report.rows:,} | {raw:,} | {len(report.features)} | {compared:,} | {findings} | "
        f"{seconds:.1f} | {peak:,.0f} |\n",
        flush=True,
    )
    assert report.rows == requests, report.problems
    assert not findings
    assert not report.problems, report.problems


def _planted(folder: Path) -> None:
    folder.mkdir()
    since, until = _midnight(HISTORY), _midnight(HISTORY + 2)
    events = simulated(START, HISTORY + 2, 1_000, folder)
    world = clean_world(events, folder, since, until, 10**9)
    print(f"{len(world.served):,} requests over {world.events.num_rows:,} raw events\n")
    print("| planted | in | feature | rows differ | named | explanation | explained | others |")
    print("|---|---|---|---:|---|---|---:|---:|")
    right = total = others = 0
    for name, fault in PLANTED.items():
        for share in (1.0, TENTH):
            broken, changed = world.planted(fault, share)
            report = look(write_log(broken, folder), [events], folder, since, until)
            assert report.rows == len(world.served), report.problems
            more = sum(bool(one.differing) for one in report.features if one.feature not in changed)
            others += more
            for one in report.features:
                if one.feature in changed and one.cause:
                    total += 1
                    named = one.cause.kind is fault.kind
                    right += named
                    print(
                        f"| {name} | {share:.0%} | {one.feature} | {one.differing:,} | "
                        f"{'' if named else 'WRONG: '}{one.cause.kind} | "
                        f"{one.cause.explanation.removeprefix('Likely because ')} | "
                        f"{one.cause.explained:.1%} | {more} |",
                        flush=True,
                    )
    print(f"\nnamed rightly: {right} of {total}; findings in other features: {others}")


def _in_a_process(
    log: list[Path], events: Path, folder: Path, since: datetime, until: datetime
) -> tuple[SkewReport, float, float]:
    """Report, seconds and peak resident MiB of a look in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(log, events, folder, since, until, sender))
    process.start()
    sender.close()
    found = receiver.recv()
    process.join()
    return found


def _measured(
    log: list[Path], events: Path, folder: Path, since: datetime, until: datetime,
    sender: Connection,
) -> None:  # fmt: skip
    begin = time.perf_counter()
    report = look(log, [events], folder, since, until)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sender.send((report, seconds, peak))


def _midnight(days: int) -> datetime:
    return datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(days=days)


if __name__ == "__main__":
    main()
