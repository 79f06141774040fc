"""What compiling, both lints and a plan of schedules cost, beside what others do with the same.

``python -m benchmarks.authoring.speed``: each number is the median of processes of their own.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.authoring.inputs import PLAIN, SERVING, manifests, pipeline, schedules
from benchmarks.serving.table import print_table

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv" / "peers" / "bin" / "python"
LABELS = {
    "command": "start of any command: its imports",
    "kfp_import": "KFP alone: its imports",
    "compile_all": "compile: all pipelines",
    "pipeline_lint": "pipelines lint: 1,000 tasks, all rules",
    "kfp_loader": "KFP's loader: the same file, none of the rules",
    "serving_lint": "manifests lint: 1,000 objects of KServe, routes, budgets",
    "plain_lint": "manifests lint: 1,000 objects of Kubernetes' own kinds",
    "peer": "kubernetes-validate: the same, types alone",
    "schedule_plan": "schedule plan: 1,000 schedules, over HTTP",
    "kfp_client": "KFP's client: lists them",
}


@contextmanager
def backend() -> Iterator[str]:
    """Address of a backend that is another process."""
    command = [sys.executable, "-m", "benchmarks.authoring.backend"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


def once(name: str, folder: Path) -> dict[str, float]:
    """A piece of work in a process of its own."""
    script = [str(PEERS), str(Path(__file__).with_name("peer.py"))]
    own = [sys.executable, "-m", "benchmarks.authoring.measured", name]
    done = subprocess.run(
        [*(script if name == "peer" else own), str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def rounds(name: str, count: int, folder: Path) -> list[dict[str, float]]:
    """The same work again and again, each time with nothing left of the time before."""
    found = []
    for number in range(count):
        place = folder / f"{name}-{number}"
        place.mkdir()
        for path in folder.glob("*.*"):
            (place / path.name).symlink_to(path)
        with backend() as address:
            (place / "endpoint").write_text(address)
            if name == "kfp_client":
                once("schedule_plan", place)
            found.append(once(name, place))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(LABELS), choices=list(LABELS))
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "pipeline.yaml").write_text(pipeline(), encoding="utf-8")
        (folder / "serving.yaml").write_text(manifests(SERVING), encoding="utf-8")
        (folder / "plain.yaml").write_text(manifests(PLAIN), encoding="utf-8")
        schedules(folder)
        for name in options.only:
            found = rounds(name, options.rounds, folder)
            ready, cpu, wall = (
                median(one[key] for one in found) for key in ("ready", "cpu", "wall")
            )
            peak = max(one["peak"] for one in found)
            rows.append(
                [LABELS[name], f"{ready:.2f} s", f"{cpu:.2f} s", f"{wall:.2f} s", f"{peak:,.0f} MB"]
            )
    print_table(["", "get ready", "processor", "wall", "memory at most"], rows)


if __name__ == "__main__":
    main()
