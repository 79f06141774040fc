"""The backends that the contract holds on: the fake, and the one of KFP_ENDPOINT.

The real one is asked where ``make test-cluster`` sets PHASEGATE_TEST_CLUSTER, and shows who asks by
the means that are configured. What the tests make there they remove.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from phasegate.kubeflow.api import Kubeflow, connect
from phasegate.kubeflow.objects import Experiment
from phasegate.kubeflow.submitting import Uploaded, upload
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.samples import SMALL, small

_ENDPOINT = os.environ.get("KFP_ENDPOINT", "")
_ASKED_FOR = bool(os.environ.get("PHASEGATE_TEST_CLUSTER"))


@dataclass
class Place:
    """A backend with room for a test.

    Attributes:
        kubeflow: client of it.
        folder: for files.
        mark: begins every name that the test makes.
        fake: the fake; None where the backend is real.
        experiment: for runs; they go with it.
    """

    kubeflow: Kubeflow
    folder: Path
    mark: str
    fake: FakeKubeflow | None
    experiment: Experiment
    pipelines: list[str] = field(default_factory=list)

    def uploaded(self) -> Uploaded:
        """A pipeline of the test's own, with one version."""
        found = upload(
            self.kubeflow, small(self.folder, SMALL.replace("small", f"{self.mark}-small"))
        )
        self.pipelines.append(found.pipeline.id)
        return found


@pytest.fixture
def _nobody() -> None:
    """The real backend is reached by the settings of whoever runs this: they are left alone."""


@pytest.fixture(params=["fake", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The fake and the real backend, one after the other."""
    mark = f"contract-{secrets.token_hex(4)}"
    if request.param == "fake":
        with FakeKubeflow.start() as fake:
            kubeflow = connect(fake.url, retry_seconds=2)
            yield Place(kubeflow, tmp_path, mark, fake, kubeflow.experiments.create(mark))
        return
    if not _ASKED_FOR:
        pytest.skip("`make test-cluster` runs this against a real Kubeflow Pipelines backend")
    if not _ENDPOINT:
        pytest.skip("no Kubeflow Pipelines backend: set KFP_ENDPOINT to its address")
    kubeflow = connect(_ENDPOINT)
    found = Place(kubeflow, tmp_path, mark, None, kubeflow.experiments.create(mark))
    try:
        yield found
    finally:
        for one in kubeflow.recurring.list(experiment_id=found.experiment.id):
            kubeflow.recurring.delete(one.id)
        for one in kubeflow.runs.list(experiment_id=found.experiment.id):
            kubeflow.runs.delete(one.id)
        kubeflow.experiments.delete(found.experiment.id)
        for pipeline_id in found.pipelines:
            for version in kubeflow.versions.list(pipeline_id):
                kubeflow.versions.delete(pipeline_id, version.id)
            kubeflow.pipelines.delete(pipeline_id)
