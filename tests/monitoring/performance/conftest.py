"""A world with a log, and the component that looks at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.measure_performance.__main__ import main
from phasegate.monitoring.performance.series import Performance
from phasegate.monitoring.policy import MonitoringPolicy, PerformanceRules, RetrainingRules
from phasegate.release.policy import Labels
from tests.monitoring.performance.world import DAY, UNTIL, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "world").mkdir()
    return World(tmp_path / "world")


@pytest.fixture
def look(world: World, run_component: Any) -> Any:
    """Runs the component; gives the series, and the page."""

    def run(labels: Labels, *, until: Any = UNTIL, **rules: Any) -> tuple[Performance, str]:
        policy = MonitoringPolicy(
            labels=labels,
            performance=PerformanceRules(**rules),
            retraining=RetrainingRules(history=120 * DAY),
        )
        done = run_component(
            main,
            inputs=world.inputs(until),
            parameters={"policy": json.dumps(policy.to_json()), "log": str(world.folder / "log")},
            outputs=("performance", "report"),
        )
        assert done.exit_code == 0
        content = json.loads((done.folders["performance"] / "performance.json").read_bytes())
        assert done.metadata["performance"]["windows"] == len(content["windows"])
        return Performance.from_json(content), done.folders["report"].read_text()

    return run
