"""The whole training pipeline on one machine against a plain script that does the same work.

``python -m benchmarks.pipeline --rows 1000000``: both start from the same simulated transactions,
an empty store and a new MLflow server, with environments installed and file caches warm. Prints
Markdown: wall-clock and their ratio, each step's seconds, and what starting its interpreter costs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from phasegate.local.environments import ROOT, environment
from phasegate.local.tracking_server import tracking_server
from phasegate.project.load import load_project
from phasegate.simulation.configuration import Simulation
from phasegate.simulation.writer import write

COMMAND = [sys.executable, "-m", "phasegate.cli"]
CUSTOMERS, TRANSACTIONS_PER_DAY = 5000, 2.0
STEPS = (
    "ingest", "validate", "featurize", "train", "profile", "evaluate", "validate_serving",
    "register",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2, help="interleaved; the best counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project, rows = prepare(folder, options.rows)
        ours, plain, steps = [], [], {}
        for number in range(options.rounds):
            seconds, steps = run_ours(project, folder / f"ours-{number}")
            ours.append(seconds)
            plain.append(run_plain(project, folder / f"plain-{number}"))
    print(f"| {rows:,} rows | seconds |\n|---|---:|")
    print(f"| phasegate run | {min(ours):.1f} |\n| plain script | {min(plain):.1f} |")
    print(f"| ratio | **{min(ours) / min(plain):.2f}** |\n")
    print("| step | seconds in the run | of a cold start |\n|---|---:|---:|")
    for name in STEPS:
        print(f"| {name} | {steps[name.replace('_', '-')]:.1f} | {cold_start(name):.1f} |")


def prepare(folder: Path, rows: int) -> tuple[Path, int]:
    """Simulate about that many transactions; the project file and the rows made."""
    days = max(45, round(rows / CUSTOMERS / TRANSACTIONS_PER_DAY))
    customers = round(rows / days / TRANSACTIONS_PER_DAY)
    simulation = Simulation(start=date(2025, 1, 1), days=days, customers=customers, seed=7)
    written = write(simulation, folder / "data" / "card-fraud", threads=2)
    project = folder / "examples" / "card-fraud.yaml"
    project.parent.mkdir()
    project.write_text((ROOT / "examples" / "card-fraud.yaml").read_text())
    return project, written.rows


def run_ours(project: Path, workspace: Path) -> tuple[float, dict[str, float]]:
    """Seconds of `phasegate run`, and of each of its steps."""
    started = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "run", str(project), "--workspace", str(workspace), "--no-cache", "--json"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    seconds = time.monotonic() - started
    return seconds, {step["name"]: step["seconds"] for step in json.loads(done.stdout)["steps"]}


def run_plain(project: Path, folder: Path) -> float:
    """Seconds of the plain script, with an MLflow server of its own."""
    folder.mkdir()
    parameters = folder / "parameters.json"
    loaded = load_project(project).parameters()
    parameters.write_text(json.dumps({**loaded, "store": str(folder / "store")}))
    started = time.monotonic()
    with tracking_server(folder / "mlflow") as address:
        subprocess.run(
            [
                environment("core").python, "-m", "benchmarks.plain_pipeline",
                parameters, folder / "steps", environment("tfdv").python,
            ],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": address},
        )  # fmt: skip
        return time.monotonic() - started


def cold_start(step: str) -> float:
    """Seconds until a new interpreter has imported what the step preloads."""
    name = "tfdv" if step == "validate" else "core"
    script = f"import components.{step} as step; getattr(step, 'preload', int)()"
    started = time.monotonic()
    subprocess.run(
        [environment(name).python, "-c", script], check=True, capture_output=True, cwd=ROOT
    )
    return time.monotonic() - started


if __name__ == "__main__":
    main()
