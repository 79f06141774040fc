"""What judging a window costs, and whether the verdicts are those of exact tests.

``python -m benchmarks.monitoring.drift_speed``: 30 columns, a million reference rows, a million in
the window, both in memory. Each contender runs in a process of its own; the peers in the
environment ``.venv/peers``. Prints Markdown: CPU seconds and memory, then the p-values of each
column beside SciPy's on the same values.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from benchmarks.monitoring.columns import NAMES, ROWS, pair
from benchmarks.monitoring.measured import measured

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv" / "peers" / "bin" / "python"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SURE = 0.05
LABELS = {
    "scipy": "SciPy ks_2samp",
    "alibi": "alibi-detect TabularDrift",
    "nannyml": "NannyML KS",
    "evidently": "Evidently PSI",
}
BATCH = 1 << 15


def ours(folder: Path) -> dict[str, Any]:
    """Count a window that lies in memory on a stored profile, and judge it."""
    table = pq.read_table(folder / "window.parquet").combine_chunks()
    return _ours(folder, [table])


def batched(folder: Path) -> dict[str, Any]:
    """The same of rows that come a batch at a time, from an Arrow file: reading is counted too."""
    file = pa.ipc.open_file(pa.OSFile(str(folder / "window.arrow")))
    batches = range(file.num_record_batches)
    tables = (pa.Table.from_batches([file.get_batch(number)]) for number in batches)
    return _ours(folder, tables)


def _ours(folder: Path, parts: Iterable[pa.Table]) -> dict[str, Any]:
    import pandas  # noqa: F401  (pyarrow does at the first array; peers have imported theirs too)

    from phasegate.monitoring.counting import count
    from phasegate.monitoring.counts import WindowCounts
    from phasegate.monitoring.drift.judge import judge
    from phasegate.monitoring.policy import DriftRules
    from phasegate.monitoring.profile import Profile

    path = folder / "profile.json"
    profile = Profile.from_bytes(path.read_bytes(), str(path))

    def work(_: None) -> dict[str, float]:
        counts = WindowCounts.none(profile)
        for table in parts:
            columns = [one.chunk(0) for one in table.columns]
            features = pa.StructArray.from_arrays(columns, names=table.column_names)
            counts = counts + count(profile, pa.table({"features": features}))
        found = judge(
            profile, None, counts, DriftRules(), since=BEGIN, until=BEGIN + timedelta(days=1)
        )
        return {one.feature: one.p_value for one in found.features}

    return measured(lambda: None, work)


def profiled(folder: Path) -> dict[str, Any]:
    """Make the profile: once for each model, at training."""
    from phasegate.monitoring.profiling import kinds, table_profile

    table = pq.read_table(folder / "reference.parquet").combine_chunks()

    def work(_: None) -> int:
        content = table_profile(table, kinds(table), name="reference").content
        (folder / "profile.json").write_bytes(content)
        return len(content)

    return measured(lambda: None, work)


OWN = {"ours": ours, "batched": batched, "profiled": profiled}


def run(command: list[str]) -> dict[str, Any]:
    """The JSON line that a process prints.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Print a table of costs, and one of agreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--peers", nargs="*", default=list(LABELS), choices=list(LABELS))
    parser.add_argument("--own", choices=list(OWN), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        print(json.dumps(OWN[options.own](options.folder)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, columns in zip(("reference", "window"), pair(options.rows, 1), strict=True):
            table = pa.table({key: pa.array(one, from_pandas=True) for key, one in columns.items()})
            pq.write_table(
                table, folder / f"{name}.parquet", compression="zstd", row_group_size=BATCH
            )
            with pa.ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as writer:
                writer.write_table(table, max_chunksize=BATCH)
            np.save(folder / f"{name}.npy", np.stack(list(columns.values()), axis=1))
        (folder / "names.json").write_text(json.dumps(NAMES))
        own = [sys.executable, "-m", "benchmarks.monitoring.drift_speed", "--folder", scratch]
        made = run([*own, "--own", "profiled"])
        found = {"Phasegate": run([*own, "--own", "ours"])}
        found["Phasegate, batch by batch"] = run([*own, "--own", "batched"])
        script = str(ROOT / "benchmarks" / "monitoring" / "measured.py")
        for name in options.peers:
            label = LABELS[name]
            found[label] = run([str(PEERS), script, name, scratch])
    _costs(found, made, options.rows)
    if {"scipy", "alibi"} <= set(options.peers):
        _agreement(found)


def _costs(found: dict[str, dict[str, Any]], made: dict[str, Any], rows: int) -> None:
    mine = found["Phasegate"]
    print(f"{len(NAMES)} columns, {rows:,} rows against {rows:,}; CPU seconds, memory in MB\n")
    print("| | fit | judge | times ours | memory at most | beyond the data | times ours |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for label, one in found.items():
        beyond = one["peak"] - one["before"]
        fit = made["work"] if label.startswith("Phasegate") else one["prepare"]
        print(
            f"| {label} | {fit:.2f} | {one['work']:.2f} | {one['work'] / mine['work']:.1f} | "
            f"{one['peak']:,.0f} | {beyond:,.0f} | {one['peak'] / mine['peak']:.1f} |"
        )
    print(f"\nThe profile that ours keeps of the reference has {made['answer']:,} bytes.\n")


def _agreement(found: dict[str, dict[str, Any]]) -> None:
    mine, exact = found["Phasegate"]["answer"], found["SciPy ks_2samp"]["answer"]
    theirs = found["alibi-detect TabularDrift"]["answer"]
    print("| column | exact p | ours | alibi-detect | same verdict as exact: ours | alibi-detect |")
    print("|---|---:|---:|---:|---|---|")
    agreed = {"ours": 0, "alibi": 0}
    for name in NAMES:
        verdict = exact[name] < SURE
        same, other = (mine[name] < SURE) == verdict, (theirs[name] < SURE) == verdict
        other = other and math.isfinite(theirs[name])
        agreed["ours"] += same
        agreed["alibi"] += other
        words = ["yes" if one else "**no**" for one in (same, other)]
        print(
            f"| {name} | {exact[name]:.2g} | {mine[name]:.2g} | {theirs[name]:.2g} | "
            f"{words[0]} | {words[1]} |"
        )
    print(
        f"\nSame verdict (p < {SURE}) as the exact test: {agreed['ours']} of {len(NAMES)} columns;"
    )
    print(f"alibi-detect {agreed['alibi']}.")


if __name__ == "__main__":
    main()
