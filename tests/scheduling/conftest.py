"""A backend, and a file of schedules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from phasegate.scheduling.reading import Declaration, load_schedules
from tests.kubeflow.conftest import _nobody, fake, kubeflow  # noqa: F401  (fixtures)
from tests.scheduling.declaring import NOW

Declare = Callable[..., Declaration]

_SCHEDULE = """  {name}:
    pipeline: reproduction
    cron: "{cron}"
    parameters: {{model: "{model}"}}
    {more}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "schedules.yaml"


@pytest.fixture
def declare(file: Path) -> Declare:
    """Writes a file of schedules, and reads it."""

    def written(
        *names: str, cron: str = "0 0 3 * * *", model: str = "gs://a", more: str = ""
    ) -> Declaration:
        body = "".join(
            _SCHEDULE.format(name=name, cron=cron, model=model, more=more) for name in names
        )
        file.write_text(f"version: 1\nname: fraud\nschedules:\n{body or '  {}'}\n")
        return load_schedules(file, NOW)

    return written
