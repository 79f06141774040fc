"""One piece of work in a process of its own: `python -m benchmarks.authoring.measured NAME FOLDER`.

Prints one line of JSON: seconds of getting ready (imports, inputs) and of the work itself, and the
memory that was in use at most.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.monitoring.measured import peak

Work = Callable[[], Any]


def command(folder: Path) -> Work:  # noqa: ARG001
    """What each command pays before its own work."""

    def work() -> None:
        import phasegate.cli.__main__  # noqa: F401

    return work


def kfp_import(folder: Path) -> Work:  # noqa: ARG001
    """What whoever compiles pays before."""

    def work() -> None:
        from kfp import compiler, dsl  # noqa: F401

    return work


def compile_all(folder: Path) -> Work:
    """All pipelines to YAML."""
    from pipelines.compilation import PIPELINES, write_all

    def work() -> None:
        if len(write_all(output=folder / "compiled")) != len(PIPELINES):
            raise RuntimeError("not all pipelines were written")

    return work


def pipeline_lint(folder: Path) -> Work:
    """A thousand tasks."""
    from phasegate.pipeline_lint.lint import examine_text

    text = (folder / "pipeline.yaml").read_text(encoding="utf-8")

    def work() -> None:
        if examine_text("x", text).report.findings:
            raise RuntimeError("there are findings")

    return work


def kfp_loader(folder: Path) -> Work:
    """KFP reads the same pipeline: its types and references, none of our rules."""
    from kfp.components import load_component_from_text

    text = (folder / "pipeline.yaml").read_text(encoding="utf-8")
    return lambda: load_component_from_text(text)


def _manifest_lint(path: Path) -> Work:
    from phasegate.linting.reading import read
    from phasegate.manifests.lint import report

    text = path.read_bytes()

    def work() -> None:
        if report([(read("x", text), True)]).objects != 1_000:
            raise RuntimeError("not all objects were read")

    return work


def serving_lint(folder: Path) -> Work:
    """A thousand objects around KServe's models."""
    return _manifest_lint(folder / "serving.yaml")


def plain_lint(folder: Path) -> Work:
    """A thousand objects of Kubernetes' own kinds."""
    return _manifest_lint(folder / "plain.yaml")


def schedule_plan(folder: Path) -> Work:
    """A thousand schedules that a backend already has as they are declared, over HTTP."""
    from datetime import UTC, datetime

    from phasegate.kubeflow.api import connect
    from phasegate.scheduling.applying import apply_schedules, plan_schedules
    from phasegate.scheduling.plan import Kind
    from phasegate.scheduling.reading import load_schedules

    now = datetime(2026, 11, 29, 15, 55, tzinfo=UTC)
    backend = connect((folder / "endpoint").read_text())
    apply_schedules(backend, load_schedules(folder / "schedules.yaml", now), now, settle_seconds=0)

    def work() -> None:
        declared = load_schedules(folder / "schedules.yaml", now)
        if {one.kind for one in plan_schedules(backend, declared, now)} != {Kind.UNCHANGED}:
            raise RuntimeError("something would change")

    return work


def kfp_client(folder: Path) -> Work:
    """KFP's client reads what is there, and compares nothing."""
    from kfp import Client

    client = Client(host=(folder / "endpoint").read_text())

    def work() -> None:
        token, found = "", 0
        while found == 0 or token:
            page = client.list_recurring_runs(page_token=token, page_size=100)
            found, token = found + len(page.recurring_runs), page.next_page_token or ""
        if found != 1_000:
            raise RuntimeError(f"{found} recurring runs")

    return work


WORKS = {
    one.__name__: one
    for one in (
        command,
        kfp_import,
        compile_all,
        pipeline_lint,
        kfp_loader,
        serving_lint,
        plain_lint,
        schedule_plan,
        kfp_client,
    )
}


def measured(get_ready: Callable[[Path], Work], folder: Path) -> dict[str, float]:
    """Seconds and megabytes of a piece of work."""
    cpu, wall = [time.process_time()], [time.perf_counter()]
    work = get_ready(folder)
    cpu.append(time.process_time())
    wall.append(time.perf_counter())
    work()
    return {
        "ready": cpu[1] - cpu[0],
        "cpu": time.process_time() - cpu[1],
        "wall": time.perf_counter() - wall[1],
        "peak": peak(),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(measured(WORKS[sys.argv[1]], Path(sys.argv[2]))))
