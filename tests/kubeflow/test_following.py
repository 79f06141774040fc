"""A run is followed to its end, and its end is read rightly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from phasegate.errors import BadInput, ExitCode, Unavailable
from phasegate.kubeflow.api import Kubeflow, connect
from phasegate.kubeflow.compiled import Compiled, Step, load_compiled
from phasegate.kubeflow.following import follow, outcome_of
from phasegate.kubeflow.objects import Run, Task
from phasegate.kubeflow.submitting import submit
from tests.kubeflow.conftest import COMPILED
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.samples import small

TRAINING = load_compiled(COMPILED / "training.yaml")
MONITORING = load_compiled(COMPILED / "monitoring.yaml")


@dataclass
class Seen:
    """What a watcher was told."""

    changes: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def changed(self, step: Step, task: Task) -> None:
        self.changes.append((step.key, task.state))

    def silent(self, problem: str) -> None:
        self.problems.append(problem)


@pytest.fixture
def started(kubeflow: Kubeflow, tmp_path: Path) -> tuple[Compiled, str]:
    """A run of the small pipeline, and its identifier."""
    compiled = small(tmp_path)
    return compiled, submit(kubeflow, compiled, {"text": "a"}, experiment="a").run.id


def _script(*steps: Callable[[], None]) -> Callable[[float], None]:
    """A pause in which the next thing happens."""
    rest = list(steps)

    def sleep(_: float) -> None:
        rest.pop(0)()

    return sleep


def test_each_change_is_told_once(
    fake: FakeKubeflow, kubeflow: Kubeflow, started: tuple[Compiled, str]
) -> None:
    compiled, run = started
    seen = Seen()
    ended = follow(
        kubeflow, compiled, run, seen,
        sleep=_script(
            lambda: fake.advance(run, "RUNNING", {"root-driver": "SUCCEEDED", "add": "PENDING"}),
            lambda: None,
            lambda: fake.advance(run, tasks={"add": "RUNNING", "executor": "RUNNING"}),
            lambda: fake.advance(run, "SUCCEEDED", {"add": "SUCCEEDED"}),
        ),
    )  # fmt: skip
    assert seen.changes == [("add", "PENDING"), ("add", "RUNNING"), ("add", "SUCCEEDED")]
    assert outcome_of(compiled, ended).code == ExitCode.PASSED


def test_a_backend_that_is_away_for_a_while_is_waited_for(
    fake: FakeKubeflow, started: tuple[Compiled, str]
) -> None:
    compiled, run = started
    seen = Seen()
    fake.fail("GET", f"/runs/{run}", status=503, times=5)
    ended = follow(
        connect(fake.url, retry_seconds=0), compiled, run, seen,
        sleep=_script(*[lambda: None] * 5, lambda: fake.advance(run, "SUCCEEDED")),
    )  # fmt: skip
    assert ended.state == "SUCCEEDED"
    assert len(seen.problems) == 5


def test_a_backend_that_stays_away_ends_the_following_and_not_the_run(
    fake: FakeKubeflow, started: tuple[Compiled, str]
) -> None:
    compiled, run = started
    client = connect(fake.url, retry_seconds=0)
    with fake.down(), pytest.raises(Unavailable):
        follow(client, compiled, run, Seen(), patience=0, sleep=lambda _: None)
    assert fake.run(run)["state"] == "PENDING"


def test_a_run_that_somebody_deletes_is_told(
    kubeflow: Kubeflow, started: tuple[Compiled, str]
) -> None:
    compiled, run = started
    with pytest.raises(BadInput, match="somebody deleted it"):
        follow(kubeflow, compiled, run, Seen(), sleep=_script(lambda: kubeflow.runs.delete(run)))


def _ended(state: str, error: str = "", **tasks: str | tuple[str, str]) -> Run:
    rows = []
    for name, value in tasks.items():
        known, said = value if isinstance(value, tuple) else (value, "")
        rows.append(Task(name.replace("_", "-"), known, said))
    return Run("1", "a", state, error, tasks=tuple(rows))


@pytest.mark.parametrize(
    ("compiled", "run", "code", "reason"),
    [
        (TRAINING, _ended("SUCCEEDED", register="SUCCEEDED"), 0, ""),
        (TRAINING, _ended("SUCCEEDED", ingest="SUCCEEDED", record_block_3="SUCCEEDED"), 1,
         "blocked by a gate"),
        (TRAINING, _ended("SUCCEEDED", record_block="SKIPPED", register="SUCCEEDED"), 0, ""),
        (TRAINING, _ended("FAILED", ingest=("FAILED", "main: Error (exit code 2)")), 2, "ingest"),
        (TRAINING, _ended("FAILED", train=("FAILED", "main: Error (exit code 1)")), 3, "train"),
        (TRAINING, _ended("FAILED", train=("FAILED", "OOMKilled (exit code 137)")), 3, "OOMKilled"),
        (TRAINING, _ended("FAILED", "no image"), 3, "no image"),
        (TRAINING, _ended("FAILED"), 3, "does not say why"),
        (TRAINING, _ended("CANCELED"), 3, "canceled"),
        (MONITORING, _ended("SUCCEEDED", notify_2="SUCCEEDED"), 0, ""),
        (MONITORING, _ended("SUCCEEDED", undo_change="SUCCEEDED"), 1, "undo the change"),
        (MONITORING, _ended("SUCCEEDED", claim_training="SUCCEEDED"), 1, "claim the training"),
    ],
)  # fmt: skip
def test_an_end_is_an_exit_code_and_a_reason(
    compiled: Compiled, run: Run, code: int, reason: str
) -> None:
    found = outcome_of(compiled, run)
    assert found.code == code
    assert reason in found.reason
